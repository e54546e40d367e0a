/** Writes an OCI image layout to a directory or an archive. */
import { isTspodError, TspodError } from '../../errors.js';
import type { Descriptor } from '../../oci/image.js';
import { OCI_INDEX } from '../../oci/media-types.js';
import { parseManifest } from '../../oci/parse-image.js';
import type { BlobUpload, ImageDestination, RawManifest } from '../transport.js';
import type { FileSink } from './file-sink.js';
import { blobFile, REF_NAME } from './oci-source.js';

export class LayoutDestination implements ImageDestination {
  readonly reference: string;
  readonly #sink: FileSink;
  readonly #name: string | undefined;

  private constructor(reference: string, sink: FileSink, name: string | undefined) {
    this.reference = reference;
    this.#sink = sink;
    this.#name = name;
  }

  /**
   * Opens the layout and takes over the sink. Throws BAD_IMAGE if there is an index.json that is not an image index: it
   * must not be replaced.
   */
  static async open(reference: string, sink: FileSink, name: string | undefined): Promise<LayoutDestination> {
    const destination = new LayoutDestination(reference, sink, name);
    try {
      await destination.#entries();
    } catch (error) {
      if (!isTspodError(error, 'BAD_IMAGE')) throw error;
      const message = `write to ${JSON.stringify(reference)}: its index.json is not an image index: ${error.message}`;
      throw new TspodError('BAD_IMAGE', message, { cause: error });
    }
    return destination;
  }

  hasBlob({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#sink.has(blobFile(digest)));
  }

  async putBlob(descriptor: Descriptor, { open }: BlobUpload): Promise<'uploaded' | 'mounted'> {
    const name = blobFile(descriptor.digest);
    if (this.#sink.has(name)) return 'mounted';
    await this.#sink.putBlob(name, descriptor, open);
    return 'uploaded';
  }

  async putManifest(manifest: RawManifest, { digest }: { readonly digest?: string } = {}): Promise<void> {
    await this.#sink.put(blobFile(manifest.digest), manifest.bytes);
    if (digest !== undefined) return;
    await this.#sink.put('oci-layout', Buffer.from('{"imageLayoutVersion": "1.0.0"}'));
    await this.#sink.put('index.json', Buffer.from(JSON.stringify(await this.#index(manifest))));
  }

  commit(): Promise<void> {
    return this.#sink.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]();
  }

  /** Returns the present index with this image added, replacing the entry of the same name. */
  async #index({ mediaType, digest, bytes }: RawManifest): Promise<object> {
    const name = this.#name;
    const annotations = name === undefined ? {} : { annotations: { [REF_NAME]: name } };
    const others = (await this.#entries()).filter((entry) =>
      name === undefined ? entry.digest !== digest : entry.annotations?.[REF_NAME] !== name,
    );
    return { schemaVersion: 2, manifests: [...others, { mediaType, digest, size: bytes.length, ...annotations }] };
  }

  async #entries(): Promise<readonly Descriptor[]> {
    const bytes = await this.#sink.read('index.json');
    if (bytes === undefined) return [];
    const parsed = parseManifest(bytes, OCI_INDEX);
    return parsed.kind === 'index' ? parsed.index.manifests : [];
  }
}
