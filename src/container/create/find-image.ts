/** Finds images in the store by what users call them. */
import { formatName, normalizeName, parseImageName, withDefaultTag, type ImageName } from '../../image/reference.js';
import { isDigest } from '../../oci/digest.js';
import { isPlatform, wantedPlatform } from '../../oci/platform.js';
import type { ContainerImage } from '../../spec/image.js';
import { TspodError } from '../../errors.js';
import type { StoredImage } from '../../state/image-rows.js';
import type { StoredList } from '../../state/manifest-lists.js';
import { noSuchImage } from '../../state/images.js';
import { isIdPrefix } from '../../state/lookup.js';
import type { Store } from '../../state/store.js';
import type { EngineContext } from '../context.js';
import { requireString } from '../../util/require-string.js';
import { repositoryOf } from '../../util/stored-name.js';

export interface FoundImage {
  readonly image: StoredImage;
  /** The name by which the image was found; undefined: by its id, or by a digest that is in none of its names. */
  readonly name?: string;
  /** REPOSITORY@DIGEST by which the image was found, if that is not one of its names. */
  readonly place?: string;
}

export interface FoundList {
  readonly list: StoredList;
  /** The name by which the list was found; undefined: by its id. */
  readonly name?: string;
}

/**
 * Finds an image by a name (a short one is tried in `localhost/`, then in docker.io, then as the end of any name), a
 * name with a digest, a digest, or the beginning of an id; a name takes precedence over an id. For a list of images,
 * returns the one for this machine, if that is in the store. Throws NO_SUCH_IMAGE, AMBIGUOUS.
 */
export function findImage(store: Store, wanted: string): FoundImage {
  const found = lookUp(store, wanted);
  if (found === undefined) throw noSuchImage(wanted);
  return found;
}

export function lookUp(store: Store, wanted: string): FoundImage | undefined {
  const bare = bareName(wanted);
  const named = byName(store, bare);
  if (named !== undefined) return named;
  const list = listByName(store, wanted);
  if (list !== undefined) return inList(store, list);
  return byIdOrDigest(store, bare) ?? inList(store, listById(store, wanted));
}

function bareName(wanted: string): string {
  requireString('the name or id of an image', wanted);
  return wanted.replace(/^docker:\/\//, '');
}

function byIdOrDigest(store: Store, bare: string): FoundImage | undefined {
  return byId(store, bare.replace(/^sha256:(?=[0-9a-f]{1,64}$)/, '')) ?? byBareDigest(store, bare);
}

function byName(store: Store, text: string): FoundImage | undefined {
  let name;
  try {
    name = parseImageName(text);
  } catch {
    return undefined;
  }
  if (name.digest !== undefined) return byDigest(store, name, name.digest);
  const tagged = withDefaultTag(name);
  for (const candidate of candidates(tagged)) {
    const image = store.images.byName(candidate);
    if (image !== undefined) return { image, name: candidate };
  }
  if (name.registry !== undefined) return undefined;
  const end = formatName(tagged);
  const image = store.images.byNameEnd(end);
  const found = image?.names.find((stored) => stored.name.endsWith(`/${end}`));
  return image === undefined || found === undefined ? undefined : { image, name: found.name };
}

function candidates(name: ImageName): readonly string[] {
  const full = formatName(normalizeName(name));
  return name.registry === undefined ? [formatName({ ...name, registry: 'localhost' }), full] : [full];
}

function byDigest(store: Store, name: ImageName, digest: string): FoundImage | undefined {
  const { tag: _tag, digest: _digest, ...repository } = name;
  for (const candidate of candidates(repository)) {
    const place = `${candidate}@${digest}`;
    const named = store.images.byName(place);
    if (named !== undefined) return { image: named, name: place };
    const image = store.images.byDigest(digest, candidate) ?? namedByDigest(store, digest, candidate);
    if (image !== undefined) return { image, place };
  }
  return undefined;
}

/** Finds an image that was built or loaded here by digest: only its names say in which repositories its manifest is. */
function namedByDigest(store: Store, digest: string, repository: string): StoredImage | undefined {
  const image = store.images.byDigest(digest);
  return image?.names.some(({ name }) => repositoryOf(name) === repository && manifestOf(store, image, name) === digest)
    ? image
    : undefined;
}

function byId(store: Store, text: string): FoundImage | undefined {
  if (!isIdPrefix(text)) return undefined;
  const [image, second] = store.images.byIdPrefix(text);
  if (second !== undefined) throw ambiguous(text);
  return image === undefined ? undefined : { image };
}

function ambiguous(text: string): TspodError {
  return new TspodError('AMBIGUOUS', `more than one image has an ID that begins with ${text}`, {
    details: { name: text },
  });
}

function byBareDigest(store: Store, text: string): FoundImage | undefined {
  const image = isDigest(text) ? store.images.byDigest(text) : undefined;
  return image === undefined ? undefined : { image };
}

/** Finds a list of images by its name (short names as for images) or by the beginning of its id. Throws AMBIGUOUS. */
export function lookUpList(store: Store, wanted: string): FoundList | undefined {
  requireString('the name or id of an image', wanted);
  return listByName(store, wanted) ?? listById(store, wanted);
}

/**
 * Finds a list of images like lookUpList(), but returns undefined if an image has the name, or if one has the id or
 * digest and no list the name. Throws AMBIGUOUS.
 */
export function lookUpOnlyList(store: Store, wanted: string): FoundList | undefined {
  const bare = bareName(wanted);
  if (byName(store, bare) !== undefined) return undefined;
  const named = listByName(store, wanted);
  if (named !== undefined) return named;
  return byIdOrDigest(store, bare) === undefined ? listById(store, wanted) : undefined;
}

function listByName(store: Store, text: string): FoundList | undefined {
  let parsed;
  try {
    parsed = parseImageName(text);
  } catch {
    return undefined;
  }
  if (parsed.digest !== undefined) return undefined;
  for (const name of candidates(withDefaultTag(parsed))) {
    const list = store.manifestLists.byName(name);
    if (list !== undefined) return { list, name };
  }
  return undefined;
}

function listById(store: Store, text: string): FoundList | undefined {
  if (!isIdPrefix(text)) return undefined;
  const [list, second] = store.manifestLists.byIdPrefix(text);
  if (second !== undefined) throw ambiguous(text);
  return list === undefined ? undefined : { list };
}

function inList(store: Store, found: FoundList | undefined): FoundImage | undefined {
  const machine = wantedPlatform();
  for (const { descriptor } of found?.list.manifests ?? []) {
    if (descriptor.platform === undefined || !isPlatform(descriptor.platform, machine)) continue;
    const image = store.images.byDigest(descriptor.digest);
    if (image !== undefined) return { image };
  }
  return undefined;
}

/** Returns the digest of the manifest that a name stands for, or of the image's own manifest. */
export function manifestOf(store: Store, image: StoredImage, name?: string): string {
  const named = image.names.find((stored) => stored.name === name) ?? image.names[0];
  return named?.manifest ?? store.images.blobs(image.seq).find(({ kind }) => kind === 'manifest')?.digest ?? '';
}

/** Returns what a container takes from its image. Throws as findImage(). */
export function containerImage({ store }: EngineContext, wanted: string): ContainerImage {
  const { image, name, place } = findImage(store, wanted);
  const config = store.images.config(image.id);
  if (config === undefined) throw noSuchImage(wanted);
  return {
    id: image.id,
    name: name ?? place ?? image.names[0]?.name ?? image.id,
    layers: store.images.layers(image.seq),
    config: config.config ?? {},
    annotations: image.summary.annotations,
  };
}
