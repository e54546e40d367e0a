/**
 * Places where a test can have this process killed, as a crash or `kill -9` would: right after an effect and before
 * what follows it.
 */

/** Failpoints of containers, in the order in which a container's life passes them. */
export const FAILPOINTS = [
  'recorded',
  'launch-recorded',
  'addresses-leased',
  'root-prepared',
  'names-served',
  'run-directory-made',
  'monitor-spawned',
  'scope-made',
  'plan-sent',
  'started',
  'gate-recorded',
  'start-asked',
  'exec-session-recorded',
  'exec-session-claimed',
  'exec-spawned',
  'exec-sent',
  'exec-started',
  'pause-recorded',
  'frozen',
  'unpause-allowed',
  'thawed',
  'stop-recorded',
  'stop-told',
  'stop-signal-sent',
  'stopped',
  'kill-recorded',
  'kill-sent',
  'initialized-ended',
  'update-recorded',
  'limits-changed',
  'plan-changed',
  'connect-recorded',
  'connect-written',
  'connect-made',
  'disconnected',
  'ended',
  'members-told',
  'names-due',
  'put-aside',
  'lost-killed',
  'torn-down',
  'end-told',
  'end-recorded',
  'live-root-found',
  'root-opened',
  'mount-recorded',
  'mounted',
  'unmount-recorded',
  'unmounted',
  'removal-recorded',
  'files-removed',
  'record-deleted',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** Failpoints of images: pull and removal. */
export const IMAGE_FAILPOINTS = [
  'lease-made',
  'layer-unpacked',
  'layers-made',
  'image-recorded',
  'image-removed',
] as const;

export type ImageFailpoint = (typeof IMAGE_FAILPOINTS)[number];

export const IMAGE_MOUNT_FAILPOINTS = [
  'image-mount-recorded',
  'image-mounted',
  'image-unmount-recorded',
  'image-unmounted',
] as const;

export type ImageMountFailpoint = (typeof IMAGE_MOUNT_FAILPOINTS)[number];

/** Failpoints of volumes: creation, filling, removal. */
export const VOLUME_FAILPOINTS = [
  'volume-recorded',
  'volume-made',
  'volume-copied',
  'volume-filling',
  'volume-removal-recorded',
  'volume-put-aside',
] as const;

export type VolumeFailpoint = (typeof VOLUME_FAILPOINTS)[number];

/** Failpoints of pods: creation, cgroup, removal, and the stop of a pod of which nothing runs. */
export const POD_FAILPOINTS = [
  'pod-recorded',
  'pod-cgroup-made',
  'pod-init-ended',
  'pod-removal-recorded',
  'pod-members-removed',
  'pod-infra-removed',
  'pod-cgroup-removed',
  'pod-idle',
] as const;

export type PodFailpoint = (typeof POD_FAILPOINTS)[number];

/** The wanted failpoint. Read in tests only, like the other variables of docs/architecture.md. */
const active = process.env['TSPOD_TEST'] === '1' ? process.env['TSPOD_FAILPOINT'] : undefined;

/**
 * Kills this process if TSPOD_FAILPOINT is `POINT`, and stops it (SIGSTOP) if that is `POINT:stop`: a stopped process
 * can be told to go on.
 */
export function failpoint(
  name: Failpoint | ImageFailpoint | ImageMountFailpoint | VolumeFailpoint | PodFailpoint,
): void {
  if (active === undefined) return;
  if (active === name) process.kill(process.pid, 'SIGKILL');
  else if (active === `${name}:stop`) process.kill(process.pid, 'SIGSTOP');
}
