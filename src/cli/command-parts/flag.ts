/** Definition of a flag, used by parsing, help, completion and the documentation. */

/**
 * Kind of value:
 * - `bool`: --rm, --rm=false
 * - `text`, `int`, `uint`, `float`: one value; the last one counts
 * - `list`: may be repeated, and commas separate values; `items`: may be repeated, and commas are part of the value
 * - `maybe`: one value, which may be omitted before another flag
 */
export type FlagKind = 'bool' | 'text' | 'int' | 'uint' | 'float' | 'list' | 'items' | 'maybe';

/**
 * Completion with the names of existing objects. `roots`: images and `host:`, from which containers are made;
 * `objects`: everything that `inspect` finds.
 */
export type Named = 'containers' | 'images' | 'networks' | 'objects' | 'pods' | 'roots' | 'secrets' | 'volumes';

/** What a shell offers as completion. */
export type Completion = Named | 'file' | 'directory' | readonly string[];

export interface Flag {
  /** Long name, without dashes. */
  readonly name: string;
  /** Short name, one letter. */
  readonly short?: string;
  /** Further long names, not shown in help. */
  readonly aliases?: readonly string[];
  readonly kind: FlagKind;
  /** Placeholder of the value in help. */
  readonly value?: string;
  readonly help: string;
  /** Default value as help shows it. */
  readonly default?: string;
  /** Heading in help. @default 'Options' */
  readonly group?: string;
  /** Permitted values. @default any */
  readonly choices?: readonly string[];
  readonly completion?: Completion;
  readonly hidden?: boolean;
  /** Set for flags that Podman has and tspod does not: the reason, with which any use of the flag is refused. */
  readonly missing?: string;
  /** Values of a missing flag that are accepted, because they ask for what tspod does anyway. */
  readonly harmless?: readonly string[];
}

export function takesValue(flag: Flag): boolean {
  return flag.kind !== 'bool';
}

/** Returns all long names of a flag. */
export function longNames(flag: Flag): readonly string[] {
  return [flag.name, ...(flag.aliases ?? [])];
}
