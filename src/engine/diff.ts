/** Compares the files of a container or an image with those below it, or with another container or image. */
import type { SignalOption } from '../container/api/container.js';
import type { EngineContext } from '../container/context.js';
import type { FileChange } from '../container/api/files.js';
import { findImage, lookUp } from '../container/create/find-image.js';
import { withRoot } from '../container/files/root-view.js';
import { diffContainer, openOwnLayer } from '../container/verbs/diff.js';
import { isTspodError, TspodError } from '../errors.js';
import { throwIfAborted } from '../native/abort.js';
import { openDirectory, ownFd } from '../native/directory-entries.js';
import { executeFor } from '../native/execute.js';
import { encodePlan } from '../plan/encode.js';
import { lowerRootPlan } from '../plan/root.js';
import type { StoredImage } from '../state/image-rows.js';
import { emptyLayer, layerPath, lowerDirectories } from '../storage/images/layers.js';
import { layerChanges } from '../storage/layer-changes.js';
import { treeChanges } from '../storage/tree-changes.js';
import { openImageRoot } from './images/mount.js';

/** Returns what a container, or else an image, has changed. Throws NO_SUCH_IMAGE if the name is neither. */
export async function diffAny(
  context: EngineContext,
  what: string,
  against: string | undefined,
  { signal }: SignalOption = {},
): Promise<readonly FileChange[]> {
  const found = findAny(context, what);
  const other = against === undefined ? undefined : findAny(context, against);
  if (other !== undefined) return compare(context, { found, other, signal });
  return typeof found === 'string'
    ? diffContainer(context, found, signal === undefined ? {} : { signal })
    : diffTop(context, found, signal);
}

/**
 * Returns what the uppermost layer of an image changes, or how the image differs from another one. Throws
 * NO_SUCH_IMAGE, AMBIGUOUS.
 */
export async function diffImage(
  context: EngineContext,
  what: string,
  against: string | undefined,
  { signal }: SignalOption = {},
): Promise<readonly FileChange[]> {
  const { image: found } = findImage(context.store, what);
  if (against === undefined) return diffTop(context, found, signal);
  return compare(context, { found, other: findImage(context.store, against).image, signal });
}

/** A container, by its id, or an image. */
type Found = string | StoredImage;

function findAny({ store }: EngineContext, name: string): Found {
  try {
    return store.find(name).id;
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
  }
  const image = lookUp(store, name)?.image;
  if (image === undefined)
    throw new TspodError('NO_SUCH_IMAGE', `${name} not found: layer not known`, { details: { name } });
  return image;
}

async function diffTop(
  { store, paths }: EngineContext,
  { seq }: StoredImage,
  signal: AbortSignal | undefined,
): Promise<readonly FileChange[]> {
  const chains = store.images.layers(seq);
  const top = chains.at(-1);
  if (top === undefined) return [];
  using upper = openDirectory(layerPath(paths.images, top));
  const below = lowerDirectories(paths.images, chains.slice(0, -1));
  const { plan, slot } = lowerRootPlan(below.length === 0 ? [emptyLayer(paths.images)] : below, false, paths.locks);
  using lower = ownFd(await executeFor(encodePlan(plan), slot));
  return await collected(layerChanges({ upper: upper.fd, lower: lower.fd }, new Set()), signal);
}

interface Comparison {
  readonly found: Found;
  readonly other: Found;
  readonly signal: AbortSignal | undefined;
}

function compare(context: EngineContext, { found, other, signal }: Comparison): Promise<readonly FileChange[]> {
  return withTree(context, other, signal, (older) =>
    withTree(context, found, signal, (newer) =>
      collected(treeChanges(older, newer, new Set([...older.made, ...newer.made])), signal),
    ),
  );
}

interface Tree {
  readonly fd: number;
  /** Mount points that the engine made in the tree; they do not count as changes. */
  readonly made: readonly string[];
}

async function madeIn(context: EngineContext, id: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  using own = await openOwnLayer(context, id, { operation: 'diff', signal });
  return own.made;
}

async function withTree<T>(
  context: EngineContext,
  found: Found,
  signal: AbortSignal | undefined,
  work: (tree: Tree) => Promise<T>,
): Promise<T> {
  if (typeof found === 'string') {
    const made = await madeIn(context, found, signal);
    return withRoot(context, found, { operation: 'diff', what: 'alone', signal }, ({ fd }) => work({ fd, made }));
  }
  using root = await openImageRoot(context, found);
  return await work({ fd: root.fd, made: [] });
}

async function collected(
  changes: AsyncIterable<FileChange>,
  signal: AbortSignal | undefined,
): Promise<readonly FileChange[]> {
  const all: FileChange[] = [];
  for await (const change of changes) {
    throwIfAborted('diff', signal);
    all.push(change);
  }
  return all;
}
