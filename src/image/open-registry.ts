/** Images in registries, as registries.conf, logins and options say. */
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
  /** Of the process: HOME, XDG_*, REGISTRY_AUTH_FILE, proxies, PATH for credential helpers. */
  readonly environment: Environment;
  /** Of the user. */
  readonly uid: number;
  /** False: certificates are not checked, and HTTP is taken where there is no TLS. @default as registries.conf says */
  readonly tlsVerify?: boolean | undefined;
  /** Certificates in place of those of certs.d. */
  readonly certDirectory?: string | undefined;
  /** Logins are read from there, and nowhere else. */
  readonly authFile?: string | undefined;
  /** In place of logins that are kept. */
  readonly credentials?: Credentials | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Bytes of one request of an upload at most. @default as many as there are */
  readonly chunkBytes?: number | undefined;
  /** @default what the files of the machine and the user say */
  readonly registries?: RegistriesConfig | undefined;
}

/** registries.conf of this call. */
export function registriesOf({ registries, environment, uid }: RegistryAccessOptions): RegistriesConfig {
  return registries ?? readRegistries(registriesPlaces(environment, uid));
}

/** A name with its registry; a short one is docker.io's. For short names of users `resolveImageName` has the candidates. */
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
    // It is blocked, or leads nowhere.
    if (isTspodError(error)) return undefined;
    throw error;
  }
}

/** To read what has this name where it may be. Credentials of the call are for the registry that was named: mirrors have logins of their own. */
export function pullAccess(
  name: Pick<ImageReference, 'registry'>,
  location: RegistryLocation,
  { credentials, ...options }: RegistryAccessOptions,
): RepositoryAccess {
  return accessTo(location, location.registry === name.registry ? { ...options, credentials } : options);
}

/** A repository, and someone who talks to its registry. */
function accessTo(
  { registry, repository, insecure }: RegistryLocation,
  options: RegistryAccessOptions,
): RepositoryAccess {
  return {
    client: new RegistryClient(registry, clientOptions({ registry, repository, insecure }, options)),
    repository,
  };
}

/** For the registry as such: a login, a search. */
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

/** The reference of a docker:// name, with a tag. Throws INVALID_ARGUMENT. */
export function registryReference(text: string): ImageReference {
  return withDefaultTag(parseReference(text));
}
