/** Progress reports of image transfers. */

/** Progress of one blob. Bytes are counted as the blob is stored, that is, compressed. */
export interface BlobProgress {
  readonly kind: 'blob';
  readonly digest: string;
  readonly role: 'config' | 'layer';
  /**
   * `exists`: already there; `waiting`: another process is transferring it; `transferring`: the counts have changed;
   * `unpacking`: all bytes have arrived; `done`.
   */
  readonly state: 'exists' | 'waiting' | 'transferring' | 'unpacking' | 'done';
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/**
 * Progress of the transfer as a whole: the image is being looked up, its manifest was found, its manifest is stored.
 */
export interface ImageProgress {
  readonly kind: 'image';
  readonly state: 'resolving' | 'manifest' | 'stored';
  readonly reference: string;
  /** Digest of the manifest, once it is known. */
  readonly digest?: string;
}

export type TransferProgress = BlobProgress | ImageProgress;

/** Called synchronously and in order; the transfer fails with whatever it throws. */
export type OnProgress = (progress: TransferProgress) => void;
