/**
 * Reads an OCI image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md) in a directory or
 * an archive.
 */
import type { Readable } from 'node:stream';

import { TspodError } from '../../errors.js';
import { splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import { OCI_INDEX } from '../../oci/media-types.js';
import { MAX_MANIFEST_BYTES, parseManifest } from '../../oci/parse-image.js';
import { checkedManifest } from '../checked-manifest.js';
import type { BlobRequest, ImageSource, RawManifest } from '../transport.js';
import { openBlob, readSmallFile, type FileSet } from './file-set.js';

export const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';

/** Returns the path of a blob in an image layout. */
export function blobFile(digest: string): string {
  const { algorithm, hex } = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/** Returns the entries of index.json. Throws BAD_IMAGE. */
export async function readLayoutIndex(files: FileSet): Promise<readonly Descriptor[]> {
  const bytes = await readSmallFile(files, 'index.json', MAX_MANIFEST_BYTES);
  if (bytes === undefined)
    throw new TspodError('BAD_IMAGE', `${files.what} is not an OCI image layout: it has no index.json`);
  const parsed = parseManifest(bytes, OCI_INDEX);
  if (parsed.kind !== 'index') throw new TspodError('BAD_IMAGE', `${files.what}: index.json is not an index`);
  return parsed.index.manifests;
}

/** Returns the names of an entry. */
export function namesOf({ annotations = {} }: Descriptor): readonly string[] {
  const [full, short] = [annotations[CONTAINERD_NAME], annotations[REF_NAME]];
  return [...new Set([full, short].filter((name) => name !== undefined))];
}

export class LayoutSource implements ImageSource {
  readonly reference: string;
  readonly #files: FileSet;
  readonly #top: Descriptor;

  private constructor(reference: string, files: FileSet, top: Descriptor) {
    this.reference = reference;
    this.#files = files;
    this.#top = top;
  }

  /**
   * Opens the image with this name, or @ and its index; without a name the only image. Takes over `files`. Throws
   * NO_SUCH_IMAGE, AMBIGUOUS, BAD_IMAGE.
   */
  static async open(reference: string, files: FileSet, name: string | undefined): Promise<LayoutSource> {
    try {
      return new LayoutSource(reference, files, chooseEntry(files, await readLayoutIndex(files), name));
    } catch (error) {
      files[Symbol.dispose]();
      throw error;
    }
  }

  async manifest(digest?: string): Promise<RawManifest> {
    const wanted = digest ?? this.#top.digest;
    const bytes = await readSmallFile(this.#files, blobFile(wanted), MAX_MANIFEST_BYTES);
    if (bytes === undefined)
      throw new TspodError('NO_SUCH_IMAGE', `${this.#files.what}: manifest ${wanted} is missing`);
    const served = digest === undefined ? this.#top.mediaType : undefined;
    return checkedManifest(bytes, { digest: wanted, served, doing: `read manifest ${wanted} in ${this.#files.what}` });
  }

  blob({ digest, size }: Descriptor, { offset = 0 }: BlobRequest = {}): Promise<{ stream: Readable; offset: number }> {
    return Promise.resolve().then(() => openBlob(this.#files, blobFile(digest), { digest, size, offset }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#files[Symbol.dispose]();
    return Promise.resolve();
  }
}

function chooseEntry(files: FileSet, entries: readonly Descriptor[], name: string | undefined): Descriptor {
  const number = /^@(\d{1,6})$/.exec(name ?? '')?.[1];
  const found =
    name === undefined
      ? entries
      : number === undefined
        ? entries.filter((entry) => namesOf(entry).includes(name))
        : entries.slice(Number(number), Number(number) + 1);
  const [first, second] = found;
  if (first === undefined)
    throw new TspodError(
      'NO_SUCH_IMAGE',
      name === undefined
        ? `${files.what} contains no image`
        : `${files.what} contains no image ${JSON.stringify(name)}`,
    );
  if (second !== undefined) {
    const names = found.flatMap(namesOf).slice(0, 10).join(', ');
    throw new TspodError('AMBIGUOUS', `${files.what} has ${found.length} images, name one of them: ${names}`);
  }
  return first;
}
