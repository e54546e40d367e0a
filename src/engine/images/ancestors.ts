/** Finds the images that an image was made of. No record says so; it follows from their layers and histories. */
import type { EngineContext } from '../../container/context.js';
import { fullHistory } from '../../oci/history.js';
import type { ImageHistory } from '../../oci/image.js';
import type { StoredImage } from '../../state/image-rows.js';

export interface Ancestor {
  readonly image: StoredImage;
  /** Number of layers of the ancestor. */
  readonly layers: number;
  /** Number of history entries of the ancestor, which are the first entries of both histories. */
  readonly entries: number;
}

/**
 * Returns the images whose layers are the lowest ones of this image and whose history is the beginning of its history;
 * nearest first.
 */
export function ancestorsOf({ store }: EngineContext, of: StoredImage): readonly Ancestor[] {
  const chains = store.images.layers(of.seq);
  const own = historyOf(store, of.id);
  return store.images
    .list()
    .flatMap((image): readonly Ancestor[] => {
      const layers = chains.indexOf(store.images.layers(image.seq).at(-1) ?? '') + 1;
      if (layers === 0 || image.id === of.id) return [];
      const history = historyOf(store, image.id);
      const isBeginning = history.length < own.length && history.every((entry, index) => isSame(entry, own[index]));
      return isBeginning ? [{ image, layers, entries: history.length }] : [];
    })
    .toSorted((one, other) => other.entries - one.entries);
}

/** Returns the id of the nearest ancestor, if it has all layers of the image or all but the uppermost. */
export function parentOf(context: EngineContext, image: StoredImage): string | undefined {
  const count = context.store.images.layers(image.seq).length;
  return ancestorsOf(context, image).find(({ layers }) => layers >= count - 1)?.image.id;
}

function historyOf(store: EngineContext['store'], id: string): readonly ImageHistory[] {
  const config = store.images.config(id);
  return config === undefined ? [] : fullHistory(config);
}

function isSame(one: ImageHistory, other: ImageHistory | undefined): boolean {
  const isEmpty = (entry: ImageHistory | undefined) => entry?.empty_layer === true;
  return (
    (['created', 'created_by', 'author', 'comment'] as const).every((key) => one[key] === other?.[key]) &&
    isEmpty(one) === isEmpty(other)
  );
}
