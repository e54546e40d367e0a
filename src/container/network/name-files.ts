/**
 * The files that aardvark-dns reads, which follow from the database and from the files of connected containers.
 * Everything here runs under the lock of NETWORK_FILES, except markStale().
 */
import { existsSync, readdirSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';

import { readIfThere, unlinkIfThere } from '../../native/if-there.js';
import {
  namesAddresses,
  namesFileName,
  namesFileText,
  networkOfNamesFile,
  type NamedMember,
} from '../../network/name-server-file.js';
import type { Network } from '../../network/network-file.js';
import { listNetworks } from '../../network/networks.js';
import { NETWORK_FILES } from '../../plan/network/names.js';
import { containerPaths } from '../../storage/paths.js';
import { requireGone } from '../../util/gone.js';
import type { EngineContext } from '../context.js';
import { connectedIds, readNetwork } from './record.js';

export const namesDirectory = ({ paths }: EngineContext): string => `${paths.networks}/${NETWORK_FILES.names}`;
export const namesLock = ({ paths }: EngineContext): string => `${paths.networks}/${NETWORK_FILES.namesLock}`;
const stalePath = ({ paths }: EngineContext): string => `${paths.networks}/${NETWORK_FILES.namesStale}`;

export function namesFile(context: EngineContext, network: Network): string {
  return `${namesDirectory(context)}/${namesFileName(network)}`;
}

export function namesFiles(context: EngineContext): readonly string[] {
  try {
    return readdirSync(namesDirectory(context)).filter((name) => networkOfNamesFile(name) !== undefined);
  } catch (error) {
    requireGone(error);
    return []; // no name is served
  }
}

/**
 * Marks that what the files follow from has changed, or is about to: whoever changes it may be killed before the files
 * are written.
 */
export function markStale(context: EngineContext): void {
  if (existsSync(namesDirectory(context))) writeFileSync(stalePath(context), '', { mode: 0o600 });
}

export function areStale(context: EngineContext): boolean {
  return existsSync(stalePath(context));
}

/**
 * Whether files have changed that the program has not read since, as the length of the lock file says: whoever changed
 * them may have been killed.
 */
export function hasUnreadFiles(context: EngineContext): boolean {
  return (statSync(namesLock(context), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

export function markUnread(context: EngineContext): void {
  truncateSync(namesLock(context), 1);
}

export function markRead(context: EngineContext): void {
  truncateSync(namesLock(context), 0);
}

/** The containers that are there. */
interface Present {
  /** Containers whose monitor has not ended yet. */
  readonly connected: ReadonlySet<string>;
  /** A container whose bridges are made, though it does not run yet. */
  readonly starting: string | undefined;
}

/**
 * Writes the files that have changed. The file of a network stays while members are on it, also if the network's
 * configuration cannot be read.
 */
export function writeNames(context: EngineContext, starting?: string): void {
  if (areStale(context)) {
    markUnread(context);
    // Unmarked before the database is read: what changes from now on is marked again.
    unlinkIfThere(stalePath(context));
  }
  const present = { connected: new Set(connectedIds(context)), starting };
  const networks = new Map(listNetworks(context.networks).map((network) => [network.id, network]));
  const files = new Set(namesFiles(context));
  for (const file of files) {
    const id = networkOfNamesFile(file) ?? '';
    const network = networks.get(id);
    const stays = network === undefined ? hasMember(context, id, present) : namesFileName(network) === file;
    if (!stays) remove(context, `${namesDirectory(context)}/${file}`);
  }
  const withMembers = new Set(context.store.members.networks());
  for (const network of networks.values()) {
    const isThere = files.has(namesFileName(network));
    if (isThere || (withMembers.has(network.id) && isServed(context, network, present)))
      write(context, network, present);
  }
}

function hasMember({ store }: EngineContext, network: string, { connected }: Present): boolean {
  return store.members.on(network).some(({ id }) => connected.has(id));
}

/**
 * Whether a network without a file needs one: a container is on it that was given its name servers, so the file was
 * lost. A container that another call is launching does not count, since it may have no bridge yet to listen on.
 */
function isServed(context: EngineContext, network: Network, { connected, starting }: Present): boolean {
  if (namesAddresses(network).length === 0) return false;
  return context.store.members.on(network.id).some(({ id }) => {
    if (!connected.has(id)) return false;
    if (id !== starting && !existsSync(containerPaths(context.directories, id).state)) return false;
    const attached = readNetwork(context, id)?.networks ?? [];
    return attached.some(({ name, nameServers = [] }) => name === network.name && nameServers.length > 0);
  });
}

function write(context: EngineContext, network: Network, { connected }: Present): void {
  const path = namesFile(context, network);
  const members: readonly NamedMember[] = context.store.members
    .withServers(network.id)
    .filter(({ id }) => connected.has(id));
  const text = namesFileText(network, members);
  if (text === undefined) {
    remove(context, path);
    return;
  }
  if (text === readIfThere(path)) return;
  markUnread(context);
  // Written beside the directory, since the program reads all that is in that.
  const spare = `${namesDirectory(context)}.new`;
  writeFileSync(spare, text, { mode: 0o600 });
  renameSync(spare, path);
}

function remove(context: EngineContext, path: string): void {
  markUnread(context);
  unlinkIfThere(path);
}
