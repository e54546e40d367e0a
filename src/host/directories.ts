/** Where tspod keeps what it keeps. */
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { TspodError } from '../errors.js';
import { cleanPath } from '../util/paths.js';

export interface Directories {
  /** What lasts: database, layers, logs. */
  readonly root: string;
  /** What a reboot wipes. */
  readonly runRoot: string;
}

export interface DirectoryOptions {
  /** @default $TSPOD_ROOT, or as defaultDirectories() says */
  readonly root?: string | undefined;
  /** @default $TSPOD_RUNROOT, or as defaultDirectories() says */
  readonly runRoot?: string | undefined;
}

/** Root's are /var/lib/tspod and /run/tspod; those of others lie in their own data and runtime directories (XDG). */
export function defaultDirectories(uid: number, env: NodeJS.ProcessEnv = process.env): Directories {
  if (uid === 0) return { root: '/var/lib/tspod', runRoot: '/run/tspod' };
  const data = env['XDG_DATA_HOME'] ?? `${env['HOME'] ?? '/'}/.local/share`;
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
  return { root: cleanPath(`${data}/tspod`), runRoot: cleanPath(`${runtime}/tspod`) };
}

/** Options first, then the environment, then the defaults. Throws INVALID_ARGUMENT for a relative path. */
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

/** Where archives lie for a moment: as large as images, they are not for a /tmp in memory. Podman has the same. */
export function spoolDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { TMPDIR: chosen = '' } = env;
  if (chosen !== '') return chosen;
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() === true ? '/var/tmp' : tmpdir();
}

function absolute(what: string, path: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return cleanPath(path);
  throw new TspodError('INVALID_ARGUMENT', `${what} directory must be an absolute path, not ${JSON.stringify(path)}`);
}
