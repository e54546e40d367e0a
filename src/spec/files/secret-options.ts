/** Options and configuration of the secrets that a container gets. */
import { invalid } from '../../errors.js';
import { cleanPath, isWithin } from '../../util/paths.js';
import { checkInteger } from '../checks/numbers.js';
import { quote } from '../checks/quote.js';
import type { ShapeOf } from '../checks/shape.js';
import { requireString } from '../../util/require-string.js';

/** A secret that a container gets, with the data that the secret has at the container's creation. */
export interface SecretOptions {
  /** Name or id of the secret, or the beginning of its id. */
  readonly source: string;
  /**
   * `mount`: as a file; `env`: as an environment variable, which every process of the container can read.
   * @default 'mount'
   */
  readonly type?: 'mount' | 'env';
  /**
   * Path of the file, below /run/secrets unless it is absolute; name of the variable.
   * @default the name of the secret
   */
  readonly target?: string;
  /** Owner of the file, as the container sees it. @default 0 */
  readonly uid?: number;
  /** Group of the file, as the container sees it. @default 0 */
  readonly gid?: number;
  /** Permission bits of the file. @default 0o444 */
  readonly mode?: number;
}

export const SECRET_SHAPE: ShapeOf<SecretOptions> = {
  source: 'string',
  type: 'string',
  target: 'string',
  uid: 'number',
  gid: 'number',
  mode: 'number',
};

/** A secret of a container after validation. */
export interface SecretConfig {
  readonly type: 'mount' | 'env';
  /** Source as given; `name` and `id` are filled when the container is recorded. */
  readonly source: string;
  readonly name: string;
  readonly id: string;
  /** Absolute path, or name of a variable. */
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Directory of secrets whose target is relative: Podman's. */
const DIRECTORY = '/run/secrets';
const MAX_ID = 2 ** 32 - 2;

/** Returns the secrets of the options, still without names and ids. */
export function normalizeSecrets(options: readonly SecretOptions[] = []): readonly SecretConfig[] {
  return options.map((option) => {
    const { source, type = 'mount', target = '', uid, gid, mode } = option;
    if (type !== 'mount' && type !== 'env')
      throw invalid(`type of a secret must be mount or env, not ${quote(String(type))}`);
    if (source === '') throw invalid('a secret must have a source');
    if (type === 'env' && (uid !== undefined || gid !== undefined || mode !== undefined))
      throw invalid('UID, GID, Mode options cannot be set with secret type env');
    return {
      type,
      source,
      name: '',
      id: '',
      target: target === '' ? '' : checkTarget(type, target),
      uid: checkInteger('uid of a secret', uid ?? 0, { min: 0, max: MAX_ID }),
      gid: checkInteger('gid of a secret', gid ?? 0, { min: 0, max: MAX_ID }),
      mode: checkInteger('mode of a secret', mode ?? 0o444, { min: 0, max: 0o7777 }),
    };
  });
}

/** Returns the configuration with the secret's id and name. The name is the target if the options have none. */
export function namedSecret(
  secret: SecretConfig,
  { id, name }: { readonly id: string; readonly name: string },
): SecretConfig {
  return { ...secret, id, name, target: checkTarget(secret.type, secret.target === '' ? name : secret.target) };
}

function checkTarget(type: SecretConfig['type'], target: string): string {
  if (type === 'env') {
    if (!/^[^=\0]+$/.test(target)) throw invalid(`invalid name of an environment variable: ${quote(target)}`);
    return target;
  }
  const path = cleanPath(target.startsWith('/') ? target : `${DIRECTORY}/${target}`);
  if (
    target.includes('\0') ||
    path === '/' ||
    path === DIRECTORY ||
    (!target.startsWith('/') && !isWithin(path, DIRECTORY))
  )
    throw invalid(`invalid secret target ${quote(target)}`);
  return path;
}

/** Returns the secrets that are mounted, each with its file in the directory. */
export function secretFiles(
  secrets: readonly SecretConfig[],
  directory: string,
): readonly { readonly secret: SecretConfig; readonly index: number; readonly path: string }[] {
  return secrets.flatMap((secret, index) =>
    secret.type === 'mount' ? [{ secret, index, path: `${directory}/${index}` }] : [],
  );
}

/** Podman's limit: the data must be smaller than this, and not empty. */
const MAX_SECRET_BYTES = 512_000;

/** Checks the size of a secret's data. Throws INVALID_ARGUMENT. */
export function checkSecretData(data: Uint8Array): void {
  if (!(data instanceof Uint8Array)) throw new TypeError('the data of a secret must be text or bytes');
  if (data.length === 0 || data.length >= MAX_SECRET_BYTES)
    throw invalid(`secret data must be larger than 0 and less than ${MAX_SECRET_BYTES} bytes`);
}

/** Returns the name of a secret if it is valid: it becomes part of paths and of options. Throws INVALID_ARGUMENT. */
export function checkSecretName(name: string): string {
  requireString('the name of a secret', name);
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9])?$/.test(name))
    throw invalid(
      `invalid secret name ${quote(name)}: at most 253 of [a-zA-Z0-9-_.], and the first and the last of [a-zA-Z0-9]`,
    );
  return name;
}
