/** What a flag is, as data: parsing, help, completion and the documentation all read it. */

/**
 * - `bool`: --rm, --rm=false
 * - `text`, `int`, `uint`, `float`: one value, the last one counts
 * - `list`: may be repeated, commas in a value cut it; `items`: may be repeated, commas are part of the value
 * - `maybe`: a value that may be left out when another flag follows
 */
export type FlagKind = 'bool' | 'text' | 'int' | 'uint' | 'float' | 'list' | 'items' | 'maybe';

/** Names of what there is; `roots`: what a container can begin with, `objects`: what `inspect` looks for. */
export type Named = 'containers' | 'images' | 'networks' | 'objects' | 'pods' | 'roots' | 'secrets' | 'volumes';

/** What a shell completes after the flag. */
export type Completion = Named | 'file' | 'directory' | readonly string[];

export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Other names that mean the same; not shown. */
  readonly aliases?: readonly string[];
  readonly kind: FlagKind;
  /** Placeholder of the value in help. */
  readonly value?: string;
  readonly help: string;
  /** Shown in help. */
  readonly default?: string;
  /** Heading in help. @default 'Options' */
  readonly group?: string;
  /** The value must be one of these. */
  readonly choices?: readonly string[];
  readonly completion?: Completion;
  readonly hidden?: boolean;
  /** Podman has it and tspod has not, and why: using it is an error with these words. */
  readonly missing?: string;
  /** Values of a missing flag that ask for what happens anyway. */
  readonly harmless?: readonly string[];
}

export function takesValue(flag: Flag): boolean {
  return flag.kind !== 'bool';
}

/** All long names. */
export function longNames(flag: Flag): readonly string[] {
  return [flag.name, ...(flag.aliases ?? [])];
}
