/** Steps that make the container's mounts. */
import { MOUNT_ATTR, MS, parseMountOptions } from '../oci/mount-options.js';
import type { ParsedMountOptions } from '../oci/mount-options.js';
import type { OciMount, OciSpec } from '../oci/spec.js';
import { baseName } from '../util/paths.js';
import type { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';
import { copyMount } from './copy-mount.js';
import type { CgroupDirectory, CgroupPlacement, MountLayers } from './context.js';
import { openSource, type SourcePlace } from './open-source.js';
import { NONE } from './ops.js';
import { addMountLayers } from './root.js';

/** Everything that the container's mounts depend on besides the spec. */
export interface MountContext {
  /** Slot of the root, in which paths are resolved. */
  readonly rootSlot: number;
  /** A slot for mounts that are attached at once. */
  readonly slot: number;
  /**
   * A slot that keeps the mount on /dev, which may have to be made read-only once all that belongs in it has been made.
   */
  readonly devSlot: number;
  /** Slot of the container's user namespace, for identity-mapped mounts; NONE without one of its own. */
  readonly usernsSlot: number;
  readonly cgroup: CgroupPlacement | undefined;
  readonly ownCgroupNamespace: boolean;
  readonly hostCgroupNamespace: boolean;
  /** Slots of mounts that are taken from another container, by destination, for what is shared with it. */
  readonly donated: ReadonlyMap<string, number>;
  /** SELinux label for the files of new file systems. */
  readonly mountLabel: string | undefined;
  /** Layers of mounts of type overlay, by destination. */
  readonly mountLayers: ReadonlyMap<string, MountLayers>;
  /** Sources that are looked up inside a directory, by path. */
  readonly sourcePlaces: ReadonlyMap<string, SourcePlace>;
  /** Destinations of bind mounts whose source may be gone at the launch. */
  readonly vanishingBinds: ReadonlySet<string>;
  /** The root's staging directory: covered for a moment, visible to the plan alone. */
  readonly staging: string;
}

/** Adds all mounts of the spec in their order. */
export function addMounts(builder: PlanBuilder, spec: OciSpec, context: MountContext): void {
  const mounts = spec.mounts ?? [];
  const seals: (() => void)[] = [];
  const hasInside = (path: string) => mounts.some(({ destination }) => destination.startsWith(`${path}/`));
  for (const mount of mounts) addMount(builder, mount, { ...context, seals, hasInside });
  for (const seal of seals.reverse()) seal();
}

interface AllMounts extends MountContext {
  /** Whether another mount lies below this path. */
  readonly hasInside: (path: string) => boolean;
  /** Functions that make mounts read-only once all others exist. */
  readonly seals: (() => void)[];
}

function addMount(builder: PlanBuilder, mount: OciMount, context: AllMounts): void {
  const options = parseMountOptions(mount.options ?? []);
  const donated = context.donated.get(mount.destination);
  const layers = context.mountLayers.get(mount.destination);
  if (donated !== undefined) {
    addDonated(builder, mount.destination, { slot: donated, options, context });
  } else if (mount.type === 'overlay' && layers !== undefined) {
    addLayered(builder, mount, { layers, options, context });
  } else if (mount.type === 'cgroup' || mount.type === 'cgroup2') {
    addCgroupMounts(builder, mount.destination, { options, context });
  } else if (options.bind !== 'no' || mount.type === 'bind') {
    addBind(builder, mount, { options, context });
  } else {
    addFileSystem(builder, mount, { options, context });
  }
}

interface Request {
  readonly options: ParsedMountOptions;
  readonly context: MountContext;
}

/** Attaches a mount that was taken from a donor. It has the donor's contents; this container's options restrict it. */
function addDonated(
  builder: PlanBuilder,
  target: string,
  { slot, options, context }: Request & { readonly slot: number },
): void {
  const set = options.set | options.recursiveSet;
  if (set !== 0n && target !== '/dev/shm') setAttributes(builder, slot, { set });
  attach(builder, target, { slot, create: CODES.create.directory, context });
}

/**
 * Adds an image, or a directory of the host with a layer above it. With a user namespace the monitor mounts the layers,
 * like those of the root.
 */
function addLayered(
  builder: PlanBuilder,
  { destination, source = '' }: OciMount,
  { layers, options, context }: Request & { readonly layers: MountLayers },
): void {
  const { usernsSlot, staging, mountLabel } = context;
  const slot = usernsSlot === NONE ? context.slot : builder.slot();
  const place = context.sourcePlaces.get(source);
  addMountLayers(builder, { slot, staging, usernsSlot, mountLabel, place }, layers);
  if (options.set !== 0n) setAttributes(builder, slot, { set: options.set });
  attach(builder, destination, { slot, create: CODES.create.directory, context });
}

/** Adds a new file system with its options, and the attributes of the mount. */
function addFileSystem(
  builder: PlanBuilder,
  mount: OciMount,
  { options, context }: Request & { readonly context: AllMounts },
): void {
  const { rootSlot, seals } = context;
  const type = mount.type ?? '';
  const isReadOnly = (options.set & MOUNT_ATTR.RDONLY) !== 0n;
  // Only a tmpfs is empty: the kernel's own file systems already have the mount points.
  const isParent = isReadOnly && type === 'tmpfs' && !isDev(mount) && context.hasInside(mount.destination);
  const slot = isDev(mount) ? context.devSlot : isParent ? builder.slot() : context.slot;
  // Copies and mount points have to be made before the mount is read-only; what belongs in /dev comes later still.
  const sealedLater = isReadOnly && (options.tmpcopyup || isParent || isDev(mount));
  const attributes = sealedLater ? options.set & ~MOUNT_ATTR.RDONLY : options.set;
  builder.add('init', 'mountFs', { slot, type, options: fileSystemOptions(mount, options, context), attributes });
  if (options.tmpcopyup) builder.add('init', 'copyUp', { slot, rootSlot, path: mount.destination });
  const seal = () => setAttributes(builder, slot, { set: MOUNT_ATTR.RDONLY });
  if (isParent) seals.push(seal);
  else if (sealedLater && !isDev(mount)) seal();
  if (options.propagation !== undefined && !isPrivate(options)) propagate(builder, slot, options);
  attach(builder, mount.destination, { slot, create: CODES.create.directory, context });
}

function isDev(mount: OciMount): boolean {
  return mount.destination === '/dev';
}

/**
 * Returns the options of a file system, first the source, which /proc/mounts shows. File systems in memory and devpts
 * take the label of the container's files.
 */
function fileSystemOptions(mount: OciMount, options: ParsedMountOptions, context: MountContext): readonly string[] {
  const source = mount.source === undefined || mount.source === '' ? [] : [`source=${mount.source}`];
  const labelled = context.mountLabel !== undefined && ['tmpfs', 'devpts', 'ramfs'].includes(mount.type ?? '');
  return [...source, ...options.data, ...(labelled ? [`context=${context.mountLabel}`] : [])];
}

/**
 * Adds a bind mount. Its source is cloned after the mount namespace has been made private, so that the clone is private
 * as well; where the container is to see mounts that are made later (slave, shared), the monitor clones it in the
 * host's namespace.
 */
function addBind(builder: PlanBuilder, mount: OciMount, { options, context }: Request): void {
  const path = mount.source ?? '';
  const recursive = options.bind === 'bind' ? 0 : 1;
  const shares = options.propagation !== undefined && !isPrivate(options);
  const outside = context.usernsSlot !== NONE || shares;
  const slot = outside ? builder.slot() : context.slot;
  const place = context.sourcePlaces.get(path);
  const orEmpty = context.vanishingBinds.has(mount.destination);
  const source = { slot, path, recursive, place, orEmpty } as const;
  if (shares) openSource(builder, 'prepare', source);
  else if (outside && options.idmap !== 'no') openSource(builder, 'afterClone', source);
  else if (outside) copyMount(builder, source);
  else openSource(builder, 'init', source);
  if (options.idmap !== 'no') mapIds(builder, slot, { options, context });
  if (options.set !== 0n || options.clear !== 0n) setAttributes(builder, slot, options);
  if (options.recursiveSet !== 0n || options.recursiveClear !== 0n) {
    setAttributes(builder, slot, { set: options.recursiveSet, clear: options.recursiveClear, recursive: true });
  }
  if (shares) propagate(builder, slot, options);
  attach(builder, mount.destination, { slot, create: CODES.create.sameKind, context });
}

function mapIds(builder: PlanBuilder, slot: number, { options, context }: Request): void {
  const add = options.idmap === 'tryidmap' ? builder.try.bind(builder) : builder.add.bind(builder);
  add('afterClone', 'mountAttributes', {
    slot,
    set: MOUNT_ATTR.IDMAP,
    clear: 0n,
    propagation: 0n,
    recursive: options.idmap === 'ridmap' ? 1 : 0,
    usernsSlot: context.usernsSlot,
  });
}

function isPrivate(options: ParsedMountOptions): boolean {
  return options.propagation?.flag === MS.PRIVATE;
}

interface AttributeChange {
  readonly set?: bigint;
  readonly clear?: bigint;
  readonly recursive?: boolean;
}

function setAttributes(builder: PlanBuilder, slot: number, change: AttributeChange): void {
  const { set = 0n, clear = 0n, recursive = false } = change;
  builder.add('init', 'mountAttributes', {
    slot,
    set,
    clear,
    propagation: 0n,
    recursive: recursive ? 1 : 0,
    usernsSlot: NONE,
  });
}

function propagate(builder: PlanBuilder, slot: number, { propagation }: ParsedMountOptions): void {
  if (propagation === undefined) return;
  const { flag, recursive } = propagation;
  builder.add('init', 'mountAttributes', {
    slot,
    set: 0n,
    clear: 0n,
    propagation: flag,
    recursive: recursive ? 1 : 0,
    usernsSlot: NONE,
  });
}

interface Attachment {
  readonly slot: number;
  readonly create: number;
  readonly context: MountContext;
}

function attach(builder: PlanBuilder, target: string, { slot, create, context }: Attachment): void {
  builder.add('init', 'attachInRoot', { slot, rootSlot: context.rootSlot, target, create });
}

/**
 * Mounts the container's cgroups: one hierarchy of version 2, or a directory with one mount for each hierarchy of
 * version 1 (and the unified one).
 */
function addCgroupMounts(builder: PlanBuilder, target: string, request: Request): void {
  const directories = request.context.cgroup?.directories ?? [];
  const [first] = directories;
  if (first === undefined) return;
  const { hostCgroupNamespace: isHost } = request.context;
  if (directories.every(({ hierarchy }) => hierarchy.version === 2)) {
    addCgroupMount(builder, target, { ...request, directory: first, whole: isHost });
    return;
  }
  const { rootSlot } = request.context;
  const frame = builder.slot();
  const attributes = request.options.set & ~MOUNT_ATTR.RDONLY;
  builder.add('init', 'mountFs', { slot: frame, type: 'tmpfs', options: ['source=tmpfs', 'mode=755'], attributes });
  builder.add('init', 'attachInRoot', { slot: frame, rootSlot, target, create: CODES.create.directory });
  for (const directory of directories) {
    const { hierarchy, delegated } = directory;
    const name = baseName(hierarchy.mountPoint);
    const whole = isHost && delegated !== undefined;
    addCgroupMount(builder, `${target}/${name}`, { ...request, directory, whole });
    for (const link of linkNames(hierarchy.controllers, name)) {
      builder.add('init', 'makeSymlink', { rootSlot, path: `${target}/${link}`, target: name });
    }
  }
  if ((request.options.set & MOUNT_ATTR.RDONLY) !== 0n) setAttributes(builder, frame, { set: MOUNT_ATTR.RDONLY });
}

/** Returns the names of links to a hierarchy of several controllers: `cpu` and `cpuacct` lead to `cpu,cpuacct`. */
function linkNames(controllers: readonly string[], name: string): readonly string[] {
  return controllers.filter(
    (controller) => controller !== name && !controller.startsWith('name=') && controllers.length > 1,
  );
}

interface CgroupMountRequest extends Request {
  readonly directory: CgroupDirectory;
  /** Whether the whole hierarchy is mounted, so that paths are those in /proc/self/cgroup. */
  readonly whole: boolean;
}

/**
 * Mounts one hierarchy. With a cgroup namespace of its own, a new mount shows the container's group as the top;
 * without, the group's directory is bound. The whole of version 2 is bound as well: a new mount in the machine's own
 * cgroup namespace would change the options of the host's mount (nsdelegate).
 */
function addCgroupMount(builder: PlanBuilder, target: string, request: CgroupMountRequest): void {
  const { context, directory, whole } = request;
  const { hierarchy, path, delegated } = directory;
  const options = delegated === undefined || whole ? request.options : writable(request.options);
  if (context.ownCgroupNamespace) {
    const { slot } = context;
    const type = hierarchy.version === 2 ? 'cgroup2' : 'cgroup';
    const flags = hierarchy.version === 2 ? [] : hierarchy.controllers;
    builder.add('init', 'mountFs', { slot, type, options: [`source=${type}`, ...flags], attributes: options.set });
    attach(builder, target, { slot, create: CODES.create.directory, context });
    return;
  }
  bindCgroup(builder, target, { context, options, path: whole ? hierarchy.mountPoint : (delegated ?? path) });
  if (!whole || delegated === undefined) return;
  // Of the whole hierarchy the container may write to its own part alone.
  const own = `${target}${delegated.slice(hierarchy.mountPoint.length)}`;
  bindCgroup(builder, own, { context, options: writable(request.options), path: delegated });
}

/**
 * Binds a directory of a hierarchy. In a user namespace init is not the owner of the directory, whose permissions depend
 * on the umask of its maker: the monitor opens it.
 */
function bindCgroup(
  builder: PlanBuilder,
  target: string,
  { context, options, path }: Request & { readonly path: string },
): void {
  const outside = context.usernsSlot !== NONE;
  const slot = outside ? builder.slot() : context.slot;
  if (outside) copyMount(builder, { slot, path, recursive: 0 });
  else builder.add('init', 'openTree', { slot, path, recursive: 0 });
  setAttributes(builder, slot, { set: options.set, clear: options.clear });
  attach(builder, target, { slot, create: CODES.create.directory, context });
}

/** Returns the options of a mount that the container may write to. */
function writable(options: ParsedMountOptions): ParsedMountOptions {
  return { ...options, set: options.set & ~MOUNT_ATTR.RDONLY, clear: options.clear | MOUNT_ATTR.RDONLY };
}
