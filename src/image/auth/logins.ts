/** Finds, stores and removes logins. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { TspodError } from '../../errors.js';
import { lock } from '../../native/file-lock.js';
import type { Credentials } from '../registry/credentials.js';
import {
  findLogin,
  helperFor,
  keysOf,
  ownHelper,
  readAuthFile,
  withLogin,
  withoutLogins,
  type AuthFile,
} from './auth-file.js';
import { authFilePath, authFilePaths, keysFor, type AuthPlaces } from './auth-paths.js';
import { dockerLoginKey } from './login-key.js';
import { helperErase, helperGet, helperStore, isMissingHelper } from './credential-helper.js';

export interface LoginPlace extends AuthPlaces {
  readonly signal?: AbortSignal | undefined;
}

/** Returns the login for a registry or one of its repositories; undefined if there is none. */
export async function findCredentials(
  registry: string,
  repository: string | undefined,
  place: LoginPlace,
): Promise<Credentials | undefined> {
  const keys = keysFor(registry, repository);
  for (const path of authFilePaths(place)) {
    const file = readAuthFile(path);
    const login = (await fromHelper(file, registry, place)) ?? findLogin(file, keys);
    if (login !== undefined) return login;
  }
  return undefined;
}

/** Stores a login under a key: a registry, or a path in one. Returns the path of the auth file. */
export async function keepLogin(key: string, login: Credentials, place: LoginPlace): Promise<string> {
  const path = authFilePath(place);
  const helper = helperFor(readAuthFile(path), key);
  if (helper === undefined) await changeAuthFile(path, place, (file) => withLogin(file, key, login));
  else await helperStore(key, login, { helper, ...place });
  return path;
}

/** Removes a login. Returns false if there was none in the place that logins are written to. */
export async function forgetLogin(key: string, place: LoginPlace): Promise<boolean> {
  const path = authFilePath(place);
  const file = readAuthFile(path);
  let had = false;
  for (const server of serversOf(key)) {
    const helper = helperFor(file, server);
    if (helper === undefined) continue;
    if ((await helperGet(server, { helper, ...place })) !== undefined) had = true;
    await helperErase(server, { helper, ...place });
  }
  if (had) return true;
  if (findLogin(file, [key]) === undefined) return false;
  await changeAuthFile(path, place, (current) => withLogin(current, key, undefined));
  return true;
}

export async function forgetAllLogins(place: LoginPlace): Promise<void> {
  const path = authFilePath(place);
  const file = readAuthFile(path);
  for (const key of keysOf(file)) {
    const helper = helperFor(file, key);
    if (helper !== undefined) await helperErase(key, { helper, ...place });
  }
  if (Object.keys(file.members).length > 0) await changeAuthFile(path, place, withoutLogins);
}

async function fromHelper(
  file: AuthFile,
  registry: string,
  { environment, signal }: LoginPlace,
): Promise<Credentials | undefined> {
  for (const server of serversOf(registry)) {
    const helper = helperFor(file, server);
    if (helper === undefined) continue;
    try {
      const login = await helperGet(server, { helper, environment, signal });
      if (login !== undefined) return login;
    } catch (error) {
      // Docker Desktop adds its helper to files that are also used on other machines.
      if (!isMissingHelper(error) || ownHelper(file, server) !== undefined) throw error;
    }
  }
  return undefined;
}

/** Returns the keys under which a helper may have the login: Docker passes its own key for docker.io. */
function serversOf(key: string): readonly string[] {
  return key === 'docker.io' ? [key, dockerLoginKey(key)] : [key];
}

/** Rewrites the file atomically, under a lock. Only its owner can read it, whatever the umask. */
async function changeAuthFile(
  path: string,
  { signal }: LoginPlace,
  change: (file: AuthFile) => AuthFile,
): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const target = real(path);
    using _held = await lock(`${target}.lock`, signal === undefined ? {} : { signal });
    if (statSync(target, { throwIfNoEntry: false })?.isFile() === false)
      throw new TspodError('INVALID_ARGUMENT', `auth file ${JSON.stringify(path)} is not a regular file`);
    const { members } = change(readAuthFile(path));
    writeAtomically(target, `${JSON.stringify(members, null, '\t')}\n`);
  } catch (error) {
    if (error instanceof TspodError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const kind = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'PERMISSION_DENIED' : 'INVALID_ARGUMENT';
    throw new TspodError(kind, `write auth file ${JSON.stringify(path)}: ${message}`, { cause: error });
  }
}

/** Follows symbolic links: the link's target is rewritten. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * All writers use the same temporary file, under the lock: if one is killed, the next overwrites what it left, secrets
 * included.
 */
function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, 'wx', 0o600);
  try {
    chmodSync(temporary, 0o600);
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
