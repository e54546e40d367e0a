/** `images.save()`: writes images to archives and directories that other programs read. */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { findImage, type FoundImage } from '../../container/create/find-image.js';
import { TspodError } from '../../errors.js';
import { spoolDirectory } from '../../host/directories.js';
import type { ImageDestination } from '../../image/transport.js';
import { convertManifest, type ManifestForm } from '../../oci/convert-manifest.js';
import { parseManifest } from '../../oci/parse-image.js';
import { isTagged } from '../../util/stored-name.js';
import { openDestination } from './open.js';
import { sendImage } from './push.js';
import { localName } from './tag.js';
import { SAVE_FORMATS, type SaveOptions } from './types.js';

/** Transport and form of manifests for each format. */
const TARGETS = {
  'oci-archive': { transport: 'oci-archive', form: 'oci' },
  'oci-dir': { transport: 'oci', form: 'oci' },
  'docker-dir': { transport: 'dir', form: 'docker' },
} as const;

export async function saveImages(
  context: EngineContext,
  nameOrIds: string | readonly string[],
  to: string,
  options: SaveOptions = {},
): Promise<void> {
  const { format = 'docker-archive', names = [] } = options;
  if (!SAVE_FORMATS.includes(format))
    throw new TspodError('INVALID_ARGUMENT', `the format must be one of ${SAVE_FORMATS.join(', ')}, not ${format}`);
  if (to === '' || to.includes(':'))
    throw new TspodError('INVALID_ARGUMENT', `invalid filename (should not contain ':') ${JSON.stringify(to)}`);
  const wanted = typeof nameOrIds === 'string' ? [nameOrIds] : nameOrIds;
  const [first, ...others] = wanted.map((name) => findImage(context.store, name));
  if (first === undefined) throw new TspodError('INVALID_ARGUMENT', 'no image to save was given');
  const extra = names.map(localName);
  if (extra.length > 0 && others.length > 0)
    throw new TspodError('INVALID_ARGUMENT', 'names can only be given for a single image');
  if (format === 'docker-archive') await saveArchive(context, [first, ...others], { to, extra, options });
  else if (others.length > 0)
    throw new TspodError('INVALID_ARGUMENT', `multiple images can only be saved as docker-archive, not as ${format}`);
  else await saveOne(context, first, { to, extra, options, format });
  for (const { image, name } of [first, ...others])
    recordImageEvent(context, { status: 'save', id: image.id, name: name ?? image.id });
}

interface Saving {
  readonly to: string;
  /** Further names, beside the one by which the image was found. */
  readonly extra: readonly string[];
  readonly options: SaveOptions;
}

async function saveArchive(context: EngineContext, found: readonly FoundImage[], saving: Saving): Promise<void> {
  const { DockerArchiveDestination, DockerArchiveWriter } = await import('../../image/docker-archive/writer.js');
  await using writer = await DockerArchiveWriter.create(saving.to, spoolDirectory());
  for (const { image, names } of merged(found)) {
    const tags = new Set([...names.filter(isTagged), ...saving.extra]);
    const archive = new DockerArchiveDestination(saving.to, writer, [...tags]);
    // The archive is finished once, after all images.
    const destination = delegate(archive, { commit: () => Promise.resolve() });
    await sendImage(context, image, { ...saving.options, destination, by: names[0] });
  }
  await writer.finish();
}

/** Merges entries for the same image, given by several names, into one with all these names. */
function merged(found: readonly FoundImage[]): readonly { image: FoundImage['image']; names: readonly string[] }[] {
  const byId = new Map<string, { image: FoundImage['image']; names: string[] }>();
  for (const { image, name } of found) {
    const entry = byId.get(image.id) ?? { image, names: [] };
    byId.set(image.id, entry);
    if (name !== undefined) entry.names.push(name);
  }
  return [...byId.values()];
}

async function saveOne(
  context: EngineContext,
  { image, name }: FoundImage,
  { to, extra, options, format }: Saving & { readonly format: keyof typeof TARGETS },
): Promise<void> {
  const { transport, form } = TARGETS[format];
  const tag = extra[0] ?? (name !== undefined && isTagged(name) ? name : undefined);
  const reference = `${transport}:${to}${tag === undefined || transport === 'dir' ? '' : `:${tag}`}`;
  await using opened = await openDestination(reference);
  await sendImage(context, image, { ...options, destination: inForm(opened, form), by: name });
}

/** Wraps a destination so that manifests are converted to the given form. */
function inForm(destination: ImageDestination, form: ManifestForm): ImageDestination {
  return delegate(destination, {
    putManifest: (raw, options) => {
      const parsed = parseManifest(raw.bytes, raw.mediaType);
      return destination.putManifest(
        parsed.kind === 'index' ? raw : convertManifest(form, raw, parsed.manifest),
        options,
      );
    },
  });
}

function delegate(destination: ImageDestination, other: Partial<ImageDestination>): ImageDestination {
  return {
    reference: destination.reference,
    hasBlob: (descriptor, options) => destination.hasBlob(descriptor, options),
    putBlob: (descriptor, upload) => destination.putBlob(descriptor, upload),
    putManifest: (manifest, options) => destination.putManifest(manifest, options),
    commit: () => destination.commit(),
    [Symbol.asyncDispose]: () => destination[Symbol.asyncDispose](),
    ...other,
  };
}
