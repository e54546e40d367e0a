/** Where images come from and go to: a registry, an archive, a directory. What each transport offers, and takes. */
import type { Readable } from 'node:stream';

import type { Descriptor, Platform } from '../oci/image.js';

/** Exact bytes of a manifest or an index: their digest is what names an image. */
export interface RawManifest {
  readonly mediaType: string;
  /** Of `bytes`, checked: of sha256, or of sha512 where it was asked for by such a one. */
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface BlobRequest {
  /** First byte wanted, to go on with what an earlier attempt left. @default 0 */
  readonly offset?: number;
  readonly signal?: AbortSignal;
}

/** One image (or index of images) that can be read. Opened by a transport; closed by who opened it. */
export interface ImageSource extends AsyncDisposable {
  /** As a user writes it: docker://docker.io/library/alpine:3. */
  readonly reference: string;
  /** The top manifest or index without a digest; that of an index's entry with one. At most 4 MiB. */
  manifest(digest?: string, options?: { readonly signal?: AbortSignal }): Promise<RawManifest>;
  /** Its bytes as they are stored there, not decompressed, not yet checked against the digest; from `offset`, where the server can. */
  blob(descriptor: Descriptor, request?: BlobRequest): Promise<{ readonly stream: Readable; readonly offset: number }>;
}

export interface BlobUpload {
  /** Opens the bytes anew, for each attempt. */
  readonly open: () => Promise<Readable>;
  /** Repositories, with their registry, that are known to have it: taken from one of the same registry without an upload. */
  readonly mountFrom?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Where one image can be written: blobs first, then manifests, the top one last. */
export interface ImageDestination extends AsyncDisposable {
  readonly reference: string;
  hasBlob(descriptor: Descriptor, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
  /** 'mounted' when nothing had to be sent. */
  putBlob(descriptor: Descriptor, upload: BlobUpload): Promise<'uploaded' | 'mounted'>;
  /** Without `digest` under the reference's own tag. */
  putManifest(
    manifest: RawManifest,
    options?: { readonly digest?: string; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Makes it complete: archives are written here. */
  commit(): Promise<void>;
}

export type { Descriptor, Platform };
