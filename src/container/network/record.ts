/**
 * The recorded networks of one run of a container. What was decided for it (addresses, ports) is written down before
 * anything is done, so that whoever ends that run after a crash knows what there is to undo. The monitor holds the
 * file's lock, and removes the file when all is undone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

import { findNameServer } from '../../host/name-server.js';
import { tryLock } from '../../native/file-lock.js';
import type { NetworkContext } from '../../plan/network/attach.js';
import { NETWORK_FILES } from '../../plan/network/names.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { AttachedNetwork, ContainerNetwork } from '../../spec/network/container-network.js';
import type { EngineContext } from '../context.js';
import { requireGone } from '../../util/gone.js';

/** Returns what plans need to know of a container's networks. */
export function networkContext({ paths }: EngineContext, network: ContainerNetwork): NetworkContext {
  return { network, directory: paths.networks, hasNameServer: findNameServer() !== undefined };
}

function fileOf({ paths }: EngineContext, id: string): string {
  return `${paths.networks}/${NETWORK_FILES.container(id)}`;
}

export function writeNetwork(context: EngineContext, id: string, network: ContainerNetwork): void {
  mkdirSync(context.paths.networks, { recursive: true, mode: 0o700 });
  writeFileSync(fileOf(context, id), JSON.stringify(network), { mode: 0o600 });
}

/** Reads the networks of the run. Returns undefined if the container has none, or none any more. */
export function readNetwork(context: EngineContext, id: string): ContainerNetwork | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(context, id), 'utf8')) as ContainerNetwork;
  } catch (error) {
    requireUnreadable(error);
    return undefined;
  }
}

/**
 * Accepts the error of a file that does not exist, or that its writer did not finish. Throws any other error: what is
 * there must not be forgotten.
 */
export function requireUnreadable(error: unknown): void {
  if (!(error instanceof SyntaxError)) requireGone(error);
}

/** Returns what is left to undo of the last run; undefined while its monitor is still at that. */
export function leftNetwork(context: EngineContext, id: string): NetworkContext | undefined {
  const path = fileOf(context, id);
  if (!existsSync(path)) return undefined;
  using held = tryLock(path);
  if (held === undefined) return undefined;
  const network = readNetwork(context, id);
  // Either the monitor has just removed the file and the lock has made it again, or the file was never finished.
  if (network === undefined) unlinkSync(path);
  return network === undefined ? undefined : networkContext(context, network);
}

/** Returns the containers that are connected, or have something to undo. */
export function connectedIds(context: EngineContext): readonly string[] {
  return filesFor(context, NETWORK_FILES.container(''));
}

/** Returns the ids of containers that have a file whose name begins with `prefix`. */
export function filesFor({ paths }: EngineContext, prefix: string): readonly string[] {
  try {
    return readdirSync(paths.networks).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  } catch (error) {
    requireUnreadable(error);
    return []; // nothing was ever connected
  }
}

/**
 * Returns the networks that the container is on now. Those that it was taken off stay in the list of what there is to
 * undo.
 */
export function presentNetworks(
  { networks }: ContainerNetwork,
  { networking }: Pick<ContainerConfig, 'networking'>,
): readonly AttachedNetwork[] {
  return networking.networks.flatMap(({ name }) => networks.findLast((each) => each.name === name) ?? []);
}
