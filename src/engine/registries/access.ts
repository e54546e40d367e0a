/** Derives access to registries from the caller's options and the environment of this process. */
import { existsSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import type { RegistryAccessOptions } from '../../image/open-registry.js';
import { checkInteger, checkTimeoutMs } from '../../spec/checks/numbers.js';
import type { RegistryAccess } from '../images/types.js';

const MAX_RETRIES = 100;

/** Returns the settings that come from this process. */
export function processAccess(): Pick<RegistryAccessOptions, 'environment' | 'uid'> {
  return { environment: process.env, uid: process.geteuid?.() ?? 0 };
}

/** Combines the settings of this process and the options of the caller. Throws INVALID_ARGUMENT. */
export function accessOptions({
  tlsVerify,
  certDir,
  authFile,
  credentials,
  chunkBytes,
  retries,
  retryDelayMs,
}: RegistryAccess): RegistryAccessOptions {
  return {
    ...processAccess(),
    tlsVerify,
    certDirectory: certDir,
    authFile,
    chunkBytes,
    retry: {
      ...(retries === undefined ? {} : { retries: checkInteger('retries', retries, { min: 0, max: MAX_RETRIES }) }),
      ...(retryDelayMs === undefined ? {} : { delayMs: checkTimeoutMs(retryDelayMs, 'retryDelayMs') }),
    },
    credentials: credentials === undefined ? undefined : parseCredentials(credentials),
  };
}

/**
 * Does the same as accessOptions(), for callers that only read logins: a file that `authFile` names must exist. Throws
 * INVALID_ARGUMENT.
 */
export function readingOptions(access: RegistryAccess): RegistryAccessOptions {
  const { authFile = '' } = access;
  if (authFile !== '' && !existsSync(authFile))
    throw new TspodError('INVALID_ARGUMENT', `stat ${authFile}: no such file or directory`);
  return accessOptions(access);
}

function parseCredentials(text: string): NonNullable<RegistryAccessOptions['credentials']> {
  const colon = text.indexOf(':');
  if (colon <= 0) throw new TspodError('INVALID_ARGUMENT', 'credentials must be USER:PASSWORD');
  return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) };
}
