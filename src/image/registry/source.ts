/** Reads an image from a registry. */
import type { Readable } from 'node:stream';

import type { Descriptor } from '../../oci/image.js';
import { formatName, type ImageReference } from '../reference.js';
import type { BlobRequest, ImageSource, RawManifest } from '../transport.js';
import { tagOrDigestOf, type RepositoryAccess } from './location.js';
import { readBlob } from './read-blob.js';
import { readManifest } from './read-manifest.js';

export interface RegistrySourceOptions extends RepositoryAccess {
  /** The image as the user named it, even if it is read from a mirror. */
  readonly name: ImageReference;
}

export class RegistrySource implements ImageSource {
  readonly reference: string;
  readonly #options: RegistrySourceOptions;

  /** Takes over the client, and closes it when disposed. */
  constructor(options: RegistrySourceOptions) {
    this.reference = `docker://${formatName(options.name)}`;
    this.#options = options;
  }

  manifest(digest?: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RawManifest> {
    return readManifest(this.#options, digest ?? tagOrDigestOf(this.#options.name), signal);
  }

  blob(
    descriptor: Descriptor,
    request: BlobRequest = {},
  ): Promise<{ readonly stream: Readable; readonly offset: number }> {
    return readBlob(this.#options, descriptor, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.client[Symbol.asyncDispose]();
  }
}
