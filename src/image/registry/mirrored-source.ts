/** An image that several registries may have: read from the first that returns its manifest. */
import type { Readable } from 'node:stream';

import { isTspodError, TspodError } from '../../errors.js';
import type { Descriptor } from '../../oci/image.js';
import type { BlobRequest, ImageSource, RawManifest } from '../transport.js';

export class MirroredSource implements ImageSource {
  readonly reference: string;
  readonly #sources: readonly ImageSource[];
  #chosen: Promise<{ readonly source: ImageSource; readonly manifest: RawManifest }> | undefined;

  /** Takes over the sources, and closes them when disposed. */
  constructor(reference: string, sources: readonly ImageSource[]) {
    this.reference = reference;
    this.#sources = sources;
  }

  async manifest(digest?: string, options: { readonly signal?: AbortSignal } = {}): Promise<RawManifest> {
    const { source, manifest } = await this.#choose(options.signal);
    return digest === undefined ? manifest : source.manifest(digest, options);
  }

  async blob(
    descriptor: Descriptor,
    request: BlobRequest = {},
  ): Promise<{ readonly stream: Readable; readonly offset: number }> {
    return (await this.#choose(request.signal)).source.blob(descriptor, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources) await source[Symbol.asyncDispose]();
  }

  #choose(signal: AbortSignal | undefined): Promise<{ readonly source: ImageSource; readonly manifest: RawManifest }> {
    return (this.#chosen ??= this.#try(signal).catch((error: unknown) => {
      this.#chosen = undefined;
      throw error;
    }));
  }

  async #try(signal: AbortSignal | undefined): Promise<{ source: ImageSource; manifest: RawManifest }> {
    const failures: Error[] = [];
    for (const source of this.#sources) {
      try {
        return { source, manifest: await source.manifest(undefined, signal === undefined ? {} : { signal }) };
      } catch (error) {
        if (!(error instanceof Error) || isTspodError(error, 'ABORTED')) throw error;
        failures.push(error);
      }
    }
    throw allFailed(failures);
  }
}

/** Returns the error of the last source, the registry itself, with the mirrors' messages appended. */
function allFailed(failures: readonly Error[]): Error {
  const last = failures.at(-1);
  if (!isTspodError(last) || failures.length < 2) return last ?? new Error('no registry');
  const mirrors = failures.slice(0, -1).map(({ message }) => message);
  return new TspodError(last.code, `${last.message} (mirrors: ${mirrors.join('; ')})`, {
    details: last.details,
    cause: last,
  });
}
