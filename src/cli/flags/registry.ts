/** Flags of commands that contact a registry, and the options that they set. */
import type { RegistryAccess } from '../../engine/images/types.js';
import { invalid } from '../errors/cli-error.js';
import type { Flag } from '../command-parts/flag.js';
import type { FlagValues } from '../command-parts/flag-values.js';
import { parseDuration } from '../parse/duration.js';

export const authFileFlag: Flag = {
  name: 'authfile',
  kind: 'text',
  value: 'file',
  completion: 'file',
  help: 'Auth file to use instead of $REGISTRY_AUTH_FILE or the default one',
};

/** Flag of `login` and `logout`. */
export const compatAuthFileFlag: Flag = {
  name: 'compat-auth-file',
  kind: 'text',
  value: 'file',
  completion: 'file',
  help: "Docker's config.json, to use instead of --authfile",
};

export const certDirectoryFlag: Flag = {
  name: 'cert-dir',
  kind: 'text',
  value: 'directory',
  completion: 'directory',
  help: "Directory of certificates, instead of the registry's in certs.d",
};

export const tlsVerifyFlag: Flag = {
  name: 'tls-verify',
  kind: 'bool',
  help: 'Require HTTPS and check certificates; registries.conf says so if this flag does not',
};

/** Flags of commands that send or fetch images. */
export const REGISTRY_FLAGS: readonly Flag[] = [
  authFileFlag,
  certDirectoryFlag,
  { name: 'creds', kind: 'text', value: 'user:password', help: 'Credentials for the registry' },
  tlsVerifyFlag,
];

/** Retry flags, for the commands that have them in Podman. */
export const RETRY_FLAGS: readonly Flag[] = [
  { name: 'retry', kind: 'uint', value: 'number', default: '3', help: 'How often to retry after a temporary failure' },
  {
    name: 'retry-delay',
    kind: 'text',
    value: 'duration',
    default: '1s',
    help: 'Pause before the first retry; it doubles each time',
  },
];

/** Refuses --authfile together with --compat-auth-file, for commands that have both. */
export function checkAuthFiles(flags: FlagValues): void {
  if (flags.has('authfile') && flags.has('compat-auth-file'))
    throw invalid('--authfile and --compat-auth-file cannot be used together');
}

/** Returns the access options that the flags set; flags that the command does not have count as not given. */
export function registryAccess(flags: FlagValues): RegistryAccess {
  const authFile = flags.text('compat-auth-file') ?? flags.text('authfile');
  const [certDir, credentials] = [flags.text('cert-dir'), flags.text('creds')];
  const [retries, delay] = [flags.number('retry'), flags.text('retry-delay')];
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(delay === undefined ? {} : { retryDelayMs: Math.round(parseDuration(delay)) }),
    ...(authFile === undefined ? {} : { authFile }),
    ...(certDir === undefined ? {} : { certDir }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(flags.has('tls-verify') ? { tlsVerify: flags.bool('tls-verify') } : {}),
  };
}
