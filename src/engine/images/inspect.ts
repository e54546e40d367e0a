/** Details and history of one image. */
import type { EngineContext } from '../../container/context.js';
import { findImage } from '../../container/create/find-image.js';
import { fullHistory } from '../../oci/history.js';
import type { ImageConfig } from '../../oci/image.js';
import type { StoredImage, StoredName } from '../../state/image-rows.js';
import { noSuchImage } from '../../state/images.js';
import { layerPath, readLayer } from '../../storage/images/layers.js';
import { isTagged } from '../../util/stored-name.js';
import { summarize } from './summary.js';
import { ancestorsOf, parentOf } from './ancestors.js';
import type { ImageHistoryEntry, ImageInspect } from './types.js';

const NEVER = '0001-01-01T00:00:00Z';

export function inspectImage(context: EngineContext, nameOrId: string): ImageInspect {
  const { store } = context;
  const { image } = findImage(store, nameOrId);
  const config = configOf(context, image);
  const summary = summarize(store, image);
  const manifest = store.images.blobs(image.seq).find(({ digest }) => digest === summary.digest);
  const { Healthcheck, ...run } = config.config ?? {};
  return {
    Id: image.id,
    Digest: summary.digest,
    RepoTags: summary.names.filter(isTagged),
    RepoDigests: summary.digests,
    Parent: parentOf(context, image) ?? '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? NEVER,
    Config: { ...run },
    Version: '',
    Author: config.author ?? '',
    Architecture: config.architecture,
    Os: config.os,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: graphDriver(context, image),
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Labels: config.config?.Labels ?? null,
    Annotations: image.summary.annotations,
    ManifestType: manifest?.mediaType ?? '',
    User: config.config?.User ?? '',
    History: (config.history ?? []).map((entry) => ({ ...entry })),
    NamesHistory: summary.names,
    ...(Healthcheck === undefined ? {} : { Healthcheck }),
  };
}

function configOf({ store }: EngineContext, image: StoredImage): ImageConfig {
  const config = store.images.config(image.id);
  if (config === undefined) throw noSuchImage(image.id);
  return config;
}

function graphDriver({ store, paths }: EngineContext, image: StoredImage): ImageInspect['GraphDriver'] {
  const [top, ...below] = store.images
    .layers(image.seq)
    .toReversed()
    .map((chain) => layerPath(paths.images, chain));
  return {
    Name: 'overlay',
    Data: {
      ...(below.length === 0 ? {} : { LowerDir: below.join(':') }),
      ...(top === undefined ? {} : { UpperDir: top }),
    },
  };
}

/** Returns the history of an image, newest first. An image may have layers that its history does not mention. */
export function imageHistory(context: EngineContext, nameOrId: string): readonly ImageHistoryEntry[] {
  const { store, paths } = context;
  const { image } = findImage(store, nameOrId);
  const config = configOf(context, image);
  const sizes = store.images.layers(image.seq).map((chain) => readLayer(paths.images, chain)?.size ?? 0);
  const below = new Map(ancestorsOf(context, image).map((ancestor) => [ancestor.entries, ancestor.image]));
  const entries = fullHistory(config).map((entry, index): ImageHistoryEntry => ({
    id: below.get(index + 1)?.id ?? '<missing>',
    createdAt: entry.created === undefined ? null : new Date(entry.created),
    createdBy: entry.created_by ?? '',
    size: entry.empty_layer === true ? 0 : (sizes.shift() ?? 0),
    comment: entry.comment ?? '',
    names: tagsOf(below.get(index + 1)?.names ?? []),
  }));
  const [newest, ...older] = entries.toReversed();
  if (newest === undefined) return [];
  return [{ ...newest, id: image.id, names: tagsOf(image.names) }, ...older];
}

function tagsOf(names: readonly StoredName[]): readonly string[] {
  return names.map(({ name }) => name).filter(isTagged);
}
