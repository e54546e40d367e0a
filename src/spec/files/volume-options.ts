/** Options of volumes, as the driver `local` takes them: checked and parsed. */
import { invalid } from '../../errors.js';
import { isMountOption } from '../../oci/mount-options.js';
import { cleanPath } from '../../util/paths.js';
import type { VolumeMount } from './mounts.js';
import { checkAbsolutePath, checkLabels, isName, MAX_NAME } from '../checks/names.js';
import { checkInteger } from '../checks/numbers.js';
import { quote } from '../checks/quote.js';
import { checkShape, type ShapeOf } from '../checks/shape.js';

export interface VolumeCreateOptions {
  /** Letters, digits, `_`, `.`, `-`; begins with a letter or a digit. @default 64 random hexadecimal digits */
  readonly name?: string;
  /** Volume driver. @default 'local', the only one */
  readonly driver?: string;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Options of the driver. `device`, with `type` none or bind and an `o` that contains `bind` or `rbind`, is a
   * directory of the host, which is mounted in place of one in the store. `o` also takes mount options, `uid=`, `gid=`,
   * and `nocopy`: nothing is copied into the volume.
   * @default none
   */
  readonly options?: Readonly<Record<string, string>>;
  /**
   * Owner of the directory: a user id of the host.
   * @default the owner of the directory in the first container that mounts it
   */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether an existing volume of the same name is no error; it stays as it is. @default false */
  readonly ignoreExisting?: boolean;
}

const SHAPE: ShapeOf<VolumeCreateOptions> = {
  name: 'string',
  driver: 'string',
  labels: 'record',
  options: 'record',
  uid: 'number',
  gid: 'number',
  ignoreExisting: 'boolean',
};

/**
 * Returns the volume's name, which becomes that of a directory, if it is valid. Throws INVALID_ARGUMENT; `what` begins
 * the message.
 */
export function checkVolumeName(name: string, what = ''): string {
  if (isName(name)) return name;
  if (name.length > MAX_NAME) throw invalid(`${what}the name of a volume is longer than ${MAX_NAME} characters`);
  throw invalid(`${what}running volume create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument`);
}

/**
 * Checks the options of a volume and returns its settings. Throws TypeError for an unknown key or a value of the wrong
 * kind, INVALID_ARGUMENT for an invalid value.
 */
export function checkVolumeOptions(options: VolumeCreateOptions): VolumeSettings {
  checkShape('volume options', options, SHAPE);
  const { name, driver = 'local', labels = {}, uid, gid } = options;
  if (name !== undefined) checkVolumeName(name);
  if (driver !== 'local')
    throw invalid(
      `volume ${name ?? ''} uses volume plugin ${driver} but it could not be retrieved: no volume plugin with name ${driver} available: required plugin missing`,
    );
  checkLabels('a label', labels);
  const settings = readVolumeOptions(options.options ?? {});
  const ids = { min: 0, max: 2 ** 32 - 2 };
  if (uid !== undefined) checkInteger('uid', uid, ids);
  if (gid !== undefined) checkInteger('gid', gid, ids);
  const owner =
    uid === undefined && gid === undefined && settings.owner === undefined
      ? undefined
      : { uid: uid ?? settings.owner?.uid ?? 0, gid: gid ?? settings.owner?.gid ?? 0 };
  return { ...settings, owner };
}

export interface VolumeSettings {
  /** Directory of the host that is mounted in place of the store's. */
  readonly mount: VolumeMount | undefined;
  readonly nocopy: boolean;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/** Settings that may be options of their own as well as words of `o`. */
const SETTINGS = /^(uid|gid|size|inodes|noquota|copy|nocopy)$/;

/** Parses the driver options of a volume. Throws INVALID_ARGUMENT. */
export function readVolumeOptions(options: Readonly<Record<string, string>>): VolumeSettings {
  const { type = '', device = '', o = '', ...others } = options;
  const words = new Map<string, string>();
  const mountWords: string[] = [];
  for (const [key, value] of Object.entries(others)) {
    if (!SETTINGS.test(key)) throw invalid(`invalid mount option ${key} for driver 'local': invalid argument`);
    words.set(key, value);
  }
  for (const word of o.split(',').filter(Boolean)) {
    const [key = '', value = ''] = word.split('=');
    if (SETTINGS.test(key)) words.set(key, value);
    else mountWords.push(word);
  }
  if (words.has('size') || words.has('inodes'))
    throw invalid('volume options size and inodes not supported: volumes have no quotas');
  const [uid, gid] = [words.get('uid'), words.get('gid')];
  return {
    mount: mountOf({ type, device, words: mountWords }),
    nocopy: words.has('nocopy'),
    owner: uid === undefined && gid === undefined ? undefined : { uid: idOf('uid', uid), gid: idOf('gid', gid) },
  };
}

function idOf(name: string, text = '0'): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 32 - 2)
    throw invalid(`cannot convert option ${name} ${quote(text)} to an id`);
  return Number(text);
}

interface MountParts {
  readonly type: string;
  readonly device: string;
  readonly words: readonly string[];
}

function mountOf({ type, device, words }: MountParts): VolumeMount | undefined {
  if (type === '' && device === '' && words.length === 0) return undefined;
  const isBind = words.includes('bind') || words.includes('rbind');
  if (!/^(|none|bind)$/.test(type) || !isBind || device === '')
    throw invalid(
      'a volume of a file system of its own is not supported: give a directory with type=none, o=bind and device=/PATH (a tmpfs is mounted by --tmpfs)',
    );
  for (const word of words)
    if (!isMountOption(word) || /idmap/.test(word)) throw invalid(`invalid mount option ${quote(word)} of a volume`);
  return { path: cleanPath(checkAbsolutePath('the device of a volume', device)), options: words };
}

/**
 * Returns the directory of the host that is mounted in place of one in the store; undefined for a volume of the store.
 */
export function localMount(options: Readonly<Record<string, string>>): VolumeMount | undefined {
  return readVolumeOptions(options).mount;
}
