/** Keys under which logins are stored (containers-auth.json(5)). */
import { TspodError } from '../../errors.js';
import { isHost, parseImageName } from '../reference.js';

/** Parses a registry, or a path in one: quay.io, quay.io/team. Throws INVALID_ARGUMENT. */
export function readLoginKey(text: string): {
  readonly key: string;
  readonly registry: string;
  readonly path: string | undefined;
} {
  const [host = '', ...parts] = text
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .split('/');
  if (!isHost(host)) throw new TspodError('INVALID_ARGUMENT', `${JSON.stringify(text)} is not a registry`);
  const path = parts.length === 0 ? undefined : parts.join('/');
  // Checked as part of an image name. `localhost` stands in because a single-word host would not be recognized there.
  if (path !== undefined) parseImageName(`localhost/${path}`);
  return { key: [host, ...parts].join('/'), registry: host, path };
}

/**
 * Returns the key in Docker's format: a registry without a path, and docker.io by its old address. Throws
 * INVALID_ARGUMENT.
 */
export function dockerLoginKey(text: string): string {
  const { key, path } = readLoginKey(text);
  if (path !== undefined)
    throw new TspodError('INVALID_ARGUMENT', `Docker keeps no login for a path in a registry: ${JSON.stringify(key)}`);
  return key === 'docker.io' ? 'https://index.docker.io/v1/' : key;
}
