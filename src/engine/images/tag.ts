/** `images.tag()` and `images.untag()`: adds and removes names of images. */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { findImage, lookUp, manifestOf } from '../../container/create/find-image.js';
import { TspodError } from '../../errors.js';
import { formatName, normalizeName, parseImageName, withDefaultTag } from '../../image/reference.js';

export function tagImage(context: EngineContext, nameOrId: string, names: readonly string[]): void {
  const { store } = context;
  if (names.length === 0) throw new TspodError('INVALID_ARGUMENT', 'a name must be given');
  const { image, name: by } = findImage(store, nameOrId);
  for (const full of names.map(localName)) {
    store.images.tag(image.seq, full, manifestOf(store, image, by));
    recordImageEvent(context, { status: 'tag', id: image.id, name: full });
  }
}

/**
 * Returns a name in full; without a registry it becomes one of `localhost/`. Throws INVALID_ARGUMENT for a name with a
 * digest.
 */
export function localName(text: string): string {
  const name = parseImageName(text);
  if (name.digest !== undefined)
    throw new TspodError('INVALID_ARGUMENT', `${JSON.stringify(text)}: a tag by digest is not supported`);
  return formatName(withDefaultTag(normalizeName({ registry: 'localhost', ...name })));
}

export function untagImage(context: EngineContext, nameOrId: string, names: readonly string[]): void {
  const { store } = context;
  const { image } = findImage(store, nameOrId);
  const gone =
    names.length === 0 ? image.names.map(({ name }) => name) : names.map((name) => nameOf(context, image.id, name));
  for (const name of gone) {
    if (store.images.untag(image.seq, name)) recordImageEvent(context, { status: 'untag', id: image.id, name });
  }
}

/** Returns a name of this image in full. Throws NO_SUCH_IMAGE unless the image has the name. */
function nameOf({ store }: EngineContext, id: string, text: string): string {
  const found = lookUp(store, text);
  if (found?.name !== undefined && found.image.id === id) return found.name;
  throw new TspodError('NO_SUCH_IMAGE', `${text}: tag not known`, { details: { name: text } });
}
