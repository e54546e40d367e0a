/** `transport:details`: how Skopeo and Podman name the place of an image. */
import { TspodError } from '../errors.js';

/** Prefix of each transport, in the order in which they are tried. */
const PREFIXES = {
  docker: 'docker://',
  'oci-archive': 'oci-archive:',
  'docker-archive': 'docker-archive:',
  oci: 'oci:',
  dir: 'dir:',
} as const;

export type TransportKind = keyof typeof PREFIXES;

/** Transports of other engines that tspod does not support. */
const OTHERS = ['containers-storage:', 'docker-daemon:', 'ostree:', 'sif:', 'tarball:', 'atomic:', 'docker:'];

export interface TransportName {
  readonly kind: TransportKind;
  /** For docker the image's name, else a path and an optional name. */
  readonly rest: string;
}

/**
 * Parses a name; without a transport it names an image in a registry. Throws NOT_SUPPORTED for transports of other
 * engines.
 */
export function parseTransportName(text: string): TransportName {
  for (const [kind, prefix] of Object.entries(PREFIXES))
    if (text.startsWith(prefix)) return { kind: kind as TransportKind, rest: text.slice(prefix.length) };
  const other = OTHERS.find((prefix) => text.startsWith(prefix) && !/^[a-z-]+:[\w.-]+$/.test(text));
  if (other !== undefined) throw new TspodError('NOT_SUPPORTED', `transport ${JSON.stringify(other)} is not supported`);
  return { kind: 'docker', rest: text };
}

/** Whether the text names a transport, and not only an image. */
export function hasTransport(text: string): boolean {
  return Object.values(PREFIXES).some((prefix) => text.startsWith(prefix));
}

export interface PathName {
  readonly path: string;
  /** The part after the colon: a tag, a name, or @ and an index. */
  readonly name?: string;
}

/**
 * Splits a path (which cannot contain a colon) from the name after the first colon. Throws INVALID_ARGUMENT for an
 * empty path.
 */
export function parsePathName(rest: string): PathName {
  const colon = rest.indexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  if (path === '' || path.includes('\0')) throw new TspodError('INVALID_ARGUMENT', 'the path of an image is empty');
  const name = colon === -1 ? '' : rest.slice(colon + 1);
  return name === '' ? { path } : { path, name };
}
