/** Mounting and unmounting, in this process's mount namespace or in another one. */
import { requireAbsolutePath, requireArray, requireKey, requireText } from './arguments.js';
import { binding } from './binding.js';
import { insideArguments } from './inside.js';
import type { ThreadNamespaces } from './inside.js';
import { requireHandle } from './namespace-handle.js';
import type { NamespaceHandle } from './namespace-handle.js';
import { unwrap } from './native-error.js';
import { INSIDE, requireOptions, type OptionsOf } from './options.js';

/** Attributes of one mount: MOUNT_ATTR_* of mount_setattr(2). All default to false. */
export interface MountAttributes {
  /** Whether the mount is read-only. @default false */
  readonly readOnly?: boolean;
  /** Whether set-user-ID and set-group-ID bits and file capabilities are ignored. @default false */
  readonly noSuid?: boolean;
  /** Whether device nodes cannot be opened. @default false */
  readonly noDev?: boolean;
  /** Whether programs cannot be executed. @default false */
  readonly noExec?: boolean;
  /** Whether times of access are not updated. @default false */
  readonly noAtime?: boolean;
  /** Whether symbolic links are not followed. NativeError EINVAL before Linux 5.14. @default false */
  readonly noSymlinkFollow?: boolean;
}

const ATTRIBUTES: OptionsOf<MountAttributes> = {
  readOnly: 'boolean',
  noSuid: 'boolean',
  noDev: 'boolean',
  noExec: 'boolean',
  noAtime: 'boolean',
  noSymlinkFollow: 'boolean',
};

/** Option of functions that can work in other namespaces. */
export interface InsideOptions {
  /** Namespaces to work in: `mnt` for mounts, `net` for a network file system or a sysfs. @default this process's */
  readonly inside?: ThreadNamespaces;
}

export interface MountFileSystemOptions extends MountAttributes, InsideOptions {
  /** The kernel's name of the file system: tmpfs, proc, sysfs, overlay, ext4, ... */
  readonly type: string;
  /**
   * Path of an existing directory (or file). A symbolic link as its last component is not followed: NativeError EINVAL.
   */
  readonly target: string;
  /** The device, for file systems that are on one. @default the type's name */
  readonly source?: string;
  /** Options of the file system, `key=value` or a flag: `size=1m`, `mode=0700`. @default none */
  readonly options?: readonly string[];
}

const MOUNT_FILE_SYSTEM: OptionsOf<MountFileSystemOptions> = {
  ...ATTRIBUTES,
  ...INSIDE,
  type: 'any',
  target: 'any',
  source: 'any',
  options: 'any',
};

export interface BindMountOptions extends MountAttributes, InsideOptions {
  /** Path of the file or directory to show. Symbolic links are followed. */
  readonly source: string;
  /**
   * Path of an existing file or directory, of the same type as the source. A symbolic link as its last component is not
   * followed: a directory cannot be mounted on one (NativeError EINVAL), a file covers the link itself.
   */
  readonly target: string;
  /** Whether the mounts below the source are included. The attributes then apply to all of them. @default false */
  readonly recursive?: boolean;
  /** Propagation of the mount. @default that of the source */
  readonly propagation?: Propagation;
  /**
   * User namespace through which owners are mapped (mount_setattr(2), "ID-mapped mounts"): files that belong to id N in
   * the source appear to belong to the id that N is mapped to. NativeError EINVAL if the file system does not support
   * it.
   */
  readonly idMap?: NamespaceHandle;
}

const BIND_MOUNT: OptionsOf<BindMountOptions> = {
  ...ATTRIBUTES,
  ...INSIDE,
  source: 'any',
  target: 'any',
  recursive: 'boolean',
  propagation: 'any',
  idMap: 'any',
};

/** Propagation of mounts that are made below a mount (mount_namespaces(7)). */
export type Propagation = 'private' | 'shared' | 'slave' | 'unbindable';

const MS_PROPAGATION: Readonly<Record<Propagation, number>> = {
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
};

/** MOUNT_ATTR_* flags (linux/mount.h). */
const MOUNT_ATTR = {
  readOnly: 0x00000001,
  noSuid: 0x00000002,
  noDev: 0x00000004,
  noExec: 0x00000008,
  noAtime: 0x00000010,
  noSymlinkFollow: 0x00200000,
} as const satisfies Readonly<Record<keyof MountAttributes, number>>;

const MNT_FORCE = 1;
const MNT_DETACH = 2;

/** Highest number of options; no useful mount has more. */
const MAX_OPTIONS = 1024;
const MAX_OPTION_BYTES = 255;

/**
 * Mounts a file system (fsopen(2), fsconfig(2), fsmount(2), move_mount(2)): it appears at the target completely, or not
 * at all. NativeError ENODEV for an unknown type, EINVAL for an option that the file system refuses (`path` has the
 * kernel's words), ENOENT for a missing target, EPERM; TypeError for more than 1024 options, an option whose name or
 * value has more than 255 bytes (the limit of fsconfig(2)), or a relative target.
 */
export async function mountFileSystem(mount: MountFileSystemOptions): Promise<void> {
  requireOptions('mountFileSystem options', mount, MOUNT_FILE_SYSTEM);
  const { source = mount.type, options = [] } = mount;
  const type = requireText(mount.type, 'a type of file systems');
  const target = requireAbsolutePath(mount.target, 'the absolute path of a target');
  requireArray(options, 'an array of mount options');
  if (options.length > MAX_OPTIONS) throw new TypeError(`${options.length} mount options, at most ${MAX_OPTIONS}`);
  const all = [`source=${requireText(source, 'a source of a mount')}`, ...options];
  for (const option of all) requireOption(option);
  const inside = insideArguments(mount.inside);
  unwrap(await binding().mountFileSystem(...inside, type, all, attributeBits(mount), target));
}

/**
 * Makes a file or a tree visible at a second place (open_tree(2)); attributes are set before it appears there.
 * NativeError ENOENT, EPERM, EINVAL; TypeError for a relative path, or an `idMap` that is no user namespace.
 */
export async function bindMount(mount: BindMountOptions): Promise<void> {
  requireOptions('bindMount options', mount, BIND_MOUNT);
  const propagation = mount.propagation === undefined ? 0 : propagationFlag(mount.propagation);
  const inside = insideArguments(mount.inside);
  const recursive = mount.recursive === true;
  const attributes = attributeBits(mount);
  const idMap = mount.idMap === undefined ? -1 : requireHandle(mount.idMap, 'user').fd;
  const source = requireAbsolutePath(mount.source, 'the absolute path of a source');
  const target = requireAbsolutePath(mount.target, 'the absolute path of a target');
  unwrap(await binding().bindMount(...inside, source, target, recursive, attributes, propagation, idMap));
}

export interface UnmountOptions extends InsideOptions {
  /**
   * Whether the mount is removed at once, and released when nothing uses it any more (MNT_DETACH).
   * @default false: EBUSY while in use
   */
  readonly detach?: boolean;
  /** Whether a network file system whose server is gone is unmounted (MNT_FORCE). @default false */
  readonly force?: boolean;
}

const UNMOUNT: OptionsOf<UnmountOptions> = { ...INSIDE, detach: 'boolean', force: 'boolean' };

/**
 * Unmounts the mount that was made last at the path (umount2(2)); a symbolic link as its last component is not
 * followed. NativeError EINVAL if nothing is mounted there, EBUSY, ENOENT, EPERM; TypeError for a relative path.
 */
export async function unmount(path: string, options: UnmountOptions = {}): Promise<void> {
  requireOptions('unmount options', options, UNMOUNT);
  const flags = (options.detach === true ? MNT_DETACH : 0) | (options.force === true ? MNT_FORCE : 0);
  unwrap(await binding().unmount(...insideArguments(options.inside), requireAbsolutePath(path), flags));
}

export interface SetPropagationOptions extends InsideOptions {
  /** Whether all mounts below it are changed as well. @default false */
  readonly recursive?: boolean;
}

const SET_PROPAGATION: OptionsOf<SetPropagationOptions> = { ...INSIDE, recursive: 'boolean' };

/**
 * Sets the propagation of the mount at a path. NativeError EINVAL if the path is not a mount point; TypeError for a
 * relative path.
 */
export async function setPropagation(
  path: string,
  type: Propagation,
  options: SetPropagationOptions = {},
): Promise<void> {
  requireOptions('setPropagation options', options, SET_PROPAGATION);
  const inside = [...insideArguments(options.inside), requireAbsolutePath(path)] as const;
  unwrap(await binding().setPropagation(...inside, propagationFlag(type), options.recursive === true));
}

function propagationFlag(propagation: Propagation): number {
  return MS_PROPAGATION[requireKey(MS_PROPAGATION, propagation, 'a propagation')];
}

/**
 * Throws TypeError for an option whose name or value is longer than fsconfig(2) takes: the kernel would only say
 * EINVAL.
 */
function requireOption(option: string): void {
  requireText(option, 'a mount option');
  const equals = option.indexOf('=');
  const parts = equals === -1 ? [option] : [option.slice(0, equals), option.slice(equals + 1)];
  if (parts.some((part) => Buffer.byteLength(part) > MAX_OPTION_BYTES))
    throw new TypeError(`a mount option has at most ${MAX_OPTION_BYTES} bytes: "${option.slice(0, 40)}..."`);
}

function attributeBits(attributes: MountAttributes): number {
  const names = Object.keys(MOUNT_ATTR) as (keyof MountAttributes)[];
  return names.filter((name) => attributes[name] === true).reduce((bits, name) => bits | MOUNT_ATTR[name], 0);
}
