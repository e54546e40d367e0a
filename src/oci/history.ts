/**
 * History of an image, which may have fewer entries than the image has layers (OCI image specification, config.md: it
 * is optional).
 */
import type { ImageConfig, ImageHistory } from './image.js';

/** Returns the history with at least one entry for each layer: missing entries are added for the lowest layers. */
export function fullHistory({ history = [], rootfs, created }: ImageConfig): readonly ImageHistory[] {
  const told = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const untold = Math.max(0, rootfs.diff_ids.length - told);
  return [...Array.from({ length: untold }, () => (created === undefined ? {} : { created })), ...history];
}
