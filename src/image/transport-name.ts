/** `transport:details`, as Skopeo and Podman write where an image is. */
import { TspodError } from '../errors.js';

/** In the order in which they are tried: the beginnings of what users write. */
const PREFIXES = {
  docker: 'docker://',
  'oci-archive': 'oci-archive:',
  'docker-archive': 'docker-archive:',
  oci: 'oci:',
  dir: 'dir:',
} as const;

export type TransportKind = keyof typeof PREFIXES;

/** What other engines have, and tspod has not. */
const OTHERS = ['containers-storage:', 'docker-daemon:', 'ostree:', 'sif:', 'tarball:', 'atomic:', 'docker:'];

export interface TransportName {
  readonly kind: TransportKind;
  /** The name of an image for docker, else a path and what comes after it. */
  readonly rest: string;
}

/** A text without a transport is the name of an image in a registry. Throws NOT_SUPPORTED for transports of others. */
export function parseTransportName(text: string): TransportName {
  for (const [kind, prefix] of Object.entries(PREFIXES))
    if (text.startsWith(prefix)) return { kind: kind as TransportKind, rest: text.slice(prefix.length) };
  const other = OTHERS.find((prefix) => text.startsWith(prefix) && !/^[a-z-]+:[\w.-]+$/.test(text));
  if (other !== undefined) throw new TspodError('NOT_SUPPORTED', `transport ${JSON.stringify(other)} is not supported`);
  return { kind: 'docker', rest: text };
}

/** Whether the text names a transport, and not just an image. */
export function hasTransport(text: string): boolean {
  return Object.values(PREFIXES).some((prefix) => text.startsWith(prefix));
}

export interface PathName {
  readonly path: string;
  /** After the colon: a tag, a name, or @ and a number. */
  readonly name?: string;
}

/** A path, which has no colon in it, and what comes after the first colon. Throws INVALID_ARGUMENT for an empty path. */
export function parsePathName(rest: string): PathName {
  const colon = rest.indexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  if (path === '' || path.includes('\0')) throw new TspodError('INVALID_ARGUMENT', 'the path of an image is empty');
  const name = colon === -1 ? '' : rest.slice(colon + 1);
  return name === '' ? { path } : { path, name };
}
