/**
 * Reads Skopeo's `dir:` format: manifest.json and blobs, named by their digest's hexadecimal digits, in one directory.
 */
import type { Readable } from 'node:stream';

import { TspodError } from '../../errors.js';
import { splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import { MAX_MANIFEST_BYTES } from '../../oci/parse-image.js';
import { checkedManifest } from '../checked-manifest.js';
import type { BlobRequest, ImageSource, RawManifest } from '../transport.js';
import { directoryFiles, openBlob, readSmallFile, type FileSet } from './file-set.js';

/** Name of the manifest of an image in an index. */
export function manifestFile(digest: string): string {
  return `${splitDigest(digest).hex}.manifest.json`;
}

export class DirSource implements ImageSource {
  readonly reference: string;
  readonly #files: FileSet;

  constructor(path: string) {
    this.reference = `dir:${path}`;
    this.#files = directoryFiles(path);
  }

  async manifest(digest?: string): Promise<RawManifest> {
    const path = digest === undefined ? 'manifest.json' : manifestFile(digest);
    const bytes = await readSmallFile(this.#files, path, MAX_MANIFEST_BYTES);
    const doing = `read ${path} in ${this.#files.what}`;
    if (bytes === undefined) throw new TspodError('NO_SUCH_IMAGE', `${doing}: it is missing`);
    return checkedManifest(bytes, { digest, doing });
  }

  blob({ digest, size }: Descriptor, { offset = 0 }: BlobRequest = {}): Promise<{ stream: Readable; offset: number }> {
    return Promise.resolve().then(() => openBlob(this.#files, splitDigest(digest).hex, { digest, size, offset }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
