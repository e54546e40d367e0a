/** What a bind mount is made from. */
import type { PlanBuilder } from './builder.js';
import type { Stage } from './ops.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';

/** Of a source in a directory that the container may write: links in there are the container's, and lead nowhere out of it. */
export interface SourcePlace {
  readonly top: string;
  /** Below it. */
  readonly path: string;
}

export interface Source {
  readonly slot: number;
  readonly path: string;
  readonly recursive: 0 | 1;
  /** @default looked up as any path of the host */
  readonly place?: SourcePlace | undefined;
  /** An empty directory takes its place where it cannot be opened. @default false */
  readonly passing?: boolean;
}

/** A copy of a part of the host's tree in a slot, which holds the top for a moment. */
export function openSource(builder: PlanBuilder, stage: Stage, source: Source): void {
  const { slot, path, recursive, place, passing = false } = source;
  if (passing) {
    // What cannot be opened leaves the slot as it is.
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
