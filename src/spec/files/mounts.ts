/** The user's mounts: checks, and conversion to mounts of the OCI spec. */
import { invalid } from '../../errors.js';
import type { OciMount } from '../../oci/spec.js';
import { isMountOption, MOUNT_ATTR, parseMountOptions, propagationOf } from '../../oci/mount-options.js';
import { cleanPath, isWithin } from '../../util/paths.js';
import type { ContainerConfig, MountConfig } from '../config.js';
import type { MountOptions } from '../create-options.js';
import { checkAbsolutePath } from '../checks/names.js';
import { quote } from '../checks/quote.js';
import { checkVolumeName } from './volume-options.js';

/** Options of each type that its file system reads; those that end in `=` take a value. */
const DATA_OPTIONS: Readonly<Record<MountOptions['type'], readonly string[]>> = {
  bind: [],
  volume: [],
  image: [],
  tmpfs: ['size=', 'mode=', 'uid=', 'gid=', 'nr_inodes=', 'nr_blocks=', 'huge=', 'mpol=', 'inode32', 'inode64'],
  devpts: ['newinstance', 'ptmxmode=', 'mode=', 'uid=', 'gid=', 'max='],
  ramfs: ['mode='],
};

/**
 * Files below /proc that a bind mount may replace: those that lxcfs provides (and CRIU's). The native code has the same
 * list.
 */
const PROC_FILES = new Set([
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/slabinfo',
  '/proc/sys/kernel/ns_last_pid',
]);

/**
 * Returns the mounts with types, paths and options checked. Throws INVALID_ARGUMENT, also for a target that is given
 * twice.
 */
export function normalizeMounts(mounts: readonly MountOptions[]): readonly MountConfig[] {
  const targets = new Set<string>();
  return mounts.map((mount) => {
    const checked = normalizeMount(mount);
    if (targets.has(checked.target)) throw invalid(`${checked.target}: duplicate mount destination`);
    targets.add(checked.target);
    return checked;
  });
}

function normalizeMount(mount: MountOptions): MountConfig {
  const { type } = mount;
  if (!Object.hasOwn(DATA_OPTIONS, type))
    throw invalid(`mount type must be bind, volume, image, tmpfs, devpts or ramfs, not ${quote(String(type))}`);
  const target = checkTarget(mount.target);
  const options = mount.options ?? [];
  if (type === 'image') return normalizeImage(mount, target);
  for (const option of options) checkOption(type, option, target);
  if (isOverlaid({ options })) checkOverlaid(options, target);
  if (type === 'volume') {
    if (mount.source === undefined) return { type, target, options: [...options], anonymous: true };
    return {
      type,
      source: checkVolumeName(mount.source, `creating named volume ${quote(mount.source)}: `),
      target,
      options: [...options],
    };
  }
  if (type !== 'bind') {
    if (mount.source !== undefined && mount.source !== type)
      throw invalid(`${target}: a ${type} mount takes no source`);
    return { type, target, options: [...options] };
  }
  if (mount.source === undefined) throw invalid(`${target}: a bind mount needs a source`);
  return { type, source: cleanPath(checkAbsolutePath('mount source', mount.source)), target, options: [...options] };
}

/** Checks an image mount. The image is looked up later. */
function normalizeImage({ source, options = [] }: MountOptions, target: string): MountConfig {
  if (source === undefined || source === '') throw invalid('must set source and destination for image volume');
  const bad = options.find((option) => option !== 'ro' && option !== 'rw');
  if (bad !== undefined) throw invalid(`${target}: option ${bad} is not supported by image mounts`);
  return { type: 'image', source, target, options: [options.at(-1) ?? 'ro'] };
}

function checkTarget(given: string): string {
  const target = cleanPath(checkAbsolutePath('mount target', given));
  if (target === '/') throw invalid('mount target must not be /');
  // A mount over /proc would feed made-up facts to the runtime and the container's programs (CVE-2019-16884).
  if (isWithin(target, '/proc') && !PROC_FILES.has(target)) {
    throw invalid(`mount target must not be inside /proc: ${quote(target)}`);
  }
  return target;
}

/**
 * Options of bind mounts and volumes that change nothing about the mount itself. z and Z ask for SELinux relabelling,
 * which is checked where the host is known. `copy` is the default of an empty volume, which gets a copy of what the
 * image has at its place; `nocopy` turns that off, and is read when the volume is filled. `U` changes the owner of the
 * source at each launch.
 */
const NO_EFFECT = new Set(['z', 'Z', 'copy', 'nocopy', 'U']);

/** Whether the mount's source is given to the container's user. */
export function givesOwner({ options }: Pick<MountConfig, 'options'>): boolean {
  return options.includes('U');
}

/** The option of a bind mount or a volume below a layer that takes what the container writes. */
const OVERLAY = 'O';

/** Whether a layer of the container's own lies above the mount's source. */
export function isOverlaid({ options }: Pick<MountConfig, 'options'>): boolean {
  return options.includes(OVERLAY);
}

function checkOption(type: MountOptions['type'], option: string, target: string): void {
  const isBound = type === 'bind' || type === 'volume';
  if ((NO_EFFECT.has(option) || option === OVERLAY) && isBound) return;
  if (option.includes(',')) throw invalid(`${target}: mount option ${quote(option)} contains a comma`);
  if (isMountOption(option)) return checkOptionOfType(type, option, target);
  const name = option.includes('=') ? option.slice(0, option.indexOf('=') + 1) : option;
  if (!DATA_OPTIONS[type].includes(name)) throw invalid(`${target}: unknown ${type} mount option ${quote(option)}`);
  if (option.length > 255) throw invalid(`${target}: mount option ${quote(option)} is too long`);
  checkValue(name, option.slice(name.length), target);
}

/** Checks the options beside `O`: an overlay is a new file system, of which none are those of a bind mount. */
function checkOverlaid(options: readonly string[], target: string): void {
  const bad = options.find(
    (option) => option === 'U' || (option !== OVERLAY && !NO_EFFECT.has(option) && !isPlainAttribute(option)),
  );
  if (bad !== undefined) throw invalid(`${target}: option ${bad} cannot be used with option O`);
}

function isPlainAttribute(option: string): boolean {
  const { bind, idmap, propagation, recursiveSet, recursiveClear } = parseMountOptions([option]);
  const isRecursive = recursiveSet !== 0n || recursiveClear !== 0n;
  return bind === 'no' && idmap === 'no' && propagation === undefined && !isRecursive;
}

function checkOptionOfType(type: MountOptions['type'], option: string, target: string): void {
  const onlyBind = ['bind', 'rbind', 'idmap', 'ridmap'].includes(option);
  const onlyTmpfs = option === 'tmpcopyup';
  if ((onlyBind && type !== 'bind' && type !== 'volume') || (onlyTmpfs && type !== 'tmpfs')) {
    throw invalid(`${target}: option ${option} is not supported by ${type} mounts`);
  }
}

const VALUES: Readonly<Record<string, RegExp>> = {
  'size=': /^\d{1,18}[kmgKMG%]?$/,
  'mode=': /^[0-7]{1,4}$/,
  'ptmxmode=': /^[0-7]{1,4}$/,
  'uid=': /^\d{1,10}$/,
  'gid=': /^\d{1,10}$/,
  'nr_inodes=': /^\d{1,18}[kmgKMG]?$/,
  'nr_blocks=': /^\d{1,18}[kmgKMG]?$/,
  'max=': /^\d{1,10}$/,
};

function checkValue(name: string, value: string, target: string): void {
  const pattern = VALUES[name];
  if (pattern !== undefined && !pattern.test(value))
    throw invalid(`${target}: invalid mount option ${quote(name + value)}`);
}

/** Source of a volume's mount. */
export interface VolumeMount {
  readonly path: string;
  /** Mount options of the volume itself; those of a container come after them. */
  readonly options: readonly string[];
}

/** Returns the source of a volume by its name. */
export type VolumeMounts = (name: string) => VolumeMount;

/**
 * Converts a mount to the OCI spec, with Podman's defaults: rbind and rprivate; a tmpfs is nosuid and nodev, and begins
 * with a copy of the directory below it.
 */
export function ociMount(mount: MountConfig, volumes: VolumeMounts = (path) => ({ path, options: [] })): OciMount {
  if (mount.type === 'image')
    return { destination: mount.target, type: 'overlay', source: 'overlay', options: [...mount.options, 'rprivate'] };
  const given = mount.options.filter((option) => !NO_EFFECT.has(option));
  const propagated = given.some((option) => propagationOf(option) !== undefined) ? [] : ['rprivate'];
  if (isOverlaid(mount)) return overlaidMount(mount, volumes);
  if (mount.type === 'volume') return volumeMount(mount, volumes(mount.source ?? ''), [...propagated, ...given]);
  if (mount.type === 'bind') {
    const kind = given.includes('bind') || given.includes('rbind') ? [] : ['rbind'];
    return {
      destination: mount.target,
      type: 'bind',
      source: mount.source ?? '',
      options: [...kind, ...propagated, ...given],
    };
  }
  const defaults = mount.type === 'devpts' ? ['nosuid', 'noexec'] : ['nosuid', 'nodev'];
  const copyUp = mount.type === 'tmpfs' && !given.includes('notmpcopyup') ? ['tmpcopyup'] : [];
  return {
    destination: mount.target,
    type: mount.type,
    source: mount.type,
    options: [...defaults, ...copyUp, ...propagated, ...given],
  };
}

/** Whether a mount has the option `ro`. */
export function isReadOnly({ options = [] }: OciMount): boolean {
  return (parseMountOptions(options).set & MOUNT_ATTR.RDONLY) !== 0n;
}

/** Converts a volume's mount, with Podman's default options for volumes. */
function volumeMount({ target }: MountConfig, { path, options }: VolumeMount, given: readonly string[]): OciMount {
  const kind = [...options, ...given].some((option) => option === 'bind' || option === 'rbind') ? [] : ['rbind'];
  return {
    destination: target,
    type: 'bind',
    source: path,
    options: [...kind, 'nosuid', 'nodev', ...options, ...given],
  };
}

/** Converts a mount with the option `O`; the layers come with the launch. A volume has the options that it always has. */
function overlaidMount({ type, source = '', target, options }: MountConfig, volumes: VolumeMounts): OciMount {
  const volume = type === 'volume' ? volumes(source) : undefined;
  const own = volume === undefined ? [] : ['nosuid', 'nodev', ...volume.options.filter(isPlainAttribute)];
  const given = options.filter((option) => option !== OVERLAY && !NO_EFFECT.has(option));
  return {
    destination: target,
    type: 'overlay',
    source: volume?.path ?? source,
    options: [...own, ...given, 'rprivate'],
  };
}

/** Refuses SELinux relabelling (z, Z) where SELinux is on: it would change the host's files. */
export function checkRelabelling(mounts: readonly MountConfig[], selinux: boolean): void {
  const relabelled = mounts.find((mount) => mount.options.includes('z') || mount.options.includes('Z'));
  if (selinux && relabelled !== undefined) {
    throw invalid(`${relabelled.target}: relabelling (z, Z) is not supported: label the source with chcon(1)`);
  }
}

/** Returns the root's propagation that the user's mounts need: shared if one is shared, else slave if one is. */
export function rootPropagation(config: Pick<ContainerConfig, 'mounts' | 'rootPropagation'>): string | undefined {
  if (config.rootPropagation !== undefined) return config.rootPropagation;
  const kinds = new Set(config.mounts.flatMap((mount) => mount.options.map(propagationOf)));
  if (kinds.has('shared')) return 'shared';
  return kinds.has('slave') ? 'rslave' : undefined;
}
