/** Counts what the store takes on the disk, and how much of it is unused. */
import type { EngineContext } from '../container/context.js';
import { throwIfAborted } from '../native/abort.js';
import { blobSize } from '../storage/images/blobs.js';
import { readLayer } from '../storage/images/layers.js';
import { treeSize } from '../storage/size.js';
import type { StoredImage } from '../state/image-rows.js';
import type { SignalOption } from '../container/api/container.js';
import { leftoverBytes } from './images/leftovers.js';
import { summarize } from './images/summary.js';
import { listContainers } from './containers/list.js';
import type { DiskUsage, ImageUsage } from './types.js';
import { makeVolumes } from './volumes/volumes.js';

export function diskUsage(context: EngineContext, { signal }: SignalOption = {}): DiskUsage {
  throwIfAborted('look how much is in use', signal);
  return {
    images: imagesUsage(context),
    containers: containersUsage(context),
    volumes: volumesUsage(context),
  };
}

function containersUsage(context: EngineContext): DiskUsage['containers'] {
  const items = listContainers(context, { all: true, size: true });
  const isActive = ({ pid }: { readonly pid: number }) => pid > 0;
  const sum = (of: typeof items) => of.reduce((bytes, { size }) => bytes + (size?.writable ?? 0), 0);
  return {
    total: items.length,
    active: items.filter(isActive).length,
    bytes: sum(items),
    reclaimable: sum(items.filter((item) => !isActive(item))),
    items,
  };
}

/**
 * Counts the files in the volumes' own directories; a host directory that stands in place of one is not the store's and
 * is not counted.
 */
function volumesUsage(context: EngineContext): DiskUsage['volumes'] {
  const items = makeVolumes(context)
    .list()
    .map(({ name, mountpoint, containers }) => ({ name, links: containers.length, bytes: treeSize(mountpoint) }));
  const sum = (of: typeof items) => of.reduce((total, { bytes }) => total + bytes, 0);
  return {
    total: items.length,
    active: items.filter(({ links }) => links > 0).length,
    bytes: sum(items),
    reclaimable: sum(items.filter(({ links }) => links === 0)),
    items,
  };
}

interface Part {
  readonly bytes: number;
  readonly isLayer: boolean;
  /** Number of images that contain the part. */
  users: number;
  /** Whether at least one of these images is in use. */
  isNeeded: boolean;
}

/** Counts layers and blobs, each once however many images share it. */
function imagesUsage(context: EngineContext): DiskUsage['images'] {
  const { store } = context;
  const parts = new Map<string, Part>();
  const images = store.images.list().map((image) => {
    const isActive = image.uses > 0 || store.images.mounts(image.seq) !== undefined;
    const own = partsOf(context, image, parts);
    for (const part of own) {
      part.users += 1;
      part.isNeeded ||= isActive;
    }
    return { image, isActive, own };
  });
  const sum = (of: readonly Part[]) => of.reduce((total, { bytes }) => total + bytes, 0);
  const left = leftoverBytes(context);
  const all = [...parts.values()];
  const items = images.map(({ image, own }): ImageUsage => {
    const layers = own.filter(({ isLayer }) => isLayer);
    const shared = sum(layers.filter(({ users }) => users > 1));
    return { image: summarize(store, image), shared, unique: sum(layers) - shared };
  });
  return {
    total: images.length,
    active: images.filter(({ isActive }) => isActive).length,
    bytes: sum(all) + left,
    reclaimable: sum(all.filter(({ isNeeded }) => !isNeeded)) + left,
    items,
  };
}

/** Returns the layers and blobs of an image. A part that images share is one object in `known`. */
function partsOf({ store, paths }: EngineContext, { seq }: StoredImage, known: Map<string, Part>): readonly Part[] {
  const part = (key: string, isLayer: boolean, bytes: () => number): Part => {
    const found = known.get(key) ?? { bytes: bytes(), isLayer, users: 0, isNeeded: false };
    known.set(key, found);
    return found;
  };
  return [
    ...new Set([
      ...store.images
        .layers(seq)
        .map((chain) => part(`layer ${chain}`, true, () => readLayer(paths.images, chain)?.size ?? 0)),
      ...store.images
        .blobs(seq)
        .map(({ digest }) => part(`blob ${digest}`, false, () => blobSize(paths.images, digest) ?? 0)),
    ]),
  ];
}
