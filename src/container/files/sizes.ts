/** How many bytes the files of a container take. */
import type { RootConfig } from '../../spec/config.js';
import { containerPaths } from '../../storage/paths.js';
import { treeSize } from '../../storage/size.js';
import type { EngineContext } from '../context.js';
import type { ContainerSizes } from '../api/files.js';
import { lookUp } from '../create/find-image.js';

/**
 * What lies below the container's own layer: a directory, or an image by its id. Both are '' for the host's own file
 * system.
 */
export interface SizedRoot {
  readonly rootfs: string;
  readonly imageId: string;
}

/**
 * Returns the bytes of the container's own layer, and those with its root. The host's own file system is not walked for
 * `host:` containers: its size says nothing about them.
 */
export function sizesOver(context: EngineContext, id: string, { rootfs, imageId }: SizedRoot): ContainerSizes {
  const writable = treeSize(containerPaths(context.directories, id).upper);
  const image = imageId === '' ? 0 : (lookUp(context.store, imageId)?.image.size ?? 0);
  return { writable, root: writable + image + (rootfs === '' ? 0 : treeSize(rootfs)) };
}

export function sizedRoot(root: RootConfig): SizedRoot {
  return { rootfs: root.kind === 'directory' ? root.path : '', imageId: root.kind === 'image' ? root.id : '' };
}
