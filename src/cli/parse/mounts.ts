/** Parses -v, --mount, --tmpfs and --device. */

import type { DeviceOptions, MountOptions } from '../../spec/create-options.js';
import { invalid, unsupported } from '../errors/cli-error.js';
import type { Caller } from './caller.js';
import { splitCommas } from './csv.js';
import { splitPair } from './key-values.js';
import { parseSize } from './size.js';

const NO_OTHERS = 'directories of the host, volumes, images and file systems can be mounted';

/**
 * Parses [SOURCE:]TARGET[:OPTIONS]. The source is a path of the host or the name of a volume; without it, the volume is
 * anonymous.
 */
export function parseVolume(text: string, caller: Caller): MountOptions {
  const parts = text.split(':');
  if (parts.length > 3) throw invalid(`${text}: incorrect volume format, should be [host-dir:]ctr-dir[:option]`);
  if (parts.length === 1) {
    checkTarget(text);
    return { type: 'volume', target: text };
  }
  const [source = '', target = '', options = ''] = parts;
  if (source === '') throw invalid('host directory cannot be empty');
  checkTarget(target);
  const list = parts.length < 3 ? [] : options.split(',');
  if (list.includes('')) throw invalid('invalid option type ""');
  checkChoices(list);
  checkOverlay(list, source);
  if (!isPath(source)) return { type: 'volume', source, target, ...optionsOf(list) };
  return { type: 'bind', source: caller.resolve(source), target, ...optionsOf(list) };
}

/** Groups of options of which a mount may have one each. */
const CHOICES: readonly (readonly [RegExp, string])[] = [
  [/^r[wo]$/, "'rw' or 'ro'"],
  [/^(no)?exec$/, "'noexec' or 'exec'"],
  [/^(no)?dev$/, "'nodev' or 'dev'"],
  [/^(no)?suid$/, "'nosuid' or 'suid'"],
  [/^[zZO]$/, "'z', 'Z', or 'O'"],
  [/^r?(shared|private|slave|unbindable)$/, "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable'"],
  [/^r?bind$/, "'[r]bind'"],
  [/^(no)?copy$/, "'copy' or 'nocopy'"],
];

function checkChoices(list: readonly string[]): void {
  const twice = CHOICES.find(([pattern]) => list.filter((option) => pattern.test(option)).length > 1);
  if (twice !== undefined)
    throw invalid(`invalid options ${JSON.stringify(list.join(', '))}, can only specify 1 ${twice[1]} option`);
}

/** Checks the options beside O, as Podman does: a directory takes no others with it. */
function checkOverlay(list: readonly string[], source: string): void {
  if (!list.includes('O')) return;
  if (list.some((option) => /^(upper|work)dir=/.test(option)))
    throw unsupported('upperdir with O', 'what the container writes is kept with the container');
  if (list.length > 1 && isPath(source)) throw invalid("can't use 'O' with other options");
}

/** Whether the source of -v is a path, and not the name of a volume. */
function isPath(source: string): boolean {
  return /^[./]/.test(source);
}

function checkTmpfsOptions(list: readonly string[]): void {
  const isTwice = (pattern: RegExp) => list.filter((option) => pattern.test(option)).length > 1;
  for (const [one, other] of [
    ['rw', 'ro'],
    ['noexec', 'exec'],
    ['nodev', 'dev'],
    ['nosuid', 'suid'],
  ] as const) {
    if (isTwice(new RegExp(`^(${one}|${other})$`)))
      throw invalid(`only one of '${one}' and '${other}' can be used: duplicate mount option passed`);
  }
  for (const what of ['size', 'mode'])
    if (isTwice(new RegExp(`^${what}=`)))
      throw invalid(`only one tmpfs ${what} can be specified: duplicate mount option passed`);
}

function optionsOf(list: readonly string[]): { options?: readonly string[] } {
  return list.length === 0 ? {} : { options: list };
}

function checkTarget(target: string): void {
  if (target === '') throw invalid('container directory cannot be empty');
  if (!target.startsWith('/'))
    throw invalid(`invalid container path ${JSON.stringify(target)}, must be an absolute path`);
}

/** Parses TARGET[:OPTIONS] of --tmpfs. */
export function parseTmpfs(text: string): MountOptions {
  const at = text.indexOf(':');
  const target = at < 0 ? text : text.slice(0, at);
  checkTarget(target);
  const list = at < 0 ? '' : text.slice(at + 1);
  const options = list.split(',').filter(Boolean);
  checkTmpfsOptions(options);
  return { type: 'tmpfs', target, ...optionsOf(options) };
}

const MOUNT_FORMAT =
  'incorrect mount format: should be --mount type=<bind|volume|image|tmpfs|devpts|ramfs>,[src=<host-dir|volume-name|image>,]target=<ctr-dir>[,options]';

const NAMES: Readonly<Record<string, 'source' | 'target'>> = {
  src: 'source',
  source: 'source',
  dst: 'target',
  dest: 'target',
  target: 'target',
  destination: 'target',
};

/** Parses type=bind,source=...,target=...,OPTION... of --mount. */
export function parseMount(text: string, caller: Caller): MountOptions {
  const fields = splitCommas(text).map(splitPair);
  const type = mountType(fields);
  if (type === 'image') return imageMount(fields);
  const paths: { source?: string; target?: string } = {};
  const options: string[] = [];
  for (const [key, value] of fields) {
    const name = NAMES[key];
    if (key === 'type') continue;
    if (name !== undefined) paths[name] = required(value, key);
    else options.push(...mountOption(type, key, value));
  }
  if (type === 'tmpfs') checkTmpfsOptions(options.filter((option) => option.includes('=')));
  if (fields.filter(([key]) => /^(ro|rw|readonly)$/.test(key)).length > 1)
    throw invalid("cannot pass 'readonly', 'ro', or 'rw' options more than once: must provide an argument for option");
  if (paths.target === undefined) throw invalid('must set volume destination');
  checkTarget(paths.target);
  if (options.filter((option) => /^[zZ]$/.test(option)).length > 1)
    throw invalid("cannot pass 'z', 'Z', or 'relabel' options more than once");
  const mount = { target: paths.target, ...optionsOf(options) };
  if (type === 'volume') return { type, ...(paths.source === undefined ? {} : { source: paths.source }), ...mount };
  if (type !== 'bind') {
    if (paths.source !== undefined) throw invalid(`cannot use a source with a mount of type ${type}`);
    return { type, ...mount };
  }
  if (paths.source === '') throw invalid('host directory cannot be empty');
  return { type, source: caller.resolve(paths.source ?? paths.target), ...mount };
}

/** Parses source=IMAGE,destination=PATH[,rw=true|false] of an image mount. */
function imageMount(fields: readonly (readonly [string, string | undefined])[]): MountOptions {
  const paths: { source?: string; target?: string } = {};
  let writable = false;
  for (const [key, value] of fields) {
    const name = NAMES[key];
    if (key === 'type') continue;
    if (name !== undefined) paths[name] = required(value, key);
    else if (key === 'rw' || key === 'readwrite') writable = isWritable(key, value);
    else if (key === 'subpath') throw unsupported('subpath of an image mount', 'the whole image can be mounted');
    else if (key !== IGNORED) throw invalid(`${key}: invalid mount option`);
  }
  const { source = '', target = '' } = paths;
  if (source === '' || target === '') throw invalid('must set source and destination for image volume');
  checkTarget(target);
  return { type: 'image', source, target, options: [writable ? 'rw' : 'ro'] };
}

function isWritable(key: string, value = 'true'): boolean {
  if (value !== 'true' && value !== 'false')
    throw invalid(`invalid ${key} value ${JSON.stringify(value)}: invalid mount option`);
  return value === 'true';
}

function required(value: string | undefined, key: string): string {
  if (value === undefined) throw invalid(`${key}: must provide an argument for option: option requires an argument`);
  return value;
}

function mountType(fields: readonly (readonly [string, string | undefined])[]): MountOptions['type'] {
  const type = fields.find(([key]) => key === 'type')?.[1];
  switch (type) {
    case 'bind':
    case 'volume':
    case 'image':
    case 'tmpfs':
    case 'devpts':
    case 'ramfs':
      return type;
    case 'glob':
    case 'artifact':
      throw unsupported(`--mount type=${type}`, NO_OTHERS);
    case undefined:
      throw invalid(MOUNT_FORMAT);
    default:
      throw invalid(`invalid filesystem type ${JSON.stringify(type)}`);
  }
}

/** An option that Docker has for macOS, and that has no effect on Linux. */
const IGNORED = 'consistency';

const FLAGS: ReadonlySet<string> = new Set(
  'z Z dev nodev exec noexec suid nosuid sync async dirsync atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime mand nomand iversion noiversion silent loud bind rbind private rprivate shared rshared slave rslave unbindable runbindable tmpcopyup notmpcopyup idmap ridmap rro rrw rnosuid rsuid rnodev rdev rnoexec rexec rnoatime rnodiratime rrelatime rnostrictatime'.split(
    ' ',
  ),
);

/** Options that are true or false, with the mount options for either value. */
const SWITCHES: ReadonlyMap<string, { readonly on: readonly string[]; readonly off: readonly string[] }> = new Map([
  ['ro', { on: ['ro'], off: ['rw'] }],
  ['readonly', { on: ['ro'], off: ['rw'] }],
  ['rw', { on: ['rw'], off: ['ro'] }],
  ['U', { on: ['U'], off: [] }],
  ['chown', { on: ['U'], off: [] }],
  ['bind-nonrecursive', { on: ['bind'], off: ['rbind'] }],
  ['volume-nocopy', { on: ['nocopy'], off: ['copy'] }],
]);

/** Translates one option of --mount to the options of mount(8). */
function mountOption(type: MountOptions['type'], key: string, value: string | undefined): readonly string[] {
  const states = SWITCHES.get(key);
  if (states !== undefined) return isOn(key, value) ? states.on : states.off;
  switch (key) {
    case IGNORED:
      return [];
    case 'bind-propagation':
      return [required(value, key)];
    case 'relabel':
      return [relabel(required(value, key))];
    case 'tmpfs-size':
    case 'size':
      return [`size=${parseSize(required(value, key))}`];
    case 'tmpfs-mode':
    case 'mode':
      return [`mode=${required(value, key)}`];
    case 'idmap':
      return [value === undefined ? key : `idmap=${value}`];
    default:
      return [plainOption(type, key, value)];
  }
}

function plainOption(type: MountOptions['type'], key: string, value: string | undefined): string {
  const isDevpts = type === 'devpts' && /^(uid|gid|max|newinstance|ptmxmode)$/.test(key);
  const isTmpfs = type === 'tmpfs' && /^(uid|gid|nr_inodes|nr_blocks|huge|mpol)$/.test(key);
  if (isDevpts || isTmpfs) return value === undefined ? key : `${key}=${value}`;
  if (type === 'volume' && (key === 'copy' || key === 'nocopy') && value === undefined) return key;
  if (!FLAGS.has(key) || value === 'false') throw invalid(`${key}: invalid mount option`);
  return key;
}

function relabel(value: string): string {
  if (value === 'shared') return 'z';
  if (value === 'private') return 'Z';
  throw invalid(`relabel: invalid mount option ${JSON.stringify(value)}: must be 'private' or 'shared'`);
}

function isOn(key: string, value: string | undefined): boolean {
  const word = value?.toLowerCase();
  if (word === undefined || word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw invalid(`${key} must be set to true or false, instead received ${JSON.stringify(value)}`);
}

/** Parses SOURCE[:TARGET][:ACCESS] of --device. */
export function parseDevice(text: string): DeviceOptions {
  const parts = text.split(':');
  const [source = '', second = '', third] = parts;
  if (source === '' || parts.length > 3) throw invalid(`invalid device specification: ${text}`);
  if (parts.length === 1) return { source };
  if (parts.length === 2)
    return second.startsWith('/') ? { source, target: second } : { source, access: deviceAccess(second) };
  if (!second.startsWith('/')) throw invalid(`invalid device mode: ${second}`);
  return { source, target: second, access: deviceAccess(third ?? '') };
}

function deviceAccess(text: string): string {
  if (!/^(?!.*(.).*\1)[rwm]{1,3}$/.test(text)) throw invalid(`invalid device mode: ${text}`);
  return text;
}
