import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import type { ContainerSizes } from '../api/files.js';
import { sizedRoot, sizesOver } from '../files/sizes.js';

/** Returns the sizes of a container's files. Throws NO_SUCH_CONTAINER. */
export function containerSizes(context: EngineContext, id: string): ContainerSizes {
  return sizesOver(context, id, sizedRoot(readConfig(context, id).root));
}
