/** An egress list holds only for those who cannot change the rules of its network namespace, nor send past them. */
import { TspodError } from '../errors.js';
import type { OciProcess } from '../oci/spec.js';
import type { ContainerConfig } from '../spec/config.js';
import type { EgressConfig } from '../spec/egress.js';
import { donorOf } from '../spec/namespaces.js';
import { readConfig } from './config.js';
import type { EngineContext } from './context.js';

/** The list that a container is under, and whose it is. */
export interface EgressOwner {
  readonly id: string;
  readonly egress: EgressConfig;
}

interface Subject {
  readonly id: string;
  readonly config: ContainerConfig;
}

/** Its own list, or that of the container whose network namespace it joins, at whatever remove. */
export function egressOwner(context: EngineContext, { id, config }: Subject): EgressOwner | undefined {
  let [owner, owners] = [id, config];
  for (const seen = new Set<string>(); !seen.has(owner);) {
    const { egress } = owners.networking;
    if (egress !== undefined) return { id: owner, egress };
    seen.add(owner);
    const donor = donorOf(owners.namespaces.network);
    if (donor === undefined || context.store.get(donor) === undefined) return undefined;
    [owner, owners] = [donor, readConfig(context, donor)];
  }
  return undefined;
}

const BEYOND_RULES = ['CAP_NET_ADMIN', 'CAP_NET_RAW'];

/** Throws INVALID_ARGUMENT for a process in a network namespace with an egress list that it could change. */
export function requireEnforceable(
  context: EngineContext,
  subject: Subject,
  { capabilities }: Pick<OciProcess, 'capabilities'>,
): void {
  const held = capabilities?.bounding ?? [];
  const beyond = BEYOND_RULES.find((name) => held.includes(name));
  if (beyond === undefined) return;
  const owner = egressOwner(context, subject);
  if (owner === undefined) return;
  const what =
    owner.id === subject.id
      ? `egress cannot be enforced on a container with ${beyond}`
      : `egress of container ${owner.id} cannot be enforced on one that joins its network with ${beyond}`;
  throw new TspodError('INVALID_ARGUMENT', what, { details: { id: owner.id, capability: beyond } });
}
