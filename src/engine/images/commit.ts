/** `images.commit()`: makes an image of a container. */
import type { Readable } from 'node:stream';

import type { EngineContext } from '../../container/context.js';
import { recordContainerEvent } from '../../container/events.js';
import { manifestOf } from '../../container/create/find-image.js';
import { observe, statusOf } from '../../container/observe.js';
import { withRoot } from '../../container/files/root-view.js';
import { heldStream } from '../../container/files/archive-stream.js';
import { changesOf, openOwnLayer } from '../../container/verbs/diff.js';
import { pauseContainer, unpauseContainer } from '../../container/verbs/pause.js';
import { readConfig } from '../../container/config.js';
import { isTspodError, TspodError } from '../../errors.js';
import { withChanges } from '../../oci/changes.js';
import { fullHistory } from '../../oci/history.js';
import type { Descriptor, ImageConfig, ImageRunConfig } from '../../oci/image.js';
import { parseManifest } from '../../oci/parse-image.js';
import { platformOf } from '../../oci/platform.js';
import type { ContainerConfig } from '../../spec/config.js';
import { committedConfig } from '../../spec/committed-config.js';
import { noSuchImage } from '../../state/images.js';
import { readBlob } from '../../storage/images/blobs.js';
import { Lease } from '../../storage/images/lease.js';
import { packDirectory } from '../../storage/pack-tree.js';
import { containerPaths } from '../../storage/paths.js';
import { fromBinaryText } from '../../util/binary-text.js';
import { buildImage } from './build-image.js';
import { summarize } from './summary.js';
import { localName } from './tag.js';
import type { CommitOptions, ImageSummary } from './types.js';

export async function commitContainer(
  context: EngineContext,
  container: string,
  options: CommitOptions = {},
): Promise<ImageSummary> {
  const { format = 'oci', changes = [], includeVolumes = false } = options;
  if (format !== 'oci' && format !== 'docker')
    throw new TspodError('INVALID_ARGUMENT', `unrecognized image format ${JSON.stringify(format)}`);
  const name = options.name === undefined ? undefined : localName(options.name);
  const id = context.store.find(container).id;
  const config = readConfig(context, id);
  // Everything that can be refused is refused before the container is paused.
  const base = baseOf(context, id, config, options.squash === true);
  const run = withChanges(committedConfig(config, base?.config.config ?? {}, { includeVolumes }), changes);
  using lease = new Lease(context.store, context.paths.images);
  if (base !== undefined) {
    lease.add(base.layers.map(({ digest }) => ({ kind: 'blob', key: digest })));
    lease.add(base.chains.map((chain) => ({ kind: 'layer', key: chain })));
  }
  let isPaused = false;
  try {
    isPaused = options.pause === true && (await pauseIfRunning(context, id));
    const upon = options.squash === true ? undefined : base;
    const image = await buildImage(context, {
      base: upon?.layers ?? [],
      layer: upon === undefined ? await wholeTree(context, id, options) : ownLayer(context, id, options),
      config: imageConfig({ run, config, options, base, upon }),
      form: format,
      ...(format === 'oci' && Object.keys(config.annotations).length > 0 ? { annotations: config.annotations } : {}),
      name,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    recordContainerEvent(context, { id, status: 'commit' });
    return summarize(context.store, image);
  } finally {
    lease.end();
    if (isPaused) await unpause(context, id);
  }
}

interface Base {
  readonly config: ImageConfig;
  readonly layers: readonly Descriptor[];
  readonly chains: readonly string[];
}

/**
 * Returns the image that the container is made of; undefined if it has a root directory. Throws NOT_SUPPORTED for
 * `host:` without `squash`.
 */
function baseOf(
  { store, paths }: EngineContext,
  id: string,
  { root }: ContainerConfig,
  squash: boolean,
): Base | undefined {
  if (root.kind === 'host' && !squash)
    throw new TspodError(
      'NOT_SUPPORTED',
      `the root of container ${id} is the machine's own system: an image of all of it needs squash`,
    );
  if (root.kind !== 'image') return undefined;
  const [image] = store.images.byIdPrefix(root.id);
  const config = store.images.config(root.id);
  if (image === undefined || config === undefined) throw noSuchImage(root.id);
  const parsed = parseManifest(readBlob(paths.images, manifestOf(store, image)));
  if (parsed.kind === 'index') throw new TspodError('STORE_BROKEN', `the manifest of image ${root.id} is an index`);
  return { config, layers: parsed.manifest.layers, chains: store.images.layers(image.seq) };
}

interface Parts {
  readonly run: ImageRunConfig;
  readonly config: ContainerConfig;
  readonly options: CommitOptions;
  readonly base: Base | undefined;
  /** The base image if its layers are kept; undefined with `squash`. */
  readonly upon: Base | undefined;
}

function imageConfig({ run, config, options, base, upon }: Parts): ImageConfig {
  const created = new Date().toISOString();
  const { author = base?.config.author, message } = options;
  const { os, architecture, variant } = base?.config ?? platformOf(process.arch);
  return {
    created,
    ...(author === undefined ? {} : { author }),
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: run,
    rootfs: { type: 'layers', diff_ids: upon?.config.rootfs.diff_ids ?? [] },
    history: [
      ...(upon === undefined ? [] : fullHistory(upon.config)),
      {
        created,
        created_by: config.args.join(' '),
        ...(options.author === undefined ? {} : { author: options.author }),
        ...(message === undefined ? {} : { comment: message }),
      },
    ],
  };
}

/** Packs the files that the container has changed. */
async function* ownLayer(
  context: EngineContext,
  id: string,
  { signal }: CommitOptions,
): AsyncGenerator<Buffer, void, undefined> {
  using layer = await openOwnLayer(context, id, { operation: 'commit', signal });
  const changed = new Set((await changesOf(layer, 'commit', signal)).map(({ path }) => path));
  const { uidMaps, gidMaps } = layer.config;
  yield* packDirectory(layer.upper, {
    idMaps: { uidMaps, gidMaps },
    signal,
    layer: (path) => changed.has(`/${fromBinaryText(path)}`),
  });
}

async function wholeTree(context: EngineContext, id: string, { signal }: CommitOptions): Promise<Readable> {
  return heldStream(context, (stream) =>
    withRoot(context, id, { operation: 'commit', what: 'alone', signal }, ({ fd, idMaps }) =>
      stream(packDirectory(fd, { idMaps, signal })),
    ),
  );
}

async function pauseIfRunning(context: EngineContext, id: string): Promise<boolean> {
  const stored = context.store.get(id);
  if (stored === undefined) return false;
  const paths = containerPaths(context.directories, id);
  if (statusOf(stored.state, observe(stored.state, paths)) !== 'running') return false;
  try {
    await pauseContainer(context, id);
    return true;
  } catch (error) {
    if (isTspodError(error, 'STATE_INVALID')) return false; // it has ended meanwhile
    throw error;
  }
}

async function unpause(context: EngineContext, id: string): Promise<void> {
  try {
    await unpauseContainer(context, id);
  } catch (error) {
    // The container was killed, removed or unpaused meanwhile.
    if (!isTspodError(error, 'STATE_INVALID') && !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
  }
}
