/** The history of an image, which may tell of fewer layers than it has (OCI image specification, config.md: it is optional). */
import type { ImageConfig, ImageHistory } from './image.js';

/** One entry for each layer at least: those that nothing is known of are the lowest. */
export function fullHistory({ history = [], rootfs, created }: ImageConfig): readonly ImageHistory[] {
  const told = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const untold = Math.max(0, rootfs.diff_ids.length - told);
  return [...Array.from({ length: untold }, () => (created === undefined ? {} : { created })), ...history];
}
