/** Directories in which tspod keeps its data. */
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { TspodError } from '../errors.js';
import { cleanPath } from '../util/paths.js';

export interface Directories {
  /** Directory of persistent data: database, layers, logs. */
  readonly root: string;
  /** Directory of data that a reboot deletes. */
  readonly runRoot: string;
}

export interface DirectoryOptions {
  /** Directory of persistent data. @default $TSPOD_ROOT, or that of defaultDirectories() */
  readonly root?: string | undefined;
  /** Directory of data that a reboot deletes. @default $TSPOD_RUNROOT, or that of defaultDirectories() */
  readonly runRoot?: string | undefined;
}

/**
 * Returns the default directories: /var/lib/tspod and /run/tspod for root; for other users, in their own data and
 * runtime directories (XDG).
 */
export function defaultDirectories(uid: number, env: NodeJS.ProcessEnv = process.env): Directories {
  if (uid === 0) return { root: '/var/lib/tspod', runRoot: '/run/tspod' };
  const data = env['XDG_DATA_HOME'] ?? `${env['HOME'] ?? '/'}/.local/share`;
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
  return { root: cleanPath(`${data}/tspod`), runRoot: cleanPath(`${runtime}/tspod`) };
}

/**
 * Returns the directories, from the options, else the environment, else the defaults. Throws INVALID_ARGUMENT for a
 * relative path.
 */
export function resolveDirectories(
  options: DirectoryOptions,
  uid: number,
  env: NodeJS.ProcessEnv = process.env,
): Directories {
  const defaults = defaultDirectories(uid, env);
  return {
    root: absolute('root', options.root ?? env['TSPOD_ROOT'] ?? defaults.root),
    runRoot: absolute('run root', options.runRoot ?? env['TSPOD_RUNROOT'] ?? defaults.runRoot),
  };
}

/**
 * Returns the directory for temporary archives: they are as large as images, and so not for a /tmp in memory. Podman
 * uses the same.
 */
export function spoolDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { TMPDIR: chosen = '' } = env;
  if (chosen !== '') return chosen;
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() === true ? '/var/tmp' : tmpdir();
}

function absolute(what: string, path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return cleanPath(path);
  throw new TspodError('INVALID_ARGUMENT', `${what} directory must be an absolute path, not ${JSON.stringify(path)}`);
}
