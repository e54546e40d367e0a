/**
 * Certificates for a registry: the system's authorities, and those that `certs.d` adds for it (containers-certs.d(5)).
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

import { TspodError } from '../../errors.js';
import type { Environment } from './environment.js';

/**
 * Where distributions keep the system's trusted authorities: Debian, Fedora, SUSE, Alpine. Node's default would be its
 * built-in ones.
 */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

const MAX_FILES = 1024;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Identifies the registry whose certificates are used. */
export interface CertificatePlace {
  /** Names of the registry in certs.d, with the port as written; the first that exists is used. */
  readonly names: readonly string[];
  /** The registry's host, with the port if one is given. */
  readonly host: string;
  /** Directory to use instead of the registry's in certs.d. */
  readonly directory?: string;
}

/**
 * Returns the TLS context for a connection to a host (with its port). The registry's authorities are also trusted for
 * its blob storage and token server; its client certificate is only presented to the registry itself. Throws
 * INVALID_ARGUMENT for invalid files.
 */
export function certificatesFor(
  host: string,
  { names, host: own, directory, environment }: CertificatePlace & { readonly environment: Environment },
): SecureContext {
  const found = directory ?? registryDirectory(names, environment);
  const { authorities, client } = found === undefined ? NOTHING : readDirectory(found);
  try {
    return createSecureContext({
      ca: [...systemAuthorities(environment), ...authorities],
      ...(host === new URL(`https://${own}`).host ? client : {}),
    });
  } catch (error) {
    throw unusable(found ?? 'the authorities of this machine', error);
  }
}

interface Material {
  readonly authorities: readonly Buffer[];
  readonly client: { readonly cert?: Buffer; readonly key?: Buffer };
}

const NOTHING: Material = { authorities: [], client: {} };

/** Returns the first directory that exists, in Podman's order: the user's, the system's, Docker's. */
function registryDirectory(names: readonly string[], { HOME }: Environment): string | undefined {
  const places = [
    ...(HOME === undefined || HOME === '' ? [] : [join(HOME, '.config/containers/certs.d')]),
    '/etc/containers/certs.d',
    '/etc/docker/certs.d',
  ];
  return names.flatMap((name) => places.map((place) => join(place, name))).find((path) => existsSync(path));
}

function readDirectory(directory: string): Material {
  let names: string[];
  try {
    names = readdirSync(directory).sort();
  } catch (error) {
    throw unusable(directory, error);
  }
  if (names.length > MAX_FILES) throw unusable(directory, new Error(`it has more than ${MAX_FILES} files`));
  const read = (name: string) => readSmall(join(directory, name));
  const authorities = names.filter((name) => name.endsWith('.crt')).map(read);
  const cert = names.find((name) => name.endsWith('.cert'));
  const orphan = names.find((name) => name.endsWith('.key') && !names.includes(name.replace(/key$/, 'cert')));
  if (orphan !== undefined)
    throw unusable(directory, new Error(`the certificate of ${orphan} is missing (its name ends with .cert)`));
  if (cert === undefined) return { authorities, client: {} };
  const key = cert.replace(/cert$/, 'key');
  if (!names.includes(key))
    throw unusable(directory, new Error(`${key} is missing (the name of an authority's certificate ends with .crt)`));
  return { authorities, client: { cert: read(cert), key: read(key) } };
}

/** Read again for each client: an administrator may add an authority at any time. */
function systemAuthorities({ SSL_CERT_FILE }: Environment): readonly (string | Buffer)[] {
  if (SSL_CERT_FILE !== undefined && SSL_CERT_FILE !== '') return [readSmall(SSL_CERT_FILE)];
  const bundle = SYSTEM_BUNDLES.find((path) => existsSync(path));
  return bundle === undefined ? rootCertificates : [readSmall(bundle)];
}

function readSmall(path: string): Buffer {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return readFileSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): TspodError {
  return new TspodError(
    'INVALID_ARGUMENT',
    `read certificates of ${JSON.stringify(path)}: ${(error as Error).message}`,
    {
      cause: error,
    },
  );
}
