/**
 * The parsed registries.conf (containers-registries.conf(5)): which registries are searched, rewritten, mirrored or
 * blocked, and short-name aliases.
 */

export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

export interface Mirror {
  /** A registry, or a path in one. */
  readonly location: string;
  readonly insecure: boolean;
  readonly pullFrom: 'all' | 'digest-only' | 'tag-only';
}

export interface RegistryRule {
  /** Prefix of names, or `*.` and a domain. */
  readonly prefix: string;
  /** Replacement for the prefix; '': the name is not rewritten. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  /** In the order in which they are tried, all before the location. */
  readonly mirrors: readonly Mirror[];
}

export interface RegistriesConfig {
  /** Registries tried for names without one; undefined if no file sets them. */
  readonly searched?: readonly string[];
  readonly shortNameMode?: ShortNameMode;
  /** One rule per prefix. */
  readonly rules: readonly RegistryRule[];
  /** Full names by short name. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The files that were read. */
  readonly files: readonly string[];
}

export const NO_REGISTRIES: RegistriesConfig = { rules: [], aliases: new Map(), files: [] };

/** Merges two configurations; the settings of the later file take precedence. */
export function mergeConfigs(first: RegistriesConfig, later: RegistriesConfig): RegistriesConfig {
  const replaced = new Set(later.rules.map(({ prefix }) => prefix));
  const aliases = new Map([...first.aliases, ...later.aliases]);
  // An empty alias removes the one of an earlier file.
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
