/** Opens images where their names say: docker://NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], dir:DIR. */
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

/** Options of registries, and where archives may be unpacked. */
export type OpenImageOptions = RegistryAccessOptions & ArchiveOptions;

/** An image to be read. Throws NO_SUCH_FILE, NO_SUCH_IMAGE, BAD_ARCHIVE, BAD_IMAGE, and what policy.json demands; a registry is asked when something is read. */
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

/** Where an image is to be written. An archive that is there is replaced when the new one is committed; a layout gets one image more. */
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
  /** Opens this one. */
  readonly reference: string;
  /** As they stand there: full or short names, or just a tag. */
  readonly names: readonly string[];
}

/** All images of an archive or a layout, whichever one the reference names. */
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
