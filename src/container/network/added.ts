/**
 * Networks that a container was put on while it runs: its monitor, which ends its life, does not know of them. What there is to undo of them is in a file of
 * its own, and whoever settles the end undoes it.
 */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

import { execute } from '../../native/execute.js';
import { encodePlan } from '../../plan/encode.js';
import { addedPlan } from '../../plan/network/detach.js';
import type { LiveChange } from '../../plan/network/live.js';
import type { AttachedNetwork, ContainerNetwork } from '../../spec/network/container-network.js';
import type { EngineContext } from '../context.js';
import { filesFor, readNetwork, requireUnreadable } from './record.js';

const PREFIX = 'added-';

function addedFile({ paths }: EngineContext, id: string): string {
  return `${paths.networks}/${PREFIX}${id}`;
}

/** Containers that have any. */
export function addedIds(context: EngineContext): readonly string[] {
  return filesFor(context, PREFIX);
}

/** Before it is done. */
export function rememberAdded(context: EngineContext, id: string, change: LiveChange): void {
  const { index, network } = change;
  // The bridge of one that had this place before may be left.
  const others = readAdded(context, id).filter(
    (known) => known.index !== index || known.network.hostInterface !== network.hostInterface,
  );
  writeFileSync(addedFile(context, id), JSON.stringify([...others, change]), { mode: 0o600 });
}

function readAdded(context: EngineContext, id: string): readonly LiveChange[] {
  try {
    return JSON.parse(readFileSync(addedFile(context, id), 'utf8')) as readonly LiveChange[];
  } catch (error) {
    requireUnreadable(error);
    return []; // as good as always
  }
}

/** Whether the launch of this life put it there. */
export function launchedPlaces(context: EngineContext, id: string): (index: number) => boolean {
  const added = new Set(readAdded(context, id).map(({ index }) => index));
  return (index) => !added.has(index);
}

/** For launches to come: without the networks that came later, and that in the place `without`. Undefined if it has none. */
export function launchedNetwork(context: EngineContext, id: string, without?: number): ContainerNetwork | undefined {
  const network = readNetwork(context, id);
  if (network === undefined) return undefined;
  const isLaunched = launchedPlaces(context, id);
  const networks = network.networks.map((each, index) =>
    isLaunched(index) && index !== without ? each : noNetwork(each),
  );
  return { ...network, networks };
}

/** The place of one that the container was taken off. */
export function noNetwork(network: AttachedNetwork): AttachedNetwork {
  return { ...network, name: '' };
}

/**
 * Their links, which a namespace keeps that another container shares, and which the kernel takes its time to remove in any case; and their bridges, if nobody
 * else is on them. For a container that has ended.
 */
export async function removeAdded(context: EngineContext, id: string): Promise<void> {
  const path = addedFile(context, id);
  if (!existsSync(path)) return;
  const added = readAdded(context, id);
  if (added.length > 0) await execute(encodePlan(addedPlan(id, added, context.paths.networks)));
  unlinkSync(path);
}
