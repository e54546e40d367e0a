/** `images.tree()`: the layers of an image, and what was built on them. */
import type { EngineContext } from '../../container/context.js';
import { findImage } from '../../container/create/find-image.js';
import { splitDigest } from '../../oci/digest.js';
import { readLayer } from '../../storage/images/layers.js';
import { isTagged } from '../../util/stored-name.js';
import { summarize } from './summary.js';
import type { ImageLayer, ImageTree } from './types.js';

export function imageTree(
  context: EngineContext,
  nameOrId: string,
  { children = false }: { readonly children?: boolean } = {},
): ImageTree {
  const { store } = context;
  const { image } = findImage(store, nameOrId);
  const chains = store.images.layers(image.seq);
  const known = knownLayers(context);
  const layer = (chain: string, nested: boolean): ImageLayer => ({
    id: splitDigest(chain).hex,
    size: readLayer(context.paths.images, chain)?.size ?? 0,
    names: known.get(chain)?.names ?? [],
    children: nested ? [...(known.get(chain)?.above ?? [])].map((above) => layer(above, true)) : [],
  });
  const shown = children ? chains.slice(-1) : chains;
  return {
    image: summarize(store, image),
    layers: shown.map((chain) => layer(chain, children)),
  };
}

interface KnownLayer {
  /** Names of the images whose uppermost layer this is. */
  readonly names: string[];
  /** Chain ids of the layers directly on this one. */
  readonly above: Set<string>;
}

function knownLayers({ store }: EngineContext): ReadonlyMap<string, KnownLayer> {
  const known = new Map<string, KnownLayer>();
  const entry = (chain: string): KnownLayer => {
    const found = known.get(chain) ?? { names: [], above: new Set() };
    known.set(chain, found);
    return found;
  };
  for (const image of store.images.list()) {
    const chains = store.images.layers(image.seq);
    for (const [index, chain] of chains.entries()) if (index > 0) entry(chains[index - 1] ?? '').above.add(chain);
    const top = chains.at(-1);
    if (top !== undefined) entry(top).names.push(...image.names.map(({ name }) => name).filter(isTagged));
  }
  return known;
}
