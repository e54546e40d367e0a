/** The auth.json of Podman, Skopeo and Docker (containers-auth.json(5)): logins by registry, or by a path in one. */
import { readFileSync } from 'node:fs';

import { isTspodError, TspodError } from '../../errors.js';
import { member, parseJson, readObject, readString, type JsonObject } from '../../oci/check.js';
import type { Credentials } from '../registry/credentials.js';

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_SECRET = 1024 * 1024;

/** Content of the file; unknown members are kept when it is rewritten. */
export interface AuthFile {
  readonly path: string;
  readonly members: JsonObject;
}

/** Reads the file; a missing or empty one has no members. Throws INVALID_ARGUMENT if it is not a JSON object. */
export function readAuthFile(path: string): AuthFile {
  const text = readText(path);
  if (text.trim() === '') return { path, members: {} };
  const at = `auth file ${JSON.stringify(path)}`;
  return { path, members: readObject(parseJson(at, text, MAX_BYTES), at) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    const kind = code === 'EACCES' ? 'PERMISSION_DENIED' : 'INVALID_ARGUMENT';
    throw new TspodError(kind, `read auth file ${JSON.stringify(path)}: ${message}`, { cause: error });
  }
}

/** Returns the login of the first key that has one in the file. */
export function findLogin(file: AuthFile, keys: readonly string[]): Credentials | undefined {
  const auths = section(file, 'auths');
  for (const key of keys) {
    const exact = member(auths, key);
    if (exact !== undefined) return loginOf(exact, file, key);
  }
  // Docker writes keys with a scheme and a path: https://index.docker.io/v1/.
  for (const key of keys) {
    const similar = Object.keys(auths).find((other) => hostOfKey(other) === aliasOf(key));
    if (similar !== undefined) return loginOf(member(auths, similar), file, similar);
  }
  return undefined;
}

/** Returns the name of the credential helper for the key: the one configured for it, else the default one. */
export function helperFor(file: AuthFile, key: string): string | undefined {
  return ownHelper(file, key) ?? nameIn(file.members, 'credsStore');
}

/** Returns the credential helper configured for this key. */
export function ownHelper(file: AuthFile, key: string): string | undefined {
  return nameIn(section(file, 'credHelpers'), key);
}

function nameIn(helpers: JsonObject, key: string): string | undefined {
  const helper = member(helpers, key);
  return typeof helper === 'string' && helper !== '' ? helper : undefined;
}

/** Returns all keys for which the file has a login or a credential helper. */
export function keysOf(file: AuthFile): readonly string[] {
  return [...new Set([...Object.keys(section(file, 'auths')), ...Object.keys(section(file, 'credHelpers'))])];
}

/** Returns the file with the key's login replaced by `login`, or removed if that is undefined. */
export function withLogin(file: AuthFile, key: string, login: Credentials | undefined): AuthFile {
  const kept = Object.entries(section(file, 'auths')).filter(
    ([other]) => other !== key && hostOfKey(other) !== aliasOf(key),
  );
  const added = login === undefined ? [] : [[key, entryOf(login)] as const];
  return { ...file, members: { ...file.members, auths: Object.fromEntries([...kept, ...added]) } };
}

export function withoutLogins(file: AuthFile): AuthFile {
  return { ...file, members: { ...file.members, auths: {} } };
}

function section({ path, members }: AuthFile, name: string): JsonObject {
  const value = member(members, name);
  return value === undefined ? {} : readObject(value, `auth file ${JSON.stringify(path)}: ${name}`);
}

function loginOf(entry: unknown, { path }: AuthFile, key: string): Credentials | undefined {
  const at = `auth file ${JSON.stringify(path)}: auths[${JSON.stringify(key)}]`;
  const object = readObject(entry, at);
  const token = textOf(object, 'identitytoken', at);
  if (token !== undefined) return { kind: 'token', token };
  const auth = textOf(object, 'auth', at);
  if (auth === undefined) return undefined;
  const pair = Buffer.from(auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon === -1) throw new TspodError('INVALID_ARGUMENT', `${at}.auth must be a user name and password`);
  return { kind: 'password', username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
}

function textOf(object: JsonObject, key: string, at: string): string | undefined {
  const value = member(object, key);
  if (value === undefined || value === '') return undefined;
  try {
    return readString(value, `${at}.${key}`, MAX_SECRET);
  } catch (error) {
    // The error text contains no secret, only the place.
    throw isTspodError(error) ? error : new TspodError('INVALID_ARGUMENT', `${at}.${key}`, { cause: error });
  }
}

function entryOf(login: Credentials): object {
  if (login.kind === 'token') return { auth: '', identitytoken: login.token };
  return { auth: Buffer.from(`${login.username}:${login.password}`).toString('base64') };
}

/** docker.io has three names; returns the one that Docker uses as a key. */
function aliasOf(host: string): string {
  return ['docker.io', 'registry-1.docker.io'].includes(host) ? 'index.docker.io' : host;
}

/** Returns the host of a key in Docker's format; undefined for a newer key with a path. */
function hostOfKey(key: string): string | undefined {
  const stripped = key.replace(/^https?:\/\//, '');
  if (stripped === key && key.includes('/')) return undefined;
  return aliasOf(stripped.split('/')[0] ?? '');
}
