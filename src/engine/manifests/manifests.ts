/** `engine.manifests`, bound to one engine. */

import { tracked, type EngineContext } from '../../container/context.js';
import { lookUp, lookUpList, manifestOf } from '../../container/create/find-image.js';
import { TspodError } from '../../errors.js';
import { randomBytes } from '../../native/primitives.js';
import type { ImageIndex, ImageManifest } from '../../oci/image.js';
import { MAX_IMAGES, parseManifest } from '../../oci/parse-image.js';
import type { ListedManifest, StoredList } from '../../state/manifest-lists.js';
import {
  checkedAnnotate,
  checkedManifestAdd,
  checkedManifestCreate,
  checkedManifestFetch,
  checkedManifestPush,
} from '../images/call-options.js';
import { localName } from '../images/tag.js';
import { described, entriesOf } from './entries.js';
import { indexOf } from './index-of.js';
import { removeList } from './names.js';
import { pushList } from './push.js';
import type {
  ManifestAddOptions,
  ManifestCreateOptions,
  ManifestEntryOptions,
  ManifestFetchOptions,
  ManifestListSummary,
  Manifests,
} from './types.js';

export function makeManifests(context: EngineContext): Manifests {
  const { store } = context;
  return {
    create: (name, options) => tracked(context, async () => create(context, name, checkedManifestCreate(options))),
    add: (list, image, options) => tracked(context, async () => add(context, list, image, checkedManifestAdd(options))),
    annotate: (list, image, options) => annotate(context, list, image, checkedAnnotate(options)),
    removeEntry: (list, image) => removeEntry(context, list, image),
    fetch: (from, options) => tracked(context, async () => fetchManifest(from, checkedManifestFetch(options))),
    get: (list) => summarize(find(context, list)),
    exists: (list) => lookUpList(store, list) !== undefined,
    list: () => store.manifestLists.list().map(summarize),
    push: (list, to, options) =>
      tracked(context, async () => {
        const checked = checkedManifestPush(options);
        return pushList(context, find(context, list), to, checked ?? {});
      }),
    remove: (list) => {
      const found = find(context, list);
      removeList(context, found);
      return summarize(found);
    },
  };
}

async function fetchManifest(
  from: string,
  { registry, signal }: ManifestFetchOptions = {},
): Promise<ImageManifest | ImageIndex> {
  const { openSource } = await import('../images/open.js');
  const { source } = await openSource(from, registry, signal);
  await using _source = source;
  const { bytes, mediaType } = await source.manifest(undefined, signal === undefined ? {} : { signal });
  const parsed = parseManifest(bytes, mediaType);
  return parsed.kind === 'index' ? parsed.index : parsed.manifest;
}

function summarize(list: StoredList): ManifestListSummary {
  return { id: list.id, names: list.names, createdAt: new Date(list.createdUs / 1000), index: indexOf(list) };
}

function find(context: EngineContext, nameOrId: string): StoredList {
  const found = lookUpList(context.store, nameOrId);
  if (found !== undefined) return found.list;
  if (lookUp(context.store, nameOrId) !== undefined)
    throw new TspodError('NO_SUCH_IMAGE', `${nameOrId}: image is not a manifest list`, { details: { name: nameOrId } });
  throw new TspodError('NO_SUCH_IMAGE', `${nameOrId}: image not known`, { details: { name: nameOrId } });
}

async function create(
  context: EngineContext,
  name: string,
  { images = [], amend = false, ...options }: ManifestCreateOptions = {},
): Promise<ManifestListSummary> {
  const { store } = context;
  const found: ListedManifest[] = [];
  for (const image of images) found.push(...(await entriesOf(context, image, options)));
  const known = amend ? lookUpList(store, name)?.list : undefined;
  const id = known?.id ?? randomBytes(32).toString('hex');
  const createdUs = Date.now() * 1000;
  if (known === undefined) store.manifestLists.add({ id, createdUs, manifests: merged([], found) }, localName(name));
  else store.manifestLists.change(id, (manifests) => merged(manifests, found));
  return summarize(find(context, id));
}

async function add(
  context: EngineContext,
  name: string,
  image: string,
  options: ManifestAddOptions = {},
): Promise<ManifestListSummary> {
  const { id } = find(context, name);
  const found = await entriesOf(context, image, options);
  context.store.manifestLists.change(id, (manifests) => merged(manifests, found));
  return summarize(find(context, id));
}

/** Adds entries to those of a list; an entry with a known digest replaces the old one in its place. */
function merged(before: readonly ListedManifest[], found: readonly ListedManifest[]): readonly ListedManifest[] {
  const all = new Map([...before, ...found].map((entry) => [entry.descriptor.digest, entry]));
  if (all.size > MAX_IMAGES) throw new TspodError('INVALID_ARGUMENT', `a list must have at most ${MAX_IMAGES} images`);
  return [...all.values()];
}

function annotate(
  context: EngineContext,
  name: string,
  image: string,
  options: ManifestEntryOptions,
): ManifestListSummary {
  const list = find(context, name);
  const digest = digestIn(context, list, image);
  context.store.manifestLists.change(list.id, (manifests) =>
    manifests.map((entry) =>
      entry.descriptor.digest === digest ? { ...entry, descriptor: described(entry.descriptor, options) } : entry,
    ),
  );
  return summarize(find(context, list.id));
}

function removeEntry(context: EngineContext, name: string, image: string): ManifestListSummary {
  const list = find(context, name);
  const digest = digestIn(context, list, image);
  context.store.manifestLists.change(list.id, (manifests) =>
    manifests.filter(({ descriptor }) => descriptor.digest !== digest),
  );
  return summarize(find(context, list.id));
}

/** Returns the digest of an entry that is given by its digest or by an image of the store. */
function digestIn({ store }: EngineContext, list: StoredList, image: string): string {
  const has = (digest: string) => list.manifests.some(({ descriptor }) => descriptor.digest === digest);
  if (has(image)) return image;
  const found = lookUp(store, image);
  const digest = found === undefined ? image : manifestOf(store, found.image, found.name);
  if (has(digest)) return digest;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `no instance matching digest ${JSON.stringify(digest)} found in manifest list ${list.names[0] ?? list.id}`,
    { details: { digest } },
  );
}
