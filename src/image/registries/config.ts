/** registries.conf (containers-registries.conf(5)), as read: which registries are searched, rewritten, mirrored or blocked, and short names. */

export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

export interface Mirror {
  /** A registry, or a path in one. */
  readonly location: string;
  readonly insecure: boolean;
  readonly pullFrom: 'all' | 'digest-only' | 'tag-only';
}

export interface RegistryRule {
  /** What names begin with, or `*.` and a domain. */
  readonly prefix: string;
  /** What takes the prefix's place; '': nothing does. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  /** In the order in which they are tried, before the location. */
  readonly mirrors: readonly Mirror[];
}

export interface RegistriesConfig {
  /** Tried for names without a registry; undefined: no file says so. */
  readonly searched?: readonly string[];
  readonly shortNameMode?: ShortNameMode;
  /** One for each prefix. */
  readonly rules: readonly RegistryRule[];
  /** Full names by short ones. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The files that were read. */
  readonly files: readonly string[];
}

export const NO_REGISTRIES: RegistriesConfig = { rules: [], aliases: new Map(), files: [] };

/** A file that is read later says more, or something else. */
export function mergeConfigs(first: RegistriesConfig, later: RegistriesConfig): RegistriesConfig {
  const replaced = new Set(later.rules.map(({ prefix }) => prefix));
  const aliases = new Map([...first.aliases, ...later.aliases]);
  // An empty one takes back what another file says.
  for (const [name, target] of aliases) if (target === '') aliases.delete(name);
  return {
    ...first,
    ...(later.searched === undefined ? {} : { searched: later.searched }),
    ...(later.shortNameMode === undefined ? {} : { shortNameMode: later.shortNameMode }),
    rules: [...first.rules.filter(({ prefix }) => !replaced.has(prefix)), ...later.rules],
    aliases,
    files: [...first.files, ...later.files],
  };
}
