/** Images that are mounted in a container: their layers, and above them what the container writes there. */
import type { ImageLayers } from '../../plan/context.js';
import type { ContainerConfig } from '../../spec/config.js';
import { hasOtherIds } from '../../spec/users/userns.js';
import { emptyLayer, lowerDirectories, readOnlyLowerDirectories } from '../../storage/images/layers.js';
import { ensureImageLayer } from '../../storage/layers.js';
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { isImageMount } from '../create/mounted-images.js';

interface Subject {
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
}

/** Returns the layers of each mounted image, by its place in the container; makes nothing. */
export function imageLayersOf(
  { paths: { images } }: EngineContext,
  { config, paths }: Subject,
): ReadonlyMap<string, ImageLayers> {
  const layers = new Map<string, ImageLayers>();
  const mapped = hasOtherIds(config);
  for (const [index, mount] of config.mounts.entries()) {
    if (!isImageMount(mount)) continue;
    const { layers: chains } = mount.image;
    if (mount.options.includes('rw')) {
      const lowerDirs = chains.length === 0 ? [emptyLayer(images)] : lowerDirectories(images, chains);
      const own = `${paths.images}/${String(index)}`;
      layers.set(mount.target, { lowerDirs, upperDir: `${own}/upper`, workDir: `${own}/work`, mapped });
    } else layers.set(mount.target, { lowerDirs: readOnlyLowerDirectories(images, chains), mapped });
  }
  return layers;
}

/** Makes the layers of a container that writes to mounted images. May be repeated. */
export function prepareImageMounts(context: EngineContext, subject: Subject): void {
  const { config } = subject;
  const maps = hasOtherIds(config) ? config : undefined;
  for (const { lowerDirs, upperDir, workDir } of imageLayersOf(context, subject).values()) {
    if (upperDir === undefined || workDir === undefined) continue;
    ensureImageLayer(subject, { upper: upperDir, work: workDir }, lowerDirs[0] ?? '/', maps);
  }
}
