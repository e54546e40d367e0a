/** `images.load()`: stores all images of an archive or a directory. */
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { manifestOf } from '../../container/create/find-image.js';
import { isTspodError, TspodError } from '../../errors.js';
import { spoolDirectory } from '../../host/directories.js';
import { openUnnamed, writeUnnamed } from '../../image/archive/unnamed-file.js';
import type { ContainedImage, OpenImageOptions } from '../../image/open.js';
import { parseImageName } from '../../image/reference.js';
import { abortedError } from '../../native/abort.js';
import { wantedPlatform } from '../../oci/platform.js';
import type { StoredImage } from '../../state/image-rows.js';
import { processAccess } from '../registries/access.js';
import { fetchImage } from './fetch-image.js';
import { summarize } from './summary.js';
import { localName } from './tag.js';
import type { LoadedImage, LoadOptions } from './types.js';

export async function loadImages(
  context: EngineContext,
  from: string | Readable,
  options: LoadOptions = {},
): Promise<readonly LoadedImage[]> {
  if (typeof from === 'string') return loadPath(context, from, options);
  const fd = openUnnamed(spoolDirectory());
  try {
    await spool(from, fd, options);
    return await loadPath(context, spooledPath(fd), options);
  } catch (error) {
    throw named(error, spooledPath(fd), from);
  } finally {
    closeSync(fd);
  }
}

function spooledPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Replaces the path of the spooled copy in an error's message by a name for the stream, which the caller knows. */
function named(error: unknown, path: string, from: Readable): unknown {
  if (!isTspodError(error) || !error.message.includes(path)) return error;
  const name = (from as { readonly fd?: unknown }).fd === 0 ? 'stdin' : 'the stream';
  const message = error.message.replaceAll(JSON.stringify(path), name).replaceAll(path, name);
  return new TspodError(error.code, message, { details: error.details, cause: error });
}

/** Copies the stream to a file, because the parts of an archive are needed in another order than they come in. */
async function spool(from: Readable, fd: number, { signal }: LoadOptions): Promise<void> {
  const file = writeUnnamed(fd);
  try {
    await (signal === undefined ? pipeline(from, file) : pipeline(from, file, { signal }));
  } catch (error) {
    if (signal?.aborted === true) throw abortedError('load', signal);
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new TspodError('DISK_FULL', `load: ${(error as Error).message}`, { cause: error });
  }
}

async function loadPath(context: EngineContext, path: string, options: LoadOptions): Promise<readonly LoadedImage[]> {
  if (path.includes(':'))
    throw new TspodError('INVALID_ARGUMENT', `${JSON.stringify(path)}: the path contains a colon`);
  const { UnpackedArchives } = await import('../../image/archive/archive-file.js');
  using unpacked = new UnpackedArchives();
  const archive = { ...processAccess(), temporaryDirectory: spoolDirectory(), unpacked, signal: options.signal };
  const { listImages } = await import('../../image/open.js');
  const { detectTransport } = await import('../../image/detect.js');
  const kind = await detectTransport(path, archive);
  const found = await listImages(`${kind}:${path}`, archive);
  if (found.length === 0) throw new TspodError('NO_SUCH_IMAGE', `${path} contains no image`);
  const namesOf = kind === 'docker-archive' ? dockerNames : layoutNames;
  // All names are checked first: an archive with an invalid name is refused as a whole.
  const wanted = found.map((image) => ({ image, names: namesOf(image) }));
  const loaded: LoadedImage[] = [];
  for (const { image, names } of wanted) {
    const stored = await loadOne(context, image, { names, archive, options });
    loaded.push({ image: summarize(context.store, stored), names });
  }
  return loaded;
}

interface Loading {
  readonly names: readonly string[];
  readonly archive: OpenImageOptions;
  readonly options: LoadOptions;
}

async function loadOne(
  context: EngineContext,
  { reference }: ContainedImage,
  { names, archive, options }: Loading,
): Promise<StoredImage> {
  const { openSource } = await import('../../image/open.js');
  const { store, paths } = context;
  const [name, ...others] = names;
  await using source = await openSource(reference, archive);
  const image = await fetchImage({
    ...{ store, paths: paths.images, source, name },
    platform: wantedPlatform(),
    isPlatformWanted: false,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  for (const other of others) store.images.tag(image.seq, other, manifestOf(store, image, name));
  recordImageEvent(context, { status: 'loadfromarchive', id: image.id, name: name ?? image.id });
  return store.images.bySeq(image.seq) ?? image;
}

/** Returns the names of an image in a docker-archive. A short name becomes one of `localhost/`. */
function dockerNames({ names }: ContainedImage): readonly string[] {
  return localNames(names);
}

/**
 * Returns the names of an image in an OCI layout. Where Docker has written a full name, the bare tag beside it is
 * ignored.
 */
function layoutNames({ names }: ContainedImage): readonly string[] {
  const whole = names.filter((name) => name.includes('/'));
  const chosen = whole.length > 0 ? whole : names;
  return localNames(chosen);
}

/** Returns the names in full and each once, without those that have a digest. */
function localNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name) => parseImageName(name).digest === undefined).map(localName))];
}
