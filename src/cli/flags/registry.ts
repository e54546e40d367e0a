/** Flags of commands that talk to a registry. */
import type { RegistryRequest } from '../../engine/registries.js';
import type { Flag } from '../command/flag.js';
import type { FlagValues } from '../command/flag-values.js';

export const authFileFlag: Flag = {
  name: 'authfile',
  kind: 'text',
  value: 'file',
  completion: 'file',
  help: 'File of logins in place of $REGISTRY_AUTH_FILE or the usual one',
};

export const certDirectoryFlag: Flag = {
  name: 'cert-dir',
  kind: 'text',
  value: 'directory',
  completion: 'directory',
  help: "Certificates in place of the registry's in certs.d",
};

export const tlsVerifyFlag: Flag = {
  name: 'tls-verify',
  kind: 'bool',
  help: 'Require HTTPS and check certificates; registries.conf says so if this flag does not',
};

export function registryRequest(flags: FlagValues): RegistryRequest {
  const [authFile, certDirectory] = [flags.text('authfile'), flags.text('cert-dir')];
  return {
    ...(flags.has('tls-verify') ? { tlsVerify: flags.bool('tls-verify') } : {}),
    ...(authFile === undefined ? {} : { authFile }),
    ...(certDirectory === undefined ? {} : { certDirectory }),
  };
}
