/** Steps that make the container's root file system. */
import { TspodError } from '../errors.js';
import { MOUNT_ATTR, MS } from '../oci/mount-options.js';
import type { PlanBuilder } from './builder.js';
import type { LaunchContext, RootSource } from './context.js';
import { CLONE_FLAGS, O_DIRECTORY, O_PATH, O_RDONLY } from './flags.js';
import { NONE } from './ops.js';

export interface RootRequest {
  /** Filled with the root's mount. */
  readonly slot: number;
  readonly root: RootSource;
  /** An empty directory of the engine's, on which the root is mounted until it becomes "/". */
  readonly staging: string;
  /** Filled with the container's user namespace before `afterClone` mounts anything; NONE without one. */
  readonly usernsSlot: number;
  /** SELinux label of all files. */
  readonly mountLabel: string | undefined;
}

/** The kernel takes no longer value for an option of a file system (fsconfig(2)). */
const MAX_OPTION_BYTES = 255;

/** The directory in which the root is staged. */
export function stagingDirectory(context: Pick<LaunchContext, 'runDirectory'>): string {
  return `${context.runDirectory}/root`;
}

/** Makes the root as a mount, and puts it on the staging directory: only one that is attached somewhere can take others below it. */
export function addRoot(builder: PlanBuilder, request: RootRequest): void {
  const { slot, root, usernsSlot } = request;
  if (root.kind === 'directory') {
    addDirectory(builder, request, root);
  } else if (usernsSlot === NONE) {
    builder.add('init', 'mountFs', { slot, type: 'overlay', options: overlayOptions(root, request), attributes: 0n });
  } else {
    addMappedOverlay(builder, { ...request, root });
  }
  builder.add('init', 'attachMount', { slot, path: request.staging });
}

/** The overlay on its staging directory, in the mount namespace that the monitor is in: for another runtime to take it from there. */
export function mountOverlay(
  builder: PlanBuilder,
  request: Pick<RootRequest, 'slot' | 'staging' | 'mountLabel'> & { readonly root: OverlayRoot },
): void {
  const { slot, root, staging } = request;
  builder.add('prepare', 'mountFs', { slot, type: 'overlay', options: overlayOptions(root, request), attributes: 0n });
  builder.add('prepare', 'attachMount', { slot, path: staging });
}

/** The path may lie where only the monitor can go, once there is a user namespace. */
function addDirectory(
  builder: PlanBuilder,
  { slot, usernsSlot }: RootRequest,
  { path, mapped = true }: Extract<RootSource, { kind: 'directory' }>,
): void {
  if (usernsSlot === NONE || !mapped) {
    builder.add(usernsSlot === NONE ? 'init' : 'prepare', 'openTree', { slot, path, recursive: 1 });
    return;
  }
  builder.add('afterClone', 'openTree', { slot, path, recursive: 1 });
  shiftOwners(builder, slot, usernsSlot);
}

/** Shows the files of the mount in the slot to a user namespace as if its ids were the host's. Not those of mounts below it. */
function shiftOwners(builder: PlanBuilder, slot: number, usernsSlot: number): void {
  const nothing = { clear: 0n, propagation: 0n, recursive: 0 };
  builder.add('afterClone', 'mountAttributes', { slot, set: MOUNT_ATTR.IDMAP, ...nothing, usernsSlot });
}

type OverlayRoot = Extract<RootSource, { kind: 'overlay' }>;

function overlayOptions(
  root: OverlayRoot,
  { mountLabel }: Pick<RootRequest, 'mountLabel'>,
  lowerDirs = root.lowerDirs,
): readonly string[] {
  const options = [
    'source=overlay',
    `lowerdir=${lowerDirs.map(escapeLayer).join(':')}`,
    `upperdir=${root.upperDir}`,
    `workdir=${root.workDir}`,
    ...(root.redirects === true ? ['redirect_dir=follow'] : []),
    ...(root.volatile === true ? ['volatile'] : []),
    ...(mountLabel === undefined ? [] : [`context=${mountLabel}`]),
  ];
  for (const option of options) checkLength(option);
  return options;
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

/**
 * With a user namespace the layers' owners have to be the container's: the monitor maps each lower directory into it, which only the owner
 * of the file systems may do, on mount points of its own, and gives the finished overlay to the container. The upper directory is as
 * it is: what is written there belongs to the mapped ids. Runs in the private mount namespace that enterPrivateMounts() made.
 */
function addMappedOverlay(builder: PlanBuilder, request: RootRequest & { readonly root: OverlayRoot }): void {
  const { root, slot, staging, usernsSlot } = request;
  const frame = builder.slot();
  builder.add('afterClone', 'mountFs', {
    slot: frame,
    type: 'tmpfs',
    options: ['source=tmpfs', 'mode=700'],
    attributes: 0n,
  });
  builder.add('afterClone', 'attachMount', { slot: frame, path: staging });
  const lower = builder.slot();
  const mapped = root.lowerDirs.map((path, index) => {
    const target = `/${index}`;
    builder.add('afterClone', 'openTree', { slot: lower, path, recursive: 0 });
    if (root.mapped !== false) shiftOwners(builder, lower, usernsSlot);
    builder.add('afterClone', 'attachInRoot', { slot: lower, rootSlot: frame, target, create: 1 });
    return staging + target;
  });
  builder.add('afterClone', 'mountFs', {
    slot,
    type: 'overlay',
    options: overlayOptions(root, request, mapped),
    attributes: 0n,
  });
}

/** The monitor leaves the host's mount namespace for a private copy, so that what it mounts for the container is seen nowhere else. */
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

/** And back: it must not hold the host's file systems in use for as long as the container runs. */
export function leavePrivateMounts(builder: PlanBuilder, hostMounts: number): void {
  builder.add('afterClone', 'joinNamespaces', { slot: hostMounts, flags: CLONE_FLAGS.mount });
}
