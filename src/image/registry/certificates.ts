/** Certificates for a registry: the system's authorities, and what the directories of `certs.d` add for it (containers-certs.d(5)). */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

import { TspodError } from '../../errors.js';
import type { Environment } from './environment.js';

/** Where distributions keep the authorities that the machine trusts: Debian, Fedora, SUSE, Alpine. Node itself would take those that it was built with. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

const MAX_FILES = 1024;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Whose certificates they are. */
export interface CertificatePlace {
  /** What the registry may be called in certs.d, with the port as it is written; the first that there is. */
  readonly names: readonly string[];
  /** Where it is, with the port if that is written. */
  readonly host: string;
  /** In place of what certs.d has for it. */
  readonly directory?: string;
}

/**
 * What a TLS connection to the host (with its port) is made with: the registry's authorities also where it keeps blobs and gives tokens, its certificates of clients for itself
 * alone. Throws INVALID_ARGUMENT for files that make no sense.
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

/** The first directory that there is, as Podman looks: the user's, then the machine's, then Docker's. */
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

/** Read anew for each client: an administrator may add one at any time. */
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
