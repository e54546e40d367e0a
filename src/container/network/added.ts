/**
 * Networks that a container was connected to while it runs. Its monitor, which tears it down, does not know of them.
 * What there is to undo is in a file of its own, and whoever settles the end undoes it.
 */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

import { execute } from '../../native/execute.js';
import { encodePlan } from '../../plan/encode.js';
import { removeAddedLinksPlan } from '../../plan/network/detach.js';
import type { LiveChange } from '../../plan/network/live.js';
import type { AttachedNetwork, ContainerNetwork } from '../../spec/network/container-network.js';
import type { EngineContext } from '../context.js';
import { filesFor, readNetwork, requireUnreadable } from './record.js';

const PREFIX = 'added-';

function addedFile({ paths }: EngineContext, id: string): string {
  return `${paths.networks}/${PREFIX}${id}`;
}

/** Returns the containers that have such networks. */
export function addedIds(context: EngineContext): readonly string[] {
  return filesFor(context, PREFIX);
}

/** Records a connection before it is made. */
export function rememberAdded(context: EngineContext, id: string, change: LiveChange): void {
  const { index, network } = change;
  // The bridge of a network that had this place before may be left.
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
    return []; // the usual case: nothing was added
  }
}

/** Returns a test whether the network in a place comes from the launch of this run, and was not added later. */
export function launchedPlaces(context: EngineContext, id: string): (index: number) => boolean {
  const added = new Set(readAdded(context, id).map(({ index }) => index));
  return (index) => !added.has(index);
}

/**
 * Returns the networks for launches to come: without those that were added later, and without the one in the place
 * `without`. Returns undefined if the container has none.
 */
export function launchedNetwork(context: EngineContext, id: string, without?: number): ContainerNetwork | undefined {
  const network = readNetwork(context, id);
  if (network === undefined) return undefined;
  const isLaunched = launchedPlaces(context, id);
  const networks = network.networks.map((each, index) =>
    isLaunched(index) && index !== without ? each : noNetwork(each),
  );
  return { ...network, networks };
}

/** Returns an entry that keeps the place of a network from which the container was disconnected. */
export function noNetwork(network: AttachedNetwork): AttachedNetwork {
  return { ...network, name: '' };
}

/**
 * Removes the links and bridges of added networks, for a container that has ended. The links would stay in a namespace
 * that another container shares, and the kernel takes its time to remove them in any case; the bridges go if nobody
 * else is on them.
 */
export async function removeAdded(context: EngineContext, id: string): Promise<void> {
  const path = addedFile(context, id);
  if (!existsSync(path)) return;
  const added = readAdded(context, id);
  if (added.length > 0) await execute(encodePlan(removeAddedLinksPlan(id, added, context.paths.networks)));
  unlinkSync(path);
}
