/** Opens images in registries according to registries.conf, stored logins and options. */
import { isTspodError } from '../errors.js';
import { findCredentials } from './auth/logins.js';
import { formatName, parseReference, withDefaultTag, type ImageReference } from './reference.js';
import { isInsecure, pullLocations, pushLocation, type RegistryLocation } from './registries/resolve.js';
import type { RegistriesConfig } from './registries/config.js';
import { readRegistries, registriesPlaces } from './registries/read.js';
import { RegistryClient, type RegistryClientOptions } from './registry/client.js';
import type { Credentials } from './registry/credentials.js';
import { RegistryDestination } from './registry/destination.js';
import type { Environment } from './registry/environment.js';
import type { RepositoryAccess } from './registry/location.js';
import { MirroredSource } from './registry/mirrored-source.js';
import type { RetryPolicy } from './registry/retry.js';
import { RegistrySource } from './registry/source.js';
import type { ImageDestination, ImageSource } from './transport.js';

export interface RegistryAccessOptions {
  /** Environment of the process: HOME, XDG_*, REGISTRY_AUTH_FILE, proxies, PATH for credential helpers. */
  readonly environment: Environment;
  /** User id. */
  readonly uid: number;
  /**
   * False: certificates are not checked, and plain HTTP is accepted from a registry without TLS. @default as
   * registries.conf says
   */
  readonly tlsVerify?: boolean | undefined;
  /** Directory of certificates to use instead of those in certs.d. */
  readonly certDirectory?: string | undefined;
  /** The only file that logins are read from. */
  readonly authFile?: string | undefined;
  /** Used instead of stored logins. */
  readonly credentials?: Credentials | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Maximum number of bytes per upload request. @default no limit */
  readonly chunkBytes?: number | undefined;
  /** @default read from the files of the system and the user */
  readonly registries?: RegistriesConfig | undefined;
}

/** Returns the registries.conf that applies to this call. */
export function registriesOf({ registries, environment, uid }: RegistryAccessOptions): RegistriesConfig {
  return registries ?? readRegistries(registriesPlaces(environment, uid));
}

/** Opens an image by its full name. (For short names, `resolveImageName` returns the candidates.) */
export function openRegistrySource(name: ImageReference, options: RegistryAccessOptions): ImageSource {
  const sources = pullLocations(name, registriesOf(options)).map(
    (location) => new RegistrySource({ ...pullAccess(name, location, options), name }),
  );
  const [first] = sources;
  if (first !== undefined && sources.length === 1) return first;
  return new MirroredSource(`docker://${formatName(name)}`, sources);
}

export function openRegistryDestination(name: ImageReference, options: RegistryAccessOptions): ImageDestination {
  const config = registriesOf(options);
  const location = pushLocation(name, config);
  return new RegistryDestination({
    ...accessTo(location, options),
    name,
    chunkBytes: options.chunkBytes,
    repositoryHere: (other) => repositoryIn(location.registry, other, config),
  });
}

function repositoryIn(registry: string, name: string, config: RegistriesConfig): string | undefined {
  try {
    const location = pushLocation(parseReference(name), config);
    return location.registry === registry ? location.repository : undefined;
  } catch (error) {
    // The registry is blocked, or the name is rewritten to something invalid.
    if (isTspodError(error)) return undefined;
    throw error;
  }
}

/**
 * Returns access to a location from which an image may be pulled. The call's credentials are only sent to the registry
 * that was named; mirrors have logins of their own.
 */
export function pullAccess(
  name: Pick<ImageReference, 'registry'>,
  location: RegistryLocation,
  { credentials, ...options }: RegistryAccessOptions,
): RepositoryAccess {
  return accessTo(location, location.registry === name.registry ? { ...options, credentials } : options);
}

/** Returns a repository together with a client for its registry. */
function accessTo(
  { registry, repository, insecure }: RegistryLocation,
  options: RegistryAccessOptions,
): RepositoryAccess {
  return {
    client: new RegistryClient(registry, clientOptions({ registry, repository, insecure }, options)),
    repository,
  };
}

/** Returns the client options for the registry as a whole: for a login, a search. */
export function registryOptions(registry: string, options: RegistryAccessOptions): RegistryClientOptions {
  return clientOptions({ registry, insecure: isInsecure(registry, registriesOf(options)) }, options);
}

function clientOptions(
  { registry, repository, insecure }: { registry: string; repository?: string; insecure: boolean },
  options: RegistryAccessOptions,
): RegistryClientOptions {
  const { environment, tlsVerify, certDirectory, retry, credentials } = options;
  return {
    environment,
    insecure: tlsVerify === undefined ? insecure : !tlsVerify,
    credentials: () =>
      credentials === undefined ? findCredentials(registry, repository, options) : Promise.resolve(credentials),
    ...(certDirectory === undefined ? {} : { certDirectory }),
    ...(retry === undefined ? {} : { retry }),
  };
}

/** Parses the rest of a docker:// name; `latest` if it has neither tag nor digest. Throws INVALID_ARGUMENT. */
export function registryReference(text: string): ImageReference {
  return withDefaultTag(parseReference(text));
}
