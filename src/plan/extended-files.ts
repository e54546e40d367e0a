/**
 * Steps that write copies of the container's files with lines that the engine adds, and mount them over the originals.
 */
import { MOUNT_ATTR } from '../oci/mount-options.js';
import { O_TRUNC, O_WRONLY } from '../util/file-bits.js';
import type { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';
import { copyMount } from './copy-mount.js';
import type { ExtendedFile } from './context.js';
import { NONE } from './ops.js';

export interface ExtensionRequest {
  readonly rootSlot: number;
  /** Slot of the container's user namespace; NONE without one of its own. */
  readonly usernsSlot: number;
}

export function addExtendedFiles(
  builder: PlanBuilder,
  files: readonly ExtendedFile[],
  request: ExtensionRequest,
): void {
  for (const file of files) addExtendedFile(builder, file, request);
}

function addExtendedFile(
  builder: PlanBuilder,
  { path, file, first, last, ids, mount, readOnly }: ExtendedFile,
  { rootSlot, usernsSlot }: ExtensionRequest,
): void {
  const writable = builder.slot();
  // Opened by the monitor: in a user namespace no process of the container may open the file.
  builder.add('prepare', 'openPath', { slot: writable, path: file, flags: O_WRONLY | O_TRUNC });
  builder.add('init', 'extendFile', { slot: writable, rootSlot, path, first, last, ids: ids ? 1 : 0 });
  if (!mount) return;
  const slot = builder.slot();
  if (usernsSlot === NONE) builder.add('init', 'openTree', { slot, path: file, recursive: 0 });
  else copyMount(builder, { slot, path: file, recursive: 0 });
  if (readOnly) {
    const set = MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC;
    const rest = { clear: 0n, propagation: 0n, recursive: 0, usernsSlot: NONE };
    builder.add('init', 'mountAttributes', { slot, set, ...rest });
  }
  // Optional, for images without such a file: it is not for the engine to define their users.
  builder.try('init', 'attachInRoot', { slot, rootSlot, target: path, create: CODES.create.nothing });
}
