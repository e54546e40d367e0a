/** How much the files of a container take. */
import { containerPaths } from '../../storage/paths.js';
import { containerSize } from '../../storage/size.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import type { ContainerSizes } from '../files-api.js';

/** Throws NO_SUCH_CONTAINER. */
export function containerSizes(context: EngineContext, id: string): ContainerSizes {
  const { root } = readConfig(context, id);
  const { upper } = containerPaths(context.directories, id);
  return containerSize({ upper, rootfs: root.kind === 'directory' ? root.path : '' });
}
