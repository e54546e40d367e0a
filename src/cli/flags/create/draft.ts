/** Create options under construction, and flags that know which options they set. */
import type { Flag } from '../../command-parts/flag.js';
import type { FlagValues } from '../../command-parts/flag-values.js';
import type { Caller } from '../../parse/caller.js';
import type { CreateOptions, LogOptions, ResourceOptions } from '../../../spec/create-options.js';

export type Draft = { -readonly [K in keyof CreateOptions]: CreateOptions[K] };

/** A flag of create and run, with its definition and its effect on the draft. */
export type CreateFlag = Flag &
  (
    | { readonly kind: 'bool'; readonly set: (draft: Draft, value: boolean, caller: Caller) => void }
    | { readonly kind: 'int' | 'uint' | 'float'; readonly set: (draft: Draft, value: number) => void }
    | {
        readonly kind: 'text';
        readonly set: (draft: Draft, value: string, caller: Caller) => void;
        /** Whether an empty value is passed on; other flags are ignored if their value is empty. @default false */
        readonly emptyCounts?: true;
      }
    | { readonly kind: 'maybe'; readonly set: (draft: Draft, value: string, caller: Caller) => void }
    | {
        readonly kind: 'list' | 'items';
        readonly set: (draft: Draft, values: readonly string[], caller: Caller) => void;
      }
    | { readonly missing: string }
    /** Read by the command itself; sets no create option. */
    | { readonly ofCommand: true }
  );

/** The options that flags set, and the caller whose environment some flags read. */
export interface FlagTarget {
  readonly draft: Draft;
  readonly caller: Caller;
}

/** Applies the given flags in the order of the table: later flags see what earlier ones have set. */
export function applyFlags(flags: readonly CreateFlag[], values: FlagValues, target: FlagTarget): void {
  for (const flag of flags) {
    if (values.has(flag.name)) applyFlag(flag, values, target);
  }
}

function applyFlag(flag: CreateFlag, values: FlagValues, { draft, caller }: FlagTarget): void {
  if (!('set' in flag)) return;
  switch (flag.kind) {
    case 'bool':
      return flag.set(draft, values.bool(flag.name), caller);
    case 'int':
    case 'uint':
    case 'float':
      return flag.set(draft, values.number(flag.name) ?? 0);
    case 'list':
    case 'items':
      return flag.set(draft, values.list(flag.name), caller);
    default: {
      const text = values.text(flag.name) ?? '';
      if (flag.kind === 'text' && text === '' && flag.emptyCounts !== true) return;
      return flag.set(draft, text, caller);
    }
  }
}

/** Options for which 0 means "not given", as in Podman. */
const NONE_BY_ZERO: ReadonlySet<string> = new Set([
  'memoryBytes',
  'memoryReservationBytes',
  'cpus',
  'cpuPeriodUs',
  'cpuRtPeriodUs',
  'blkioWeight',
] satisfies (keyof ResourceOptions)[]);

export function setResources(draft: Draft, resources: ResourceOptions): void {
  const said = Object.entries(resources).filter(([name, value]) => value !== 0 || !NONE_BY_ZERO.has(name));
  draft.resources = { ...draft.resources, ...(Object.fromEntries(said) as ResourceOptions) };
}

export function setLog(draft: Draft, log: LogOptions): void {
  draft.log = { ...draft.log, ...log };
}
