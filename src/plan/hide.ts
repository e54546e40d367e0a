/** Plans for execute() that make the overlay layer which hides the host's secrets. */
import { HIDE_LAYERS_SOURCE, type HideEntry } from '../host/hide-list.js';
import { O_DIRECTORY, O_PATH, S_IFCHR } from '../util/file-bits.js';
import { PlanBuilder } from './builder.js';
import type { Plan } from './ops.js';

/**
 * Returns a plan that fills a new, empty directory (on a file system that keeps `trusted.` attributes, such as a tmpfs)
 * with the layer. It runs as root. The caller makes the directory under another name and renames it once this has
 * succeeded, so that no container sees half a layer.
 */
export function hideLayerPlan(entries: readonly HideEntry[], directory: string): Plan {
  const builder = new PlanBuilder();
  const rootSlot = builder.slot();
  builder.add('prepare', 'openPath', { slot: rootSlot, path: directory, flags: O_PATH | O_DIRECTORY });
  for (const entry of entries) addEntry(builder, rootSlot, entry);
  return builder.build();
}

function addEntry(builder: PlanBuilder, rootSlot: number, entry: HideEntry): void {
  const { path } = entry;
  if (entry.kind === 'absent') {
    // To overlayfs a character device 0:0 means that the path does not exist (a whiteout).
    builder.add('prepare', 'makeNode', { rootSlot, path, mode: S_IFCHR, major: 0, minor: 0, uid: 0, gid: 0 });
    return;
  }
  if (entry.kind === 'placeholder') {
    builder.add('prepare', 'makeFile', { rootSlot, path, mode: 0o600, content: new Uint8Array() });
    return;
  }
  if (entry.kind === 'link') {
    builder.add('prepare', 'makeSymlink', { rootSlot, path, target: entry.target });
    return;
  }
  const { mode, uid, gid } = entry;
  builder.add('prepare', 'makeDirectory', { rootSlot, path, mode, uid, gid });
  const attribute = (name: string, value: string): void => {
    builder.add('prepare', 'setXattr', { rootSlot, path, name: `trusted.overlay.${name}`, value: Buffer.from(value) });
  };
  if (entry.opaque) attribute('opaque', 'y');
  if (entry.redirect) attribute('redirect', path);
}

/** Options of the tmpfs for the layers. The size is a limit only: each layer takes a page or two. */
const LAYERS_OPTIONS = [`source=${HIDE_LAYERS_SOURCE}`, 'mode=700', 'size=64m'];

/**
 * Returns a plan that mounts the tmpfs for the layers on an existing directory. Needed if the directory is on the root
 * file system, because no layer of an overlay may lie inside another.
 */
export function hideMountPlan(directory: string): Plan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  const attributes = 0x2n | 0x4n | 0x8n; // nosuid, nodev, noexec
  builder.add('prepare', 'mountFs', { slot, type: 'tmpfs', options: LAYERS_OPTIONS, attributes });
  builder.add('prepare', 'attachMount', { slot, path: directory });
  return builder.build();
}
