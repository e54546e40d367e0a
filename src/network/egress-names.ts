/** Resolves host names in egress rules. */
import { lookup } from 'node:dns/promises';

import { TspodError } from '../errors.js';
import type { EgressDestination, EgressList } from '../spec/network/container-network.js';
import type { EgressConfig, EgressRule } from '../spec/network/egress.js';
import type { HostEntry } from '../spec/network/name-options.js';

/**
 * Resolves the names on the host, where the container cannot influence the result. Throws INVALID_ARGUMENT for a name
 * that is not found.
 */
export async function resolveEgress({ allow, deny }: EgressConfig): Promise<EgressList> {
  const [allowed, denied] = await Promise.all([resolveRules(allow), resolveRules(deny)]);
  return { allow: allowed, deny: denied, rest: allow.length > 0 ? 'deny' : 'allow' };
}

async function resolveRules(rules: readonly EgressRule[]): Promise<readonly EgressDestination[]> {
  const resolved = await Promise.all(rules.map((rule) => resolveRule(rule)));
  return resolved.flat();
}

async function resolveRule({ rule, destination, host, port }: EgressRule): Promise<readonly EgressDestination[]> {
  if (host === '') return [{ destination, port, rule }];
  let found;
  try {
    found = await lookup(host, { all: true });
  } catch (error) {
    throw new TspodError(
      'INVALID_ARGUMENT',
      `egress ${rule}: ${host} cannot be resolved: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return found.map(({ address, family }) => ({ destination: `${address}/${family === 4 ? 32 : 128}`, port, rule }));
}

/**
 * Returns the allowed names with their allowed addresses for /etc/hosts, so that they lead there whatever a name server
 * says later.
 */
export function pinnedNames(config: EgressConfig | undefined, { allow }: EgressList): readonly HostEntry[] {
  const named = new Map((config?.allow ?? []).filter(({ host }) => host !== '').map(({ rule, host }) => [rule, host]));
  const entries = allow.flatMap(({ rule, destination }) => {
    const host = named.get(rule);
    return host === undefined
      ? []
      : [{ address: destination.split('/', 1)[0] ?? '', names: [host.replace(/\.$/, '')] }];
  });
  return entries.filter(
    ({ address, names }, index) =>
      entries.findIndex((other) => other.address === address && other.names[0] === names[0]) === index,
  );
}
