/** What the database records about an image. */
import type { ImageConfig } from '../oci/image.js';

export type BlobKind = 'index' | 'manifest' | 'config' | 'layer';

/** A blob in the store. */
export interface StoredBlob {
  readonly digest: string;
  readonly kind: BlobKind;
  readonly mediaType: string;
}

/** What a listing shows without reading the image's config. */
export interface ImageSummaryRow {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface NewImage {
  /** Hexadecimal digits of the config's digest. */
  readonly id: string;
  /** Creation time in microseconds since 1970; 0: the image does not say. */
  readonly createdUs: number;
  /** Total size of the files in all layers, in bytes. */
  readonly size: number;
  readonly config: ImageConfig;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Digest of the manifest. */
  readonly manifest: string;
  readonly blobs: readonly StoredBlob[];
  /** Chain ids of the image's layers, from the lowest up. */
  readonly layers: readonly string[];
  /** Name with registry and tag or digest. If another image has it, it is taken from that image. */
  readonly name?: string | undefined;
  /** Repositories that have the image, with the digest of its manifest or of the index that it was chosen from. */
  readonly digests: readonly { readonly repository: string; readonly digest: string }[];
}

export interface StoredName {
  /** REPOSITORY:TAG, or REPOSITORY@DIGEST for an image that was pulled by digest. */
  readonly name: string;
  /** Digest of the manifest that the name stands for. */
  readonly manifest: string;
}

export interface StoredImage {
  /** Increases in the order in which images were added. */
  readonly seq: number;
  readonly id: string;
  readonly createdUs: number;
  readonly addedUs: number;
  readonly size: number;
  readonly summary: ImageSummaryRow;
  /** Sorted by name. */
  readonly names: readonly StoredName[];
  readonly digests: readonly { readonly repository: string; readonly digest: string }[];
  /** Number of containers that use the image. */
  readonly uses: number;
}

export interface ImageRow {
  readonly seq: number;
  readonly id: string;
  readonly created_us: number;
  readonly added_us: number;
  readonly size: number;
  readonly summary: string;
}

export const IMAGE_COLUMNS = 'seq, id, created_us, added_us, size, summary';

export function summaryOf({
  config: { os, architecture, variant, config },
  annotations = {},
}: Pick<NewImage, 'config' | 'annotations'>): ImageSummaryRow {
  return { os, architecture, ...(variant === undefined ? {} : { variant }), labels: config?.Labels ?? {}, annotations };
}
