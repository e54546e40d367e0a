/** The interfaces that every transport (registry, archive, directory) implements for reading and writing images. */
import type { Readable } from 'node:stream';

import type { Descriptor, Platform } from '../oci/image.js';

/** The exact bytes of a manifest or an index: their digest identifies the image. */
export interface RawManifest {
  readonly mediaType: string;
  /** Verified digest of `bytes`: sha256, or sha512 if the manifest was requested by such a digest. */
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface BlobRequest {
  /** Offset of the first byte wanted, to continue an earlier attempt. @default 0 */
  readonly offset?: number;
  readonly signal?: AbortSignal;
}

/** One image (or index of images) to be read. Whoever opens it disposes of it. */
export interface ImageSource extends AsyncDisposable {
  /** The reference as a user writes it: docker://docker.io/library/alpine:3. */
  readonly reference: string;
  /** Returns the top manifest or index; with `digest` that entry of the index. At most 4 MiB. */
  manifest(digest?: string, options?: { readonly signal?: AbortSignal }): Promise<RawManifest>;
  /**
   * Streams the blob as it is stored: not decompressed, its digest not verified. Begins at the requested `offset` if
   * the server supports that.
   */
  blob(descriptor: Descriptor, request?: BlobRequest): Promise<{ readonly stream: Readable; readonly offset: number }>;
}

export interface BlobUpload {
  /** Opens the bytes again for each attempt. */
  readonly open: () => Promise<Readable>;
  /**
   * Repositories, with their registry, that are known to have the blob: one in the same registry is mounted instead of
   * uploading the blob.
   */
  readonly mountFrom?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Destination of one image: blobs first, then manifests, the top one last. */
export interface ImageDestination extends AsyncDisposable {
  readonly reference: string;
  hasBlob(descriptor: Descriptor, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
  /** Returns 'mounted' if nothing had to be sent. */
  putBlob(descriptor: Descriptor, upload: BlobUpload): Promise<'uploaded' | 'mounted'>;
  /** Without `digest`, the manifest gets the reference's own tag. */
  putManifest(
    manifest: RawManifest,
    options?: { readonly digest?: string; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Completes the image: an archive appears in its place now. */
  commit(): Promise<void>;
}

export type { Descriptor, Platform };
