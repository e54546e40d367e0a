/** Names and removal of manifest lists, and their summaries among images. */
import type { EngineContext } from '../../container/context.js';
import type { FoundList } from '../../container/create/find-image.js';
import { recordImageEvent } from '../../container/events.js';
import { TspodError } from '../../errors.js';
import { digestOf } from '../../oci/digest.js';
import type { StoredList } from '../../state/manifest-lists.js';
import { repositoryOf } from '../../util/stored-name.js';
import { localName } from '../images/tag.js';
import type { ImageSummary, RemovedImage } from '../images/types.js';
import { indexOf } from './index-of.js';

export function summarizeList(list: StoredList): ImageSummary {
  const { id, names, createdUs } = list;
  const index = Buffer.from(JSON.stringify(indexOf(list)));
  const digest = digestOf(index);
  const createdAt = new Date(createdUs / 1000);
  const repositories = new Set(names.map(repositoryOf));
  return {
    ...{ id, names, digest, createdAt, addedAt: createdAt, size: index.length },
    digests: [...repositories].map((repository) => `${repository}@${digest}`),
    ...{ labels: {}, os: '', architecture: '', variant: '', containers: 0 },
    dangling: names.length === 0,
    isManifestList: true,
  };
}

export function tagList(context: EngineContext, { id }: StoredList, names: readonly string[]): void {
  for (const name of names.map(localName)) {
    context.store.manifestLists.tag(id, name);
    recordImageEvent(context, { status: 'tag', id, name });
  }
}

/**
 * Removes names from a list, all of them if none is given. Throws NO_SUCH_IMAGE for a name that the list does not have.
 */
export function untagList(context: EngineContext, list: StoredList, names: readonly string[]): void {
  const gone = names.length === 0 ? list.names : names.map(localName);
  for (const name of gone) {
    if (!list.names.includes(name))
      throw new TspodError('NO_SUCH_IMAGE', `${name}: tag not known`, { details: { name } });
  }
  for (const name of gone) {
    if (context.store.manifestLists.untag(list.id, name))
      recordImageEvent(context, { status: 'untag', id: list.id, name });
  }
}

/**
 * Removes one of several names, or the list together with its last name. A list with several names is removed by its id
 * only with `force`.
 */
export function removeNamed(context: EngineContext, { list, name }: FoundList, force: boolean): RemovedImage {
  const { id, names } = list;
  if (name === undefined && names.length > 1 && !force) {
    const all = names.join(', ');
    throw new TspodError(
      'INVALID_ARGUMENT',
      `unable to delete image "${id}" by ID with more than one tag ([${all}]): please force removal`,
    );
  }
  if (name === undefined || names.length <= 1) return removeList(context, list);
  untagList(context, list, [name]);
  return { untagged: [name], deleted: undefined };
}

export function removeList(context: EngineContext, { id, names }: StoredList): RemovedImage {
  context.store.manifestLists.remove(id);
  for (const name of names) recordImageEvent(context, { status: 'untag', id, name });
  recordImageEvent(context, { status: 'remove', id, name: names[0] ?? id });
  return { untagged: names, deleted: id };
}
