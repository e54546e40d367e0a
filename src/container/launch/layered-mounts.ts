/** Images and overlaid directories that are mounted in a container: their layers, and what the container writes there. */
import { existsSync } from 'node:fs';

import { removeTree } from '../../native/tree.js';
import type { MountLayers } from '../../plan/context.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import { isOverlaid } from '../../spec/files/mounts.js';
import { hasOtherIds } from '../../spec/users/userns.js';
import { emptyLayer, lowerDirectories, readOnlyLowerDirectories } from '../../storage/images/layers.js';
import { ensureMountLayer } from '../../storage/layers.js';
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { isImageMount, type ImageMount } from '../create/mounted-images.js';
import { volumeMount } from '../files/volumes.js';

interface Subject {
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
}

/** Returns the layers of each mounted image and overlaid directory, by its place in the container; makes nothing. */
export function layersOfMounts(context: EngineContext, { config, paths }: Subject): ReadonlyMap<string, MountLayers> {
  const layers = new Map<string, MountLayers>();
  const mapped = hasOtherIds(config);
  for (const [index, mount] of config.mounts.entries()) {
    const own = ownDirectory(paths, index);
    const writes = { upperDir: `${own}/upper`, workDir: `${own}/work` };
    if (isImageMount(mount)) {
      const isWritten = mount.options.includes('rw');
      layers.set(mount.target, { ...imageLayers(context, mount), ...(isWritten ? writes : {}), mapped });
    } else if (isOverlaid(mount)) {
      // Owners are those of the host, as in a bind mount.
      layers.set(mount.target, { lowerDirs: [sourceOf(context, mount)], fromHost: true, mapped: false, ...writes });
    }
  }
  return layers;
}

function imageLayers({ paths: { images } }: EngineContext, mount: ImageMount): Pick<MountLayers, 'lowerDirs'> {
  const { layers } = mount.image;
  if (!mount.options.includes('rw')) return { lowerDirs: readOnlyLowerDirectories(images, layers) };
  return { lowerDirs: layers.length === 0 ? [emptyLayer(images)] : lowerDirectories(images, layers) };
}

function sourceOf(context: EngineContext, { type, source = '' }: MountConfig): string {
  return type === 'volume' ? volumeMount(context, source).path : source;
}

function ownDirectory(paths: ContainerPaths, index: number): string {
  return `${paths.images}/${String(index)}`;
}

/** Makes the layers of a container that writes to such mounts. May be repeated. */
export function prepareLayeredMounts(context: EngineContext, subject: Subject): void {
  const { config } = subject;
  const maps = hasOtherIds(config) ? config : undefined;
  for (const { lowerDirs, upperDir, workDir, fromHost } of layersOfMounts(context, subject).values()) {
    if (upperDir === undefined || workDir === undefined) continue;
    const [top = '/'] = lowerDirs;
    // That a directory of the host is gone is reported by whoever mounts it.
    if (fromHost === true && !existsSync(top)) continue;
    ensureMountLayer(subject, { upper: upperDir, work: workDir }, top, maps);
  }
}

/** Empties the layers above overlaid directories: a container that starts again sees their sources as they are. */
export async function renewOverlays(context: EngineContext, subject: Subject): Promise<void> {
  const { config, paths } = subject;
  if (!config.mounts.some(isOverlaid)) return;
  for (const [index, mount] of config.mounts.entries())
    if (isOverlaid(mount)) await removeTree(ownDirectory(paths, index));
  prepareLayeredMounts(context, subject);
}
