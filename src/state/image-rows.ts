/** What the database holds of an image. */
import type { ImageConfig } from '../oci/image.js';

export type BlobKind = 'index' | 'manifest' | 'config' | 'layer';

/** Something that the store keeps by its digest. */
export interface StoredBlob {
  readonly digest: string;
  readonly kind: BlobKind;
  readonly mediaType: string;
}

/** What a listing shows without reading the config. */
export interface ImageSummaryRow {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface NewImage {
  /** Hexadecimal digits of the config's digest. */
  readonly id: string;
  /** 0: the image does not say. */
  readonly createdUs: number;
  /** Bytes of the files in all layers. */
  readonly size: number;
  readonly config: ImageConfig;
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Digest of the manifest. */
  readonly manifest: string;
  readonly blobs: readonly StoredBlob[];
  /** Chain ids of its layers, from the lowest up. */
  readonly layers: readonly string[];
  /** With registry and tag or digest; taken away from the image that has it. */
  readonly name?: string | undefined;
  /** Where it is known under which digests: of the manifest, and of the index that it was chosen from. */
  readonly digests: readonly { readonly repository: string; readonly digest: string }[];
}

export interface StoredName {
  /** REPOSITORY:TAG, or REPOSITORY@DIGEST for what was pulled by its digest. */
  readonly name: string;
  /** Digest of the manifest that the name stands for. */
  readonly manifest: string;
}

export interface StoredImage {
  /** Grows with the order in which images came. */
  readonly seq: number;
  readonly id: string;
  readonly createdUs: number;
  readonly addedUs: number;
  readonly size: number;
  readonly summary: ImageSummaryRow;
  /** In the order of the alphabet. */
  readonly names: readonly StoredName[];
  readonly digests: readonly { readonly repository: string; readonly digest: string }[];
  /** Containers of it. */
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
