/** Reads registries.conf and its drop-in directories in Podman's order. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { TspodError } from '../../errors.js';
import type { Environment } from '../registry/environment.js';
import { mergeConfigs, NO_REGISTRIES, type RegistriesConfig } from './config.js';
import { parseRegistries } from './parse.js';

/** Maximum number of files per directory. */
const MAX_FILES = 1024;

export interface RegistriesPlaces {
  /** Candidates for the main file; the first that exists is used. */
  readonly files: readonly string[];
  /** Directories of `*.conf` files, each of which is merged into what was read before. */
  readonly directories: readonly string[];
  /** Files with the aliases that Podman recorded after asking the user. */
  readonly aliases: readonly string[];
}

/**
 * Returns the main files (CONTAINERS_REGISTRIES_CONF; else the user's, the system's and the distribution's), then the
 * drop-in directories of the system and the user.
 */
export function registriesPlaces(environment: Environment, uid: number): RegistriesPlaces {
  const set = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  const home = set('HOME');
  const config = set('XDG_CONFIG_HOME') ?? (home === undefined ? undefined : join(home, '.config'));
  const cache = set('XDG_CACHE_HOME') ?? (home === undefined ? undefined : join(home, '.cache'));
  const named = set('CONTAINERS_REGISTRIES_CONF');
  const users = config === undefined ? [] : [join(config, 'containers')];
  const usual = [...users, '/etc/containers', '/usr/share/containers'].map((place) => join(place, 'registries.conf'));
  return {
    files: named === undefined ? usual : [named],
    directories: ['/etc/containers/registries.conf.d', ...users.map((place) => join(place, 'registries.conf.d'))],
    aliases:
      uid === 0
        ? ['/var/cache/containers/short-name-aliases.conf']
        : cache === undefined
          ? []
          : [join(cache, 'containers/short-name-aliases.conf')],
  };
}

/** Reads and merges all files. Throws INVALID_ARGUMENT for an invalid one. */
export function readRegistries({ files, directories, aliases }: RegistriesPlaces): RegistriesConfig {
  const first = firstOf(files);
  const paths = directories.flatMap((directory) => confFiles(directory));
  return [...paths, ...aliases].reduce((config, path) => {
    const text = textOf(path);
    return text === undefined ? config : mergeConfigs(config, parseRegistries(path, text));
  }, first ?? NO_REGISTRIES);
}

function firstOf(files: readonly string[]): RegistriesConfig | undefined {
  for (const path of files) {
    const text = textOf(path);
    if (text !== undefined) return parseRegistries(path, text);
  }
  return undefined;
}

function confFiles(directory: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(directory, error);
  }
  const found = names.filter((name) => name.endsWith('.conf')).sort();
  if (found.length > MAX_FILES) throw unreadable(directory, new Error(`more than ${MAX_FILES} files`));
  return found.map((name) => join(directory, name));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code));
}

function unreadable(path: string, error: unknown): TspodError {
  return new TspodError('INVALID_ARGUMENT', `read ${JSON.stringify(path)}: ${(error as Error).message}`, {
    cause: error,
  });
}
