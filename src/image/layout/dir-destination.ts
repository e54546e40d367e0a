/** Skopeo's `dir:`, to be written. */
import { splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import type { BlobUpload, ImageDestination, RawManifest } from '../transport.js';
import { manifestFile } from './dir-source.js';
import type { FileSink } from './file-sink.js';

/** As Skopeo writes it: it reads no directory without. */
const VERSION = 'Directory Transport Version: 1.1\n';

export class DirDestination implements ImageDestination {
  readonly reference: string;
  readonly #sink: FileSink;

  constructor(reference: string, sink: FileSink) {
    this.reference = reference;
    this.#sink = sink;
  }

  hasBlob({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#sink.has(splitDigest(digest).hex));
  }

  async putBlob(descriptor: Descriptor, { open }: BlobUpload): Promise<'uploaded' | 'mounted'> {
    const name = splitDigest(descriptor.digest).hex;
    if (this.#sink.has(name)) return 'mounted';
    await this.#sink.putBlob(name, descriptor, open);
    return 'uploaded';
  }

  async putManifest({ bytes }: RawManifest, { digest }: { readonly digest?: string } = {}): Promise<void> {
    await this.#sink.put('version', Buffer.from(VERSION));
    await this.#sink.put(digest === undefined ? 'manifest.json' : manifestFile(digest), bytes);
  }

  commit(): Promise<void> {
    return this.#sink.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]();
  }
}
