/** Flags of Podman's that tspod refuses, and why. */
import type { Flag } from '../command-parts/flag.js';

type MissingFlag = Flag & { readonly missing: string };

/** One that takes a value. */
export function missingFlag(name: string, missing: string): MissingFlag {
  return { name, kind: 'text', help: '', hidden: true, missing };
}

/** One that is on or off; off is how it is. */
export function missingSwitch(name: string, missing: string): MissingFlag {
  return { name, kind: 'bool', help: '', hidden: true, missing, harmless: ['false'] };
}

/** Of containers and of pods. */
export const NO_GPUS = 'nothing knows which devices they are: give them with --device';
