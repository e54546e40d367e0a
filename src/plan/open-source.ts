/** Steps that copy the source of a bind mount. */
import type { PlanBuilder } from './builder.js';
import type { Stage } from './ops.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';

/**
 * A source in a directory that the container may write: links in there are the container's, and are not followed out of
 * it.
 */
export interface SourcePlace {
  readonly top: string;
  /** Path of the source, relative to `top`. */
  readonly path: string;
}

export interface Source {
  readonly slot: number;
  readonly path: string;
  readonly recursive: 0 | 1;
  /** @default looked up as any path of the host */
  readonly place?: SourcePlace | undefined;
  /** Whether an empty directory takes the place of a source that cannot be opened. @default false */
  readonly orEmpty?: boolean;
}

/**
 * Adds steps that copy a part of the host's tree into a slot. With a place, the slot holds the top directory for a
 * moment.
 */
export function openSource(builder: PlanBuilder, stage: Stage, source: Source): void {
  const { slot, path, recursive, place, orEmpty = false } = source;
  if (orEmpty) {
    // A source that cannot be opened leaves the empty directory in the slot.
    builder.add(stage, 'mountFs', { slot, type: 'tmpfs', options: ['source=tmpfs', 'mode=755'], attributes: 0n });
    builder.try(stage, 'openTree', { slot, path, recursive });
    return;
  }
  if (place === undefined) {
    builder.add(stage, 'openTree', { slot, path, recursive });
    return;
  }
  builder.add(stage, 'openPath', { slot, path: place.top, flags: O_PATH | O_DIRECTORY });
  builder.add(stage, 'openTreeInRoot', { slot, rootSlot: slot, path: place.path, recursive });
}
