/** Writes an image to a registry. */
import { TspodError } from '../../errors.js';
import type { Descriptor } from '../../oci/image.js';
import { formatName, type ImageReference } from '../reference.js';
import type { BlobUpload, ImageDestination, RawManifest } from '../transport.js';
import { manifestPath, nameOf, pushScope, tagOrDigestOf } from './location.js';
import { hasBlob, uploadBlob, type UploadTarget } from './upload.js';

export interface RegistryDestinationOptions extends UploadTarget {
  readonly name: ImageReference;
}

export class RegistryDestination implements ImageDestination {
  readonly reference: string;
  readonly #options: RegistryDestinationOptions;

  /** Takes over the client, and closes it when disposed. */
  constructor(options: RegistryDestinationOptions) {
    this.reference = `docker://${formatName(options.name)}`;
    this.#options = options;
  }

  hasBlob(descriptor: Descriptor, { signal }: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    return hasBlob(this.#options, descriptor.digest, signal);
  }

  putBlob(descriptor: Descriptor, upload: BlobUpload): Promise<'uploaded' | 'mounted'> {
    return uploadBlob(this.#options, descriptor, upload);
  }

  async putManifest(
    manifest: RawManifest,
    { digest, signal }: { readonly digest?: string; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { client, repository, name } = this.#options;
    const place = digest ?? tagOrDigestOf(name);
    const doing = `write manifest ${place} to ${nameOf(this.#options)}`;
    if (place.includes(':') && place !== manifest.digest)
      throw new TspodError('DIGEST_MISMATCH', `${doing}: its digest is ${manifest.digest}`);
    const response = await client.call({
      method: 'PUT',
      target: manifestPath(repository, place),
      headers: { 'content-type': manifest.mediaType },
      body: () => manifest.bytes,
      scopes: [pushScope(repository)],
      expect: [200, 201, 202],
      doing,
      signal,
    });
    await response.discard();
  }

  /** Does nothing: the top manifest has completed the image. */
  async commit(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.client[Symbol.asyncDispose]();
  }
}
