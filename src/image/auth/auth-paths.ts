/** Where logins are read from and written to. */
import { join, resolve } from 'node:path';

import type { Environment } from '../registry/environment.js';

/**
 * Returns the file that logins are written to, and read from first. A relative path counts from the working directory.
 */
export function authFilePath({ authFile, environment, uid }: AuthPlaces): string {
  if (authFile !== undefined && authFile !== '') return resolve(authFile);
  const named = environment['REGISTRY_AUTH_FILE'];
  if (named !== undefined && named !== '') return resolve(named);
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && runtime !== '') return join(runtime, 'containers/auth.json');
  return `/run/containers/${uid}/auth.json`;
}

export interface AuthPlaces {
  /** Path given by `--authfile`. */
  readonly authFile?: string | undefined;
  readonly environment: Environment;
  /** User id. */
  readonly uid: number;
}

/** Returns the files to read, in order. A file named by `--authfile` or REGISTRY_AUTH_FILE is the only one. */
export function authFilePaths(places: AuthPlaces): readonly string[] {
  const first = authFilePath(places);
  const { authFile, environment } = places;
  const isNamed = [authFile, environment['REGISTRY_AUTH_FILE']].some((name) => name !== undefined && name !== '');
  const home = environment['HOME'];
  if (isNamed || home === undefined || home === '') return [first];
  const config = environment['XDG_CONFIG_HOME'];
  const users = config === undefined || config === '' ? join(home, '.config') : config;
  const docker = environment['DOCKER_CONFIG'];
  return [
    first,
    join(users, 'containers/auth.json'),
    join(docker === undefined || docker === '' ? join(home, '.docker') : docker, 'config.json'),
  ];
}

/** Returns the keys under which a login for a repository may be stored, most specific first: host/a/b, host/a, host. */
export function keysFor(registry: string, repository?: string): readonly string[] {
  const parts = repository === undefined ? [] : repository.split('/');
  return [...parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join('/')), registry];
}
