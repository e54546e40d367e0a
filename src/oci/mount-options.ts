/**
 * Mount options of the OCI runtime specification ("Linux mount options"), as bits for mount_setattr(2) and mount(2).
 */

/** MOUNT_ATTR_* of linux/mount.h. */
export const MOUNT_ATTR = {
  RDONLY: 0x1n,
  NOSUID: 0x2n,
  NODEV: 0x4n,
  NOEXEC: 0x8n,
  /** Field of the values below; relatime is none of its bits. */
  ATIME: 0x70n,
  NOATIME: 0x10n,
  STRICTATIME: 0x20n,
  NODIRATIME: 0x80n,
  IDMAP: 0x100000n,
  NOSYMFOLLOW: 0x200000n,
} as const;

/** Propagation types: MS_* of sys/mount.h. */
export const MS = {
  REC: 0x4000n,
  UNBINDABLE: 1n << 17n,
  PRIVATE: 1n << 18n,
  SLAVE: 1n << 19n,
  SHARED: 1n << 20n,
} as const;

interface AttributeChange {
  readonly set?: bigint;
  readonly clear?: bigint;
}

/** Options of one mount. With an `r` before the name they apply to all mounts below it as well. */
const ATTRIBUTES: Readonly<Record<string, AttributeChange>> = {
  ro: { set: MOUNT_ATTR.RDONLY },
  rw: { clear: MOUNT_ATTR.RDONLY },
  nosuid: { set: MOUNT_ATTR.NOSUID },
  suid: { clear: MOUNT_ATTR.NOSUID },
  nodev: { set: MOUNT_ATTR.NODEV },
  dev: { clear: MOUNT_ATTR.NODEV },
  noexec: { set: MOUNT_ATTR.NOEXEC },
  exec: { clear: MOUNT_ATTR.NOEXEC },
  nosymfollow: { set: MOUNT_ATTR.NOSYMFOLLOW },
  symfollow: { clear: MOUNT_ATTR.NOSYMFOLLOW },
  nodiratime: { set: MOUNT_ATTR.NODIRATIME },
  diratime: { clear: MOUNT_ATTR.NODIRATIME },
  // The three modes of access times are values of one field, which is cleared as a whole.
  noatime: { set: MOUNT_ATTR.NOATIME, clear: MOUNT_ATTR.ATIME },
  atime: { clear: MOUNT_ATTR.ATIME },
  relatime: { clear: MOUNT_ATTR.ATIME },
  norelatime: { clear: MOUNT_ATTR.ATIME },
  strictatime: { set: MOUNT_ATTR.STRICTATIME, clear: MOUNT_ATTR.ATIME },
  nostrictatime: { clear: MOUNT_ATTR.ATIME },
};

const PROPAGATION: Readonly<Record<string, { readonly flag: bigint; readonly recursive: boolean }>> = {
  private: { flag: MS.PRIVATE, recursive: false },
  rprivate: { flag: MS.PRIVATE, recursive: true },
  shared: { flag: MS.SHARED, recursive: false },
  rshared: { flag: MS.SHARED, recursive: true },
  slave: { flag: MS.SLAVE, recursive: false },
  rslave: { flag: MS.SLAVE, recursive: true },
  unbindable: { flag: MS.UNBINDABLE, recursive: false },
  runbindable: { flag: MS.UNBINDABLE, recursive: true },
};

/**
 * Options of the file system as a whole, which fsconfig(2) takes as flags; and options that are ignored, because they
 * are the default or have no effect.
 */
const SUPERBLOCK_FLAGS = new Set(['sync', 'dirsync', 'lazytime', 'mand', 'silent']);
const IGNORED = new Set([
  'async',
  'nolazytime',
  'nomand',
  'loud',
  'iversion',
  'noiversion',
  'defaults',
  'remount',
  'acl',
  'noacl',
]);

/** The parsed options of one mount. */
export interface ParsedMountOptions {
  readonly bind: 'no' | 'bind' | 'rbind';
  /** Attributes that are set on this mount. */
  readonly set: bigint;
  readonly clear: bigint;
  /** Attributes that are set on this mount and all below it. */
  readonly recursiveSet: bigint;
  readonly recursiveClear: bigint;
  readonly propagation: { readonly flag: bigint; readonly recursive: boolean } | undefined;
  /** ID mapping. `tryidmap` is the engine's own: like idmap, if the file system supports it. */
  readonly idmap: 'no' | 'idmap' | 'ridmap' | 'tryidmap';
  readonly tmpcopyup: boolean;
  /** Options of the file system itself: "key=value" or a word. */
  readonly data: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Parses a list of options. Options that the specification does not have are data for the file system. Later ones
 * override earlier ones.
 */
export function parseMountOptions(options: readonly string[]): ParsedMountOptions {
  const parsed: Mutable<ParsedMountOptions> & { data: string[] } = {
    bind: 'no',
    set: 0n,
    clear: 0n,
    recursiveSet: 0n,
    recursiveClear: 0n,
    propagation: undefined,
    idmap: 'no',
    tmpcopyup: false,
    data: [],
  };
  for (const option of options) applyOption(parsed, option);
  return parsed;
}

function applyOption(parsed: Mutable<ParsedMountOptions> & { data: string[] }, option: string): void {
  const own = ATTRIBUTES[option];
  const recursive = option.startsWith('r') ? ATTRIBUTES[option.slice(1)] : undefined;
  if (own !== undefined && Object.hasOwn(ATTRIBUTES, option)) {
    [parsed.set, parsed.clear] = change(parsed.set, parsed.clear, own);
  } else if (Object.hasOwn(PROPAGATION, option)) {
    parsed.propagation = PROPAGATION[option];
  } else if (recursive !== undefined && Object.hasOwn(ATTRIBUTES, option.slice(1))) {
    [parsed.recursiveSet, parsed.recursiveClear] = change(parsed.recursiveSet, parsed.recursiveClear, recursive);
  } else if (option === 'bind' || option === 'rbind') {
    parsed.bind = option;
  } else if (option === 'idmap' || option === 'ridmap' || option === 'tryidmap') {
    parsed.idmap = option;
  } else if (option === 'tmpcopyup') {
    parsed.tmpcopyup = true;
  } else if (option === 'notmpcopyup') {
    parsed.tmpcopyup = false;
  } else if (!IGNORED.has(option)) {
    parsed.data.push(option);
  }
}

function change(set: bigint, clear: bigint, by: AttributeChange): readonly [bigint, bigint] {
  const setting = by.set ?? 0n;
  const clearing = by.clear ?? 0n;
  return [(set & ~clearing) | setting, (clear & ~setting) | clearing];
}

/** Whether the specification has the option, which then no file system reads. */
export function isMountOption(option: string): boolean {
  return (
    Object.hasOwn(ATTRIBUTES, option) ||
    Object.hasOwn(PROPAGATION, option) ||
    (option.startsWith('r') && Object.hasOwn(ATTRIBUTES, option.slice(1))) ||
    SUPERBLOCK_FLAGS.has(option) ||
    IGNORED.has(option) ||
    ['bind', 'rbind', 'idmap', 'ridmap', 'tmpcopyup', 'notmpcopyup'].includes(option)
  );
}

/** Returns the option's propagation type (slave for rslave); undefined if it has none. */
export function propagationOf(option: string): 'private' | 'shared' | 'slave' | 'unbindable' | undefined {
  if (!Object.hasOwn(PROPAGATION, option)) return undefined;
  return (option.startsWith('r') ? option.slice(1) : option) as 'private' | 'shared' | 'slave' | 'unbindable';
}

/** Returns the flags of a propagation option for mount(2); undefined for any other option. */
export function propagationFlags(option: string): bigint | undefined {
  const found = Object.hasOwn(PROPAGATION, option) ? PROPAGATION[option] : undefined;
  return found === undefined ? undefined : found.flag | (found.recursive ? MS.REC : 0n);
}
