/** Names of images: given and taken away. */
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

/** Without a registry it is the machine's own. */
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

/** Throws NO_SUCH_IMAGE unless it is a name of this image. */
function nameOf({ store }: EngineContext, id: string, text: string): string {
  const found = lookUp(store, text);
  if (found?.name !== undefined && found.image.id === id) return found.name;
  throw new TspodError('NO_SUCH_IMAGE', `${text}: tag not known`, { details: { name: text } });
}
