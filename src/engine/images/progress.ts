/** What is told while images are pulled and pushed. */

/** A change in the transfer of one blob. Bytes are those of the blob as it is stored, compressed as it is. */
export interface BlobProgress {
  readonly kind: 'blob';
  readonly digest: string;
  readonly role: 'config' | 'layer';
  /**
   * `exists`: nothing is to be done; `waiting`: another process is at work on it; `transferring`, with new counts; `unpacking`: all bytes are there;
   * `done`.
   */
  readonly state: 'exists' | 'waiting' | 'transferring' | 'unpacking' | 'done';
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/** The work as a whole: which image is looked for, which was found, that its manifest is written. */
export interface ImageProgress {
  readonly kind: 'image';
  readonly state: 'resolving' | 'manifest' | 'stored';
  readonly reference: string;
  /** Of the manifest, once it is known. */
  readonly digest?: string;
}

export type TransferProgress = BlobProgress | ImageProgress;

/** Called synchronously, in order; what it throws, the call throws. */
export type OnProgress = (progress: TransferProgress) => void;
