/** What the stress test and its workers say to each other. */
import type { EngineOptions } from '../../../src/index.js';

/** The same for all rounds: a container that was removed may be created again by anybody. */
export const NAMES = ['ada', 'bob', 'cyd', 'dot', 'eve'] as const;

/** One worker's part of a round. */
export interface Part {
  readonly seed: number;
  readonly operations: number;
  readonly opening: EngineOptions;
  readonly cgroupParent: string;
}

/** What came of one operation. */
export interface Outcome {
  /** For the history. */
  readonly text: string;
  readonly created?: Created;
  /** Ids. */
  readonly removed?: readonly string[];
}

export interface Created {
  readonly id: string;
  /** Nobody need say that it is gone: it is removed at its end, or with what it requires. */
  readonly mayVanish: boolean;
}

export type Report =
  | { readonly kind: 'begin'; readonly operation: string }
  /** It may be gone from now on, also if this worker is killed. */
  | { readonly kind: 'removing'; readonly id: string }
  /** `problem`: an error that is not one of the operation's. */
  | ({ readonly kind: 'end'; readonly problem?: string } & Outcome)
  | { readonly kind: 'done' };
