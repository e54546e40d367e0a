/**
 * Secrets of containers: named and copied when they are recorded, written before each launch, never part of the
 * configuration.
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import type { ContainerConfig } from '../../spec/config.js';
import { namedSecret, secretFiles, type SecretConfig } from '../../spec/files/secret-options.js';
import { noSuchSecret } from '../../state/secrets.js';
import { ownerOutside } from '../../storage/owners.js';
import type { EngineContext } from '../context.js';
import type { HeldContainer } from '../held.js';

export function hasSecrets({ secrets }: Pick<ContainerConfig, 'secrets'>): boolean {
  return secrets.length > 0;
}

/**
 * Returns the configuration with the names, ids and targets of its secrets. Throws NO_SUCH_SECRET, AMBIGUOUS,
 * INVALID_ARGUMENT.
 */
export function withSecretNames({ store }: EngineContext, config: ContainerConfig): ContainerConfig {
  if (!hasSecrets(config)) return config;
  const secrets = config.secrets.map((secret) => namedSecret(secret, store.secrets.find(secret.source)));
  const taken = new Set<string>();
  for (const { type, target } of secrets) {
    if (type !== 'mount') continue;
    if (taken.has(target)) throw new TspodError('INVALID_ARGUMENT', `two secrets have the same target: ${target}`);
    taken.add(target);
  }
  return { ...config, secrets };
}

/** Copies the present contents of its secrets for the new container. Runs in the transaction that records it. */
export function copySecrets({ store }: EngineContext, seq: number, { secrets }: ContainerConfig): void {
  for (const [position, { id }] of secrets.entries()) store.secrets.give(seq, position, id);
}

/**
 * Writes the mounted secrets to the run directory, which is in memory and goes with the run. Throws NO_SUCH_SECRET for
 * a lost one.
 */
export function writeSecrets({ context, seq, paths }: HeldContainer, config: ContainerConfig): void {
  const directory = secretDirectory(paths.run);
  const files = secretFiles(config.secrets, directory);
  if (files.length === 0) return;
  const data = context.store.secrets.ofContainer(seq);
  mkdirSync(directory, { mode: 0o700 });
  for (const { secret, index, path } of files) {
    const { uid, gid } = ownerOutside(config, secret);
    writeFileSync(path, copyOf(data, index, secret), { mode: 0o600, flag: 'wx' });
    chownSync(path, uid, gid);
    chmodSync(path, secret.mode);
  }
}

function secretDirectory(run: string): string {
  return `${run}/secrets`;
}

/**
 * Returns the secrets that are environment variables. Throws INVALID_ARGUMENT for what cannot be one, NO_SUCH_SECRET
 * for a lost one.
 */
export function secretEnvironment(
  { store }: EngineContext,
  seq: number,
  { secrets }: ContainerConfig,
): Readonly<Record<string, string>> {
  if (!secrets.some(({ type }) => type === 'env')) return {};
  const data = store.secrets.ofContainer(seq);
  return Object.fromEntries(
    secrets.flatMap((secret, position) =>
      secret.type === 'env' ? [[secret.target, variable(secret.name, copyOf(data, position, secret))]] : [],
    ),
  );
}

/** Returns the container's copy of a secret. Throws NO_SUCH_SECRET: damage to the store may have lost it. */
function copyOf(copies: ReadonlyMap<number, Buffer>, position: number, { name }: SecretConfig): Buffer {
  const data = copies.get(position);
  if (data === undefined) throw noSuchSecret(name);
  return data;
}

function variable(name: string, data: Buffer): string {
  const text = data.toString('utf8');
  if (text.includes('\0') || !Buffer.from(text).equals(data))
    throw new TspodError('INVALID_ARGUMENT', `secret ${name} cannot be an environment variable: it is not text`);
  return text;
}
