/**
 * Opens images by their names: docker://NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME],
 * dir:DIR.
 */
import { openArchive, type ArchiveOptions } from './archive/archive-file.js';
import { readImages } from './docker-archive/manifest.js';
import { DockerArchiveSource } from './docker-archive/source.js';
import { DockerArchiveDestination, DockerArchiveWriter } from './docker-archive/writer.js';
import { DirDestination } from './layout/dir-destination.js';
import { DirSource } from './layout/dir-source.js';
import { directoryFiles } from './layout/file-set.js';
import { archiveSink, directorySink } from './layout/file-sink.js';
import { LayoutDestination } from './layout/oci-destination.js';
import { LayoutSource, namesOf, readLayoutIndex } from './layout/oci-source.js';
import {
  openRegistryDestination,
  openRegistrySource,
  registryReference,
  type RegistryAccessOptions,
} from './open-registry.js';
import { readPolicy, refuseByPolicy } from './policy.js';
import { fullName } from './reference.js';
import { parsePathName, parseTransportName } from './transport-name.js';
import type { ImageDestination, ImageSource } from './transport.js';

/** Options for registries and archives. */
export type OpenImageOptions = RegistryAccessOptions & ArchiveOptions;

/**
 * Opens an image for reading. A registry is contacted only when something is read. Throws NO_SUCH_FILE, NO_SUCH_IMAGE,
 * BAD_ARCHIVE, BAD_IMAGE, and the errors of refuseByPolicy().
 */
export async function openSource(reference: string, options: OpenImageOptions): Promise<ImageSource> {
  const { kind, rest } = parseTransportName(reference);
  const question = { policy: readPolicy(options.environment), transport: kind, reference };
  if (kind === 'docker') {
    const image = registryReference(rest);
    refuseByPolicy({ ...question, name: image });
    return openRegistrySource(image, options);
  }
  refuseByPolicy(question);
  const { path, name } = parsePathName(rest);
  switch (kind) {
    case 'dir':
      return new DirSource(rest);
    case 'oci':
      return LayoutSource.open(reference, directoryFiles(path), name);
    case 'oci-archive':
      return LayoutSource.open(reference, await openArchive(path, options), name);
    case 'docker-archive':
      return DockerArchiveSource.open(reference, await openArchive(path, options), name);
  }
}

/** Opens an image for writing. An existing archive is replaced on commit; a layout gets one more image. */
export async function openDestination(reference: string, options: OpenImageOptions): Promise<ImageDestination> {
  const { kind, rest } = parseTransportName(reference);
  if (kind === 'docker') return openRegistryDestination(registryReference(rest), options);
  const { path, name } = parsePathName(rest);
  switch (kind) {
    case 'dir':
      return DirDestination.open(reference, rest);
    case 'oci':
      return LayoutDestination.open(reference, await directorySink(path), name);
    case 'oci-archive':
      return LayoutDestination.open(reference, await archiveSink(path), name);
    case 'docker-archive': {
      const names = name === undefined ? [] : [fullName(name)];
      return new DockerArchiveDestination(
        reference,
        await DockerArchiveWriter.create(path, options.temporaryDirectory),
        names,
      );
    }
  }
}

/** One image of an archive or a layout. */
export interface ContainedImage {
  /** Full name with which this image can be opened. */
  readonly reference: string;
  /** Names as they are stored: full or short names, or just a tag. */
  readonly names: readonly string[];
}

/** Returns all images of an archive or a layout, whichever of them the reference names. */
export async function listImages(reference: string, options: OpenImageOptions): Promise<readonly ContainedImage[]> {
  const { kind, rest } = parseTransportName(reference);
  if (kind === 'docker' || kind === 'dir') return [{ reference, names: [] }];
  const { path } = parsePathName(rest);
  using files = kind === 'oci' ? directoryFiles(path) : await openArchive(path, options);
  const names =
    kind === 'docker-archive'
      ? (await readImages(files)).map((image) => image.names)
      : (await readLayoutIndex(files)).map(namesOf);
  return names.map((found, index) => ({ reference: `${kind}:${path}:@${index}`, names: found }));
}
