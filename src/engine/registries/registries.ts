/** Logins, searches and tags of registries: everything that needs neither a store nor containers. */
import type { SignalOption } from '../../container/api/container.js';
import { isTspodError, TspodError } from '../../errors.js';
import { forgetAllLogins, forgetLogin, findCredentials, keepLogin } from '../../image/auth/logins.js';
import { dockerLoginKey, readLoginKey } from '../../image/auth/login-key.js';
import { pullAccess, registriesOf, registryOptions, type RegistryAccessOptions } from '../../image/open-registry.js';
import { formatName, splitRegistry } from '../../image/reference.js';
import { pullLocations, resolveImageName } from '../../image/registries/resolve.js';
import { checkLogin } from '../../image/registry/check-login.js';
import type { Credentials } from '../../image/registry/credentials.js';
import { searchRegistry, type FoundImage } from '../../image/registry/search.js';
import { listTags } from '../../image/registry/tags.js';
import type { RegistryAccess } from '../images/types.js';
import { accessOptions, readingOptions } from './access.js';

export { readLoginKey };
export type { Credentials, FoundImage };

type RegistryRequest = RegistryAccess & SignalOption;

/**
 * Returns the registries that registries.conf lists for short names. Throws INVALID_ARGUMENT if the file is invalid.
 */
export function searchedRegistries(request: RegistryRequest = {}): readonly string[] {
  return registriesOf(accessOptions(request)).searched ?? [];
}

/** Returns the registry for names without one. Throws INVALID_ARGUMENT if registries.conf lists none. */
export function defaultRegistry(request: RegistryRequest): string {
  const [first] = searchedRegistries(request);
  if (first !== undefined) return first;
  throw new TspodError('INVALID_ARGUMENT', 'no registries found in registries.conf, a registry must be provided');
}

/** Returns the stored login for a registry, or for a path in it. */
export function keptLogin(text: string, request: RegistryRequest = {}): Promise<Credentials | undefined> {
  const { registry, path } = readLoginKey(text);
  return findCredentials(registry, path, { ...accessOptions(request), signal: request.signal });
}

/** Checks a login with the registry, without storing it. Throws UNAUTHORIZED. */
export async function tryLogin(text: string, credentials: Credentials, request: RegistryRequest = {}): Promise<void> {
  const { registry } = readLoginKey(text);
  const options = registryOptions(registry, { ...accessOptions(request), credentials });
  await checkLogin(registry, options, request.signal);
}

export interface LoginRequest extends RegistryAccess, SignalOption {
  /**
   * Stores the login under a key that Docker reads: a registry without a path, docker.io by its old address.
   * @default false
   */
  readonly dockerKeys?: boolean;
}

/**
 * Checks a login with the registry, stores it, and returns the path of the file. Throws UNAUTHORIZED; INVALID_ARGUMENT
 * for a path that Docker has no key for.
 */
export async function login(text: string, credentials: Credentials, request: LoginRequest = {}): Promise<string> {
  const { dockerKeys = false, ...rest } = request;
  const key = dockerKeys ? dockerLoginKey(text) : readLoginKey(text).key;
  await tryLogin(text, credentials, rest);
  return keepLogin(key, credentials, { ...accessOptions(rest), signal: rest.signal });
}

/** Removes the stored login for a registry; returns false if there was none. */
export function logout(text: string, request: RegistryRequest = {}): Promise<boolean> {
  return forgetLogin(readLoginKey(text).key, { ...accessOptions(request), signal: request.signal });
}

export function logoutAll(request: RegistryRequest = {}): Promise<void> {
  return forgetAllLogins({ ...accessOptions(request), signal: request.signal });
}

export interface SearchRequest extends RegistryAccess, SignalOption {
  /** Maximum number of results from each registry. @default 25 */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 25;

/**
 * Searches images by a word: `registry/word` in that registry, a word alone in all registries that registries.conf
 * lists. Fails only if no registry has results and one of them failed.
 */
export async function searchImages(text: string, request: SearchRequest = {}): Promise<readonly FoundImage[]> {
  const { limit = DEFAULT_LIMIT, signal } = request;
  const [registry, term] = splitRegistry(text);
  const registries = registry === undefined ? searchedRegistries(request) : [registry];
  if (registries.length === 0)
    throw new TspodError('INVALID_ARGUMENT', 'no registries found in registries.conf: search for REGISTRY/TERM');
  const given = signal === undefined ? {} : { signal };
  const answers = await Promise.allSettled(
    registries.map((host) => {
      const [name = '', ...path] = host.split('/');
      const word = [...path, term].join('/');
      return searchRegistry(name, { term: word, limit, ...given }, registryOptions(name, readingOptions(request)));
    }),
  );
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found;
}

/** Returns all tags of a repository, and its full name. Throws NO_SUCH_IMAGE. */
export function imageTags(text: string, request: RegistryRequest = {}): Promise<RepositoryTags> {
  return tagsOf(text, { ...readingOptions(request), signal: request.signal });
}

export interface RepositoryTags {
  /** Full name of the repository, with its registry. */
  readonly name: string;
  readonly tags: readonly string[];
}

export async function tagsOf(
  text: string,
  { signal, ...options }: RegistryAccessOptions & { readonly signal?: AbortSignal | undefined },
): Promise<RepositoryTags> {
  const config = registriesOf(options);
  let last: unknown;
  for (const { tag: _tag, digest: _digest, ...name } of resolveImageName(text, config)) {
    for (const location of pullLocations(name, config)) {
      const access = pullAccess(name, location, options);
      await using _client = access.client;
      try {
        return { name: formatName(name), tags: await listTags(access, signal) };
      } catch (error) {
        if (isTspodError(error, 'ABORTED')) throw error;
        last = error;
      }
    }
  }
  throw last;
}
