/** Images that are mounted in containers, looked up when the container is created. */
import { isTspodError, TspodError } from '../../errors.js';
import type { ContainerConfig, MountConfig, MountedImageConfig } from '../../spec/config.js';
import type { EngineContext } from '../context.js';
import { findImage } from './find-image.js';

/** A mount of an image. */
export type ImageMount = MountConfig & { readonly type: 'image'; readonly image: MountedImageConfig };

export function isImageMount(mount: MountConfig): mount is ImageMount {
  return mount.type === 'image';
}

/** Returns the configuration with the images of its mounts looked up. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
export function withMountedImages(context: EngineContext, config: ContainerConfig): ContainerConfig {
  if (!config.mounts.some(isImageMount)) return config;
  return {
    ...config,
    mounts: config.mounts.map((mount) => (isImageMount(mount) ? { ...mount, image: imageOf(context, mount) } : mount)),
  };
}

function imageOf({ store }: EngineContext, { source = '', target }: MountConfig): MountedImageConfig {
  try {
    const { image } = findImage(store, source);
    return { id: image.id, layers: store.images.layers(image.seq) };
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_IMAGE')) throw error;
    throw new TspodError('NO_SUCH_IMAGE', `creating image volume "${source}":"${target}": ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
}

/** Returns the ids of all images that the container needs. */
export function imagesOf({ root, mounts }: Pick<ContainerConfig, 'root' | 'mounts'>): readonly string[] {
  const own = root.kind === 'image' ? [root.id] : [];
  return [...new Set([...own, ...mounts.filter(isImageMount).map(({ image }) => image.id)])];
}
