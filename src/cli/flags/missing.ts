/** Flags of Podman that tspod refuses, with the reason. */
import type { Flag } from '../command-parts/flag.js';

type MissingFlag = Flag & { readonly missing: string };

/** Returns a refused flag that takes a value. */
export function missingFlag(name: string, missing: string): MissingFlag {
  return { name, kind: 'text', help: '', hidden: true, missing };
}

/** Returns a refused switch; turning it off is accepted, because that is how tspod behaves. */
export function missingSwitch(name: string, missing: string): MissingFlag {
  return { name, kind: 'bool', help: '', hidden: true, missing, harmless: ['false'] };
}

/** Reason for refusing --gpus, for containers and for pods. */
export const NO_GPUS = 'GPUs cannot be found by name: give their devices with --device';
