/**
 * Egress lists hold only for processes that can neither change the rules of their network namespace nor send past them.
 */
import { statSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import type { OciProcess } from '../../oci/spec.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { EgressConfig } from '../../spec/network/egress.js';
import { donorOf, pathOf } from '../../spec/namespaces.js';
import { containerPaths } from '../../storage/paths.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { connectedIds, readNetwork } from './record.js';
import { readLiveRecord, type LiveRecord } from '../monitor/run-record.js';
import { isEnding } from '../observe.js';

/** The egress list that applies to a container, and the id of the container that it belongs to. */
export interface EgressOwner {
  readonly id: string;
  readonly egress: EgressConfig;
}

interface Subject {
  readonly id: string;
  readonly config: ContainerConfig;
}

/**
 * Returns the container's own list, or that of the container whose network namespace it joins, through any number of
 * containers, also by a path.
 */
export function egressOwner(context: EngineContext, { id, config }: Subject): EgressOwner | undefined {
  let [owner, owners] = [id, config];
  for (const seen = new Set<string>(); !seen.has(owner);) {
    const { egress } = owners.networking;
    if (egress !== undefined) return { id: owner, egress };
    seen.add(owner);
    const { network } = owners.namespaces;
    const donor = donorOf(network) ?? runningIn(context, network);
    if (donor === undefined || context.store.get(donor) === undefined) return undefined;
    [owner, owners] = [donor, readConfig(context, donor)];
  }
  return undefined;
}

/** Returns the container with an egress list whose network namespace the mode `path:PATH` names. */
function runningIn(context: EngineContext, mode: string): string | undefined {
  const path = pathOf(mode);
  const namespace = path === undefined ? undefined : inodeOf(path);
  if (namespace === undefined) return undefined;
  return connectedIds(context).find((id) => {
    if (readNetwork(context, id)?.egress === undefined) return false;
    const live = readLiveRecord(containerPaths(context.directories, id).state);
    return live !== undefined && heldNamespace(live) === namespace;
  });
}

/**
 * Returns the inode of the network namespace that a container was started in. While its monitor holds that, the
 * container's first process may be in another.
 */
function heldNamespace({ init, monitor, networkNamespace }: LiveRecord): bigint | undefined {
  if (networkNamespace !== undefined && !isEnding(monitor)) return networkNamespace;
  return inodeOf(`/proc/${init.pid}/ns/net`);
}

/** Returns the inode of a namespace's file; undefined if the file does not exist. No two namespaces have the same. */
function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

const BEYOND_RULES = ['CAP_NET_ADMIN', 'CAP_NET_RAW'];

/** Throws INVALID_ARGUMENT for a process that could get around the egress list of its network namespace. */
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
