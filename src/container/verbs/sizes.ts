import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import type { ContainerSizes } from '../files-api.js';
import { sizedRoot, sizesOver } from '../sizes.js';

/** Throws NO_SUCH_CONTAINER. */
export function containerSizes(context: EngineContext, id: string): ContainerSizes {
  return sizesOver(context, id, sizedRoot(readConfig(context, id).root));
}
