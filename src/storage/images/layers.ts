/** Unpacked layers: one directory per chain of layers, complete once it has its final name. */
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { TspodError } from '../../errors.js';
import { digestOf, hashFor, splitDigest } from '../../oci/digest.js';
import { setAttributeAt, setModeAt, setOwnerAt, setTimeAt, type PlaceAt } from '../../native/directory-changes.js';
import {
  directoryEntry,
  isDirectory,
  openBeneath,
  openDirectory,
  type DirectoryEntry,
} from '../../native/directory-entries.js';
import { isNativeError } from '../../native/native-error.js';
import { removeTree } from '../../native/tree.js';
import type { BinaryText } from '../../util/binary-text.js';
import { O_DIRECTORY, O_PATH } from '../../util/file-bits.js';
import { isKept } from '../owners.js';
import type { ImagePaths } from '../paths.js';
import { unpackLayer, type LayerLimits, type UnpackedLayer } from './unpack-layer.js';

/** Record of a complete layer. */
export interface LayerRecord {
  readonly chain: string;
  /** Chain id of the layer below it. */
  readonly parent?: string;
  /** Digest of the layer's uncompressed archive (diff id). */
  readonly diff: string;
  /** Total size of the layer's files, in bytes. */
  readonly size: number;
}

/** Returns the chain ids for a list of diff ids, from the lowest layer up (OCI image specification, config.md). */
export function chainIds(diffs: readonly string[]): readonly string[] {
  const chains: string[] = [];
  for (const diff of diffs) {
    const below = chains.at(-1);
    chains.push(below === undefined ? diff : digestOf(Buffer.from(`${below} ${diff}`)));
  }
  return chains;
}

export function layerDirectory({ layers }: ImagePaths, chain: string): string {
  return join(layers, chain.slice(chain.indexOf(':') + 1));
}

/** Returns the directory in which the layer is being unpacked. */
export function unreadyLayerPath(paths: ImagePaths, chain: string): string {
  return `${layerDirectory(paths, chain)}.new`;
}

/** Returns the directory with the layer's files. */
export function layerPath(paths: ImagePaths, chain: string): string {
  return join(layerDirectory(paths, chain), 'diff');
}

/** Returns the lower directories for an overlay mount, topmost first. */
export function lowerDirectories(paths: ImagePaths, chains: readonly string[]): readonly string[] {
  return chains.map((chain) => layerPath(paths, chain)).toReversed();
}

/** Returns the lower directories for a read-only overlay mount: at least two, which overlayfs requires. */
export function readOnlyLowerDirectories(paths: ImagePaths, chains: readonly string[]): readonly string[] {
  const lower = lowerDirectories(paths, chains);
  const [only = emptyLayer(paths, 'nothing')] = lower;
  return lower.length > 1 ? lower : [only, emptyLayer(paths)];
}

/**
 * Returns an empty directory to be used as a lower layer, creating it if needed. An overlay needs a lower layer, and
 * two if it has no upper one.
 */
export function emptyLayer({ layers }: ImagePaths, name: 'empty' | 'nothing' = 'empty'): string {
  const path = join(layers, name);
  if (mkdirSync(path, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(path, 0o755);
  return path;
}

export function hasLayer(paths: ImagePaths, chain: string): boolean {
  return statSync(join(layerDirectory(paths, chain), 'layer.json'), { throwIfNoEntry: false }) !== undefined;
}

/** Reads the record of a complete layer; undefined if the layer is not there. Throws STORE_BROKEN. */
export function readLayer(paths: ImagePaths, chain: string): LayerRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(layerDirectory(paths, chain), 'layer.json'), 'utf8')) as LayerRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TspodError('STORE_BROKEN', `the record of layer ${chain} cannot be read`, { cause: error });
  }
}

export interface NewLayer {
  readonly chain: string;
  readonly diff: string;
  /** Chain ids of the layers below this one, from the lowest up. */
  readonly below: readonly string[];
  /** The layer's archive, decompressed. */
  readonly archive: AsyncIterable<Uint8Array>;
  readonly limits?: LayerLimits;
  readonly signal?: AbortSignal | undefined;
}

/** A layer that is unpacked but does not have its final name yet. */
export interface UnreadyLayer extends Pick<NewLayer, 'chain' | 'diff' | 'below'> {
  readonly unpacked: UnpackedLayer;
}

/**
 * Unpacks a layer; the layers below it need not be there yet. A failure leaves nothing. Call it, and what follows,
 * under the layer's lock. Throws BAD_IMAGE (also if the archive does not match the diff id), DISK_FULL, ABORTED.
 */
export async function beginLayer(paths: ImagePaths, layer: NewLayer): Promise<UnreadyLayer> {
  const { chain, diff, below, signal, limits } = layer;
  await dropUnready(paths, layer);
  const top = join(unreadyLayerPath(paths, chain), 'diff');
  mkdirSync(top, { recursive: true, mode: 0o700 });
  try {
    chmodSync(top, 0o755);
    using root = openDirectory(top);
    const hash = hashFor(diff);
    const unpacked = await unpackLayer(hashed(layer.archive, hash), root.fd, {
      signal,
      ...(limits === undefined ? {} : { limits }),
    });
    const found = hash.digest('hex');
    if (splitDigest(diff).hex !== found)
      throw new TspodError(
        'BAD_IMAGE',
        `a layer does not match the image's config: its digest is ${found}, not ${diff}`,
      );
    return { chain, diff, below, unpacked };
  } catch (error) {
    await dropUnready(paths, layer);
    throw error;
  }
}

/** Gives an unpacked layer its final name. The layers below it must be complete. */
export async function completeLayer(paths: ImagePaths, layer: UnreadyLayer): Promise<LayerRecord> {
  const { chain, diff, below, unpacked } = layer;
  const unready = unreadyLayerPath(paths, chain);
  try {
    using root = openDirectory(join(unready, 'diff'));
    await inheritFromBelow(paths, root.fd, { unpacked, below });
    const parent = below.at(-1);
    const record = { chain, ...(parent === undefined ? {} : { parent }), diff, size: unpacked.size };
    writeFileSync(join(unready, 'layer.json'), JSON.stringify(record), { mode: 0o600 });
    renameSync(unready, layerDirectory(paths, chain));
    return record;
  } catch (error) {
    await dropUnready(paths, layer);
    throw error;
  }
}

/** Removes an unfinished layer. */
export async function dropUnready(paths: ImagePaths, { chain }: Pick<NewLayer, 'chain'>): Promise<void> {
  await removeTree(unreadyLayerPath(paths, chain));
}

async function* hashed(
  archive: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of archive) {
    hash.update(chunk);
    yield chunk;
  }
}

/**
 * Gives directories that the archive does not describe the owner, mode, time and attributes that they have in the
 * layers below: overlayfs shows those of the upper layer.
 */
async function inheritFromBelow(
  paths: ImagePaths,
  root: number,
  { unpacked, below }: { readonly unpacked: UnpackedLayer; readonly below: readonly string[] },
): Promise<void> {
  const undescribed = [...(unpacked.hasTop ? [] : ['']), ...unpacked.implied];
  if (undescribed.length === 0) return;
  for (const path of undescribed.toReversed()) {
    for (const chain of below.toReversed()) {
      using lower = openDirectory(layerPath(paths, chain));
      const model = await directoryAt(lower.fd, path);
      if (model === undefined) continue;
      copyAttributes(root, path, model);
      break;
    }
  }
}

async function directoryAt(root: number, path: BinaryText): Promise<DirectoryEntry | undefined> {
  try {
    using found = openBeneath(root, path, O_PATH | O_DIRECTORY, { links: false });
    const entry = await directoryEntry(found.fd, '.');
    return entry !== undefined && isDirectory(entry) ? entry : undefined;
  } catch (error) {
    if (isNativeError(error)) return undefined;
    throw error;
  }
}

function copyAttributes(root: number, path: BinaryText, model: DirectoryEntry): void {
  using directory = openBeneath(root, path, O_PATH | O_DIRECTORY, { links: true });
  const place: PlaceAt = { directory: directory.fd, name: '.' };
  setOwnerAt(place, model);
  for (const [name, value] of model.xattrs) if (isKept(name)) setAttributeAt(place, name, value);
  setModeAt(place, model.mode);
  setTimeAt(place, { sec: model.mtimeSec, nsec: model.mtimeNsec });
}
