/** Steps that make the container's root file system. */
import { TspodError } from '../errors.js';
import { MOUNT_ATTR, MS } from '../oci/mount-options.js';
import { O_DIRECTORY, O_PATH, O_RDONLY } from '../util/file-bits.js';
import { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';
import { copyMount } from './copy-mount.js';
import type { MountLayers, LaunchContext, ProcessRef, RootSource } from './context.js';
import { CLONE_FLAGS } from './clone-flags.js';
import { takeFromProcess } from './namespaces.js';
import { openSource, type SourcePlace } from './open-source.js';
import { NONE, type Plan, type Stage } from './ops.js';

export interface RootRequest {
  /** The slot that is filled with the root's mount. */
  readonly slot: number;
  readonly root: RootSource;
  /** An empty directory of the engine, on which the root is mounted until it becomes "/". */
  readonly staging: string;
  /** Slot that is filled with the container's user namespace before `afterClone` mounts anything; NONE without one. */
  readonly usernsSlot: number;
  /** SELinux label of all files. */
  readonly mountLabel: string | undefined;
}

/** Longest value that the kernel takes for an option of a file system (fsconfig(2)). */
const MAX_OPTION_BYTES = 255;

/** Returns the directory on which the root is mounted until it becomes "/". */
export function stagingDirectory(context: Pick<LaunchContext, 'runDirectory'>): string {
  return `${context.runDirectory}/root`;
}

/**
 * Name of the directory in the run directory on which another OCI runtime finds the /dev/shm of the container whose IPC
 * namespace is shared.
 */
const SHARED_MEMORY = 'shm';

export function sharedMemoryDirectory(context: Pick<LaunchContext, 'runDirectory'>): string {
  return `${context.runDirectory}/${SHARED_MEMORY}`;
}

/**
 * Adds steps that attach the mount in the slot to sharedMemoryDirectory(), in the mount namespace that the monitor is
 * in.
 */
export function mountSharedMemory(
  builder: PlanBuilder,
  slot: number,
  context: Pick<LaunchContext, 'runDirectory'>,
): void {
  const rootSlot = builder.slot();
  builder.add('prepare', 'openPath', { slot: rootSlot, path: context.runDirectory, flags: O_PATH | O_DIRECTORY });
  builder.add('prepare', 'makeDirectory', { rootSlot, path: SHARED_MEMORY, mode: 0o700, uid: 0, gid: 0 });
  builder.add('prepare', 'attachMount', { slot, path: sharedMemoryDirectory(context) });
}

/**
 * Adds steps that mount the root and attach it to the staging directory: only an attached mount can have others below
 * it.
 */
export function addRoot(builder: PlanBuilder, request: RootRequest): void {
  const { slot, root, usernsSlot } = request;
  if (root.kind === 'directory') {
    addDirectory(builder, request, root);
  } else if (usernsSlot === NONE) {
    addOverlay(builder, 'init', request, root);
  } else {
    addFramedOverlay(builder, { ...request, root });
  }
  builder.add('init', 'attachMount', { slot, path: request.staging });
}

/**
 * Adds steps that mount the overlay on its staging directory, in the mount namespace that the monitor is in, where
 * another runtime finds it.
 */
export function mountOverlay(
  builder: PlanBuilder,
  request: Pick<RootRequest, 'slot' | 'staging' | 'mountLabel'> & { readonly root: OverlayRoot },
): void {
  const { slot, root, staging } = request;
  addOverlay(builder, 'prepare', request, root);
  builder.add('prepare', 'attachMount', { slot, path: staging });
}

/**
 * Adds steps that bind the root directory. With a user namespace the monitor opens it, because only the monitor may be
 * able to reach the path.
 */
function addDirectory(
  builder: PlanBuilder,
  { slot, usernsSlot }: RootRequest,
  { path, mapped = true }: Extract<RootSource, { kind: 'directory' }>,
): void {
  if (usernsSlot === NONE || !mapped) {
    if (usernsSlot === NONE) builder.add('init', 'openTree', { slot, path, recursive: 1 });
    else copyMount(builder, { slot, path, recursive: 1 });
    return;
  }
  builder.add('afterClone', 'openTree', { slot, path, recursive: 1 });
  shiftOwners(builder, 'afterClone', { slot, usernsSlot });
}

/**
 * Adds a step that maps the ids of the mount in the slot to a user namespace: its files appear there as if the
 * namespace's ids were the host's. Mounts below it are not mapped.
 */
function shiftOwners(
  builder: PlanBuilder,
  stage: Stage,
  { slot, usernsSlot }: Pick<RootRequest, 'slot' | 'usernsSlot'>,
): void {
  const nothing = { clear: 0n, propagation: 0n, recursive: 0 };
  builder.add(stage, 'mountAttributes', { slot, set: MOUNT_ATTR.IDMAP, ...nothing, usernsSlot });
}

type OverlayRoot = Extract<RootSource, { kind: 'overlay' }>;

type Layers = Partial<OverlayRoot> & Pick<OverlayRoot, 'lowerDirs'>;

type OverlayRequest = Pick<RootRequest, 'slot' | 'staging' | 'mountLabel'>;

interface MountLayersRequest extends OverlayRequest, Pick<RootRequest, 'usernsSlot'> {
  /** The place of a directory of the host that lies where the container may write. */
  readonly place?: SourcePlace | undefined;
}

/**
 * Adds steps that mount an image for the container, or a directory of the host, with the directory for writes above its
 * layers if there is one. The mount is left in the slot.
 */
export function addMountLayers(
  builder: PlanBuilder,
  request: MountLayersRequest,
  layers: MountLayers,
  stage?: Stage,
): void {
  const isMapped = request.usernsSlot !== NONE;
  if (isMapped || layers.fromHost === true)
    addFramedOverlay(builder, { ...request, root: layers }, stage ?? (isMapped ? 'afterClone' : 'init'));
  else addOverlay(builder, stage ?? 'init', request, layers);
}

/** Returns the options by which another runtime mounts the layers, for a mount in its bundle. */
export function layerOptions(layers: MountLayers): readonly string[] {
  return [lowerOption(layers.lowerDirs), ...upperOptions(layers)];
}

function upperOptions({ upperDir, workDir }: Layers): readonly string[] {
  return [
    ...(upperDir === undefined ? [] : [`upperdir=${upperDir}`]),
    ...(workDir === undefined ? [] : [`workdir=${workDir}`]),
  ];
}

/**
 * Adds steps that mount the overlay, detached. All lower layers are in one option unless that is too long for the
 * kernel.
 */
function addOverlay(
  builder: PlanBuilder,
  stage: Stage,
  { slot, staging, mountLabel }: OverlayRequest,
  root: Layers,
): void {
  const options = [
    ...upperOptions(root),
    ...(root.redirects === true ? ['redirect_dir=follow'] : []),
    ...(root.volatile === true ? ['volatile'] : []),
    ...(mountLabel === undefined ? [] : [`context=${mountLabel}`]),
  ];
  for (const option of options) checkLength(option);
  const { lowerDirs } = root;
  if (!hasManyLayers(lowerDirs)) {
    const all = ['source=overlay', lowerOption(lowerDirs), ...options];
    builder.add(stage, 'mountFs', { slot, type: 'overlay', options: all, attributes: 0n });
    return;
  }
  for (const path of lowerDirs) checkLength(`lowerdir=${path}`);
  builder.add(stage, 'mountLayers', {
    slot,
    lowerDirs,
    options: ['source=overlay', ...options],
    append: 1,
    frame: staging,
  });
}

function lowerOption(lowerDirs: readonly string[]): string {
  return `lowerdir=${lowerDirs.map(escapeLayer).join(':')}`;
}

/** Whether the lower layers are more than one option holds. A single layer whose path is too long is refused. */
function hasManyLayers(lowerDirs: readonly string[]): boolean {
  if (lowerDirs.length > 1) return Buffer.byteLength(lowerOption(lowerDirs)) - 'lowerdir='.length > MAX_OPTION_BYTES;
  checkLength(lowerOption(lowerDirs));
  return false;
}

/** overlayfs splits the list of lower directories at colons. */
function escapeLayer(path: string): string {
  return path.replace(/[\\:]/g, '\\$&');
}

function checkLength(option: string): void {
  const value = option.slice(option.indexOf('=') + 1);
  if (Buffer.byteLength(value) <= MAX_OPTION_BYTES) return;
  const name = option.slice(0, option.indexOf('='));
  throw new TspodError(
    'INVALID_ARGUMENT',
    `overlay ${name} is longer than ${MAX_OPTION_BYTES} bytes, the most that the kernel takes: choose shorter root directories`,
    { details: { value } },
  );
}

type FramedRequest = MountLayersRequest & { readonly root: Layers };

/**
 * Adds steps that mount an overlay whose lower layers are opened first and attached to mount points of their own, as
 * layers must be whose owners are shifted into the container's user namespace, and those that are looked up inside a
 * directory. With a user namespace the monitor does it, because only the owner of the file systems may map ids, and
 * gives the finished overlay to the container. The upper directory is not mapped: what is written there belongs to the
 * mapped ids. Runs in a private mount namespace: the container's, or that of enterPrivateMounts().
 */
function addFramedOverlay(builder: PlanBuilder, request: FramedRequest, stage: Stage = 'afterClone'): void {
  const { root, staging, usernsSlot, place } = request;
  const frame = builder.slot();
  builder.add(stage, 'mountFs', {
    slot: frame,
    type: 'tmpfs',
    options: ['source=tmpfs', 'mode=700'],
    attributes: 0n,
  });
  builder.add(stage, 'attachMount', { slot: frame, path: staging });
  const lower = builder.slot();
  const mapped = root.lowerDirs.map((path, index) => {
    const target = `/${index}`;
    openSource(builder, stage, { slot: lower, path, recursive: 0, place });
    if (usernsSlot !== NONE && root.mapped !== false && root.ownMapped?.includes(path) !== true)
      shiftOwners(builder, stage, { slot: lower, usernsSlot });
    builder.add(stage, 'attachInRoot', { slot: lower, rootSlot: frame, target, create: CODES.create.directory });
    return staging + target;
  });
  addOverlay(builder, stage, request, { ...root, lowerDirs: mapped });
  // In the container's mount namespace the root is attached there, and must not stay covered.
  if (stage === 'init') builder.add(stage, 'unmount', { path: staging });
}

/**
 * Adds steps by which the monitor leaves the host's mount namespace for a private copy, so that its mounts for the
 * container are visible nowhere else. Returns the slot of the host's mount namespace.
 */
export function enterPrivateMounts(builder: PlanBuilder): { readonly hostMounts: number } {
  const hostMounts = builder.slot();
  const top = builder.slot();
  builder.add('prepare', 'openPath', { slot: hostMounts, path: '/proc/self/ns/mnt', flags: O_RDONLY });
  builder.add('prepare', 'unshare', { flags: CLONE_FLAGS.mount });
  builder.add('prepare', 'openPath', { slot: top, path: '/', flags: O_PATH | O_DIRECTORY });
  builder.add('prepare', 'mountAttributes', {
    slot: top,
    set: 0n,
    clear: 0n,
    propagation: MS.PRIVATE,
    recursive: 1,
    usernsSlot: NONE,
  });
  return { hostMounts };
}

/**
 * Adds a step by which the monitor returns to the host's mount namespace: it must not keep the host's file systems in
 * use for as long as the container runs.
 */
export function leavePrivateMounts(builder: PlanBuilder, hostMounts: number): void {
  builder.add('afterClone', 'joinNamespaces', { slot: hostMounts, flags: CLONE_FLAGS.mount });
}

/** A plan for executeFor(), and the slot that it fills. */
export interface RootPlan {
  readonly plan: Plan;
  readonly slot: number;
}

export interface MountedRootRequest {
  readonly root: RootSource;
  /** Descriptor, in this process, of a user namespace with the container's maps; undefined without maps. */
  readonly usernsFd: number | undefined;
  /** A directory of the engine that contains no layer: it is covered for a moment, visible to the plan alone. */
  readonly frame: string;
  /** Path that the mount is attached to. @default none: the mount ends with its descriptor */
  readonly attachTo?: string | undefined;
}

/** Returns a plan that mounts the root of a container that does not run. */
export function mountedRootPlan({ root, usernsFd, frame, attachTo }: MountedRootRequest): RootPlan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  const request = { slot, root, staging: frame, usernsSlot: NONE, mountLabel: undefined };
  if (root.kind === 'directory') {
    builder.add('prepare', 'openTree', { slot, path: root.path, recursive: 1 });
    // A mount in the copy must not appear in the original, which is a shared mount where systemd has made the mounts.
    const none = { set: 0n, clear: 0n, usernsSlot: NONE };
    builder.add('prepare', 'mountAttributes', { slot, ...none, propagation: MS.SLAVE, recursive: 1 });
  } else if (usernsFd === undefined) {
    addInPrivateMounts(builder, hasManyLayers(root.lowerDirs), () => addOverlay(builder, 'prepare', request, root));
  } else {
    const usernsSlot = builder.slot();
    builder.add('prepare', 'openPath', { slot: usernsSlot, path: `/proc/self/fd/${usernsFd}`, flags: O_RDONLY });
    const { hostMounts } = enterPrivateMounts(builder);
    addFramedOverlay(builder, { ...request, root, usernsSlot }, 'prepare');
    builder.add('prepare', 'joinNamespaces', { slot: hostMounts, flags: CLONE_FLAGS.mount });
  }
  if (attachTo !== undefined) builder.add('prepare', 'attachMount', { slot, path: attachTo });
  return { plan: builder.build(), slot };
}

/** Returns a plan that copies the root mount of a running container, without the mounts in it. */
export function liveRootPlan(process: ProcessRef, attachTo?: string): RootPlan {
  const builder = new PlanBuilder();
  const slot = takeFromProcess(builder, process, '/');
  if (attachTo !== undefined) builder.add('prepare', 'attachMount', { slot, path: attachTo });
  return { plan: builder.build(), slot };
}

/**
 * Returns a plan that mounts lower layers as one, or opens a single one as it is. `frame` is that of a mounted root.
 */
export function lowerRootPlan(lowerDirs: readonly string[], redirects: boolean, frame: string): RootPlan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  const [only] = lowerDirs;
  if (lowerDirs.length === 1 && only !== undefined) {
    builder.add('prepare', 'openPath', { slot, path: only, flags: O_PATH | O_DIRECTORY });
  } else {
    const request = { slot, staging: frame, mountLabel: undefined };
    addInPrivateMounts(builder, hasManyLayers(lowerDirs), () =>
      addOverlay(builder, 'prepare', request, { lowerDirs, redirects }),
    );
  }
  return { plan: builder.build(), slot };
}

/**
 * Returns a plan that mounts the layers of an image read-only, at `attachTo` or detached. There must be at least two
 * layers, as overlayfs requires. `frame` is that of a mounted root.
 */
export function imageRootPlan(lowerDirs: readonly string[], frame: string, attachTo?: string): RootPlan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  addInPrivateMounts(builder, hasManyLayers(lowerDirs), () =>
    addOverlay(builder, 'prepare', { slot, staging: frame, mountLabel: undefined }, { lowerDirs }),
  );
  // Devices and set-user-ID programs of an image take effect in its containers only.
  const set = MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV;
  builder.add('prepare', 'mountAttributes', {
    slot,
    set,
    clear: 0n,
    propagation: 0n,
    recursive: 0,
    usernsSlot: NONE,
  });
  if (attachTo !== undefined) builder.add('prepare', 'attachMount', { slot, path: attachTo });
  return { plan: builder.build(), slot };
}

/**
 * Adds steps in a mount namespace of their own if they mount something for a moment that must not be visible elsewhere.
 */
function addInPrivateMounts(builder: PlanBuilder, needsPrivacy: boolean, add: () => void): void {
  if (!needsPrivacy) {
    add();
    return;
  }
  const { hostMounts } = enterPrivateMounts(builder);
  add();
  builder.add('prepare', 'joinNamespaces', { slot: hostMounts, flags: CLONE_FLAGS.mount });
}
