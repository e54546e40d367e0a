/** Names on networks: keeps every member's /etc/hosts up to date as members come and go. */
import { mkdirSync } from 'node:fs';

import { lock, removeLockFile, tryLock } from '../../native/file-lock.js';
import type { Attached } from '../../network/attach.js';
import type { AttachedNetwork } from '../../spec/network/container-network.js';
import type { HostEntry } from '../../spec/network/name-options.js';
import type { Member } from '../../state/members.js';
import type { Store } from '../../state/store.js';
import type { AttachedNames } from '../../storage/files.js';
import { bestGateway, type OwnHosts } from '../../storage/hosts-file.js';
import { changeInPlace, updateSection } from '../../storage/hosts-section.js';
import { containerPaths } from '../../storage/paths.js';
import { inBackground, type EngineContext } from '../context.js';
import { failpoint } from '../failpoint.js';
import { markStale } from './name-files.js';
import { keepNames } from './name-server.js';

/** Returns what the files of a container say that is about to start on these networks. */
export function attachedNames(
  { store }: EngineContext,
  seq: number,
  { network, servers, pinned }: Attached,
): AttachedNames {
  const { addresses, names, gateways } = ownHosts(network.networks);
  return {
    addresses,
    aliases: names,
    gateway: bestGateway(gateways),
    pinned,
    others: othersOf(store, seq, new Map()),
    servers,
    // An egress list names the servers that may be asked: asking for containers would be a way around it.
    resolvers: network.egress === undefined ? resolversOf(network.networks) : [],
  };
}

/** Returns the names of a container on these networks, and the addresses of it and of its host. */
export function ownHosts(networks: readonly AttachedNetwork[]): OwnHosts {
  return {
    names: [...new Set(networks.flatMap(({ aliases }) => aliases))],
    addresses: networks.flatMap((each) => each.addresses.map(({ address }) => address)),
    gateways: networks
      .filter(({ driver }) => driver === 'bridge')
      .flatMap((each) => each.addresses.flatMap(({ gateway }) => gateway ?? [])),
  };
}

/**
 * Returns the name servers of these networks. Those of internal networks come last: they know only their own names, and
 * an older aardvark-dns lets whoever asks for another name wait.
 */
export function resolversOf(networks: readonly AttachedNetwork[]): readonly string[] {
  const sorted = networks.toSorted((a, b) => Number(a.internal) - Number(b.internal));
  return [...new Set(sorted.flatMap(({ nameServers = [] }) => nameServers))];
}

type Known = Map<string, readonly Member[]>;

/** Returns the entries of the other members of a container's networks. */
function othersOf(store: Store, owner: number, known: Known): readonly HostEntry[] {
  return store.members.networksOf(owner).flatMap((network) => {
    const members = known.get(network) ?? store.members.on(network);
    known.set(network, members);
    return members.flatMap((member) => (member.owner === owner ? [] : member.entries));
  });
}

/**
 * Updates the members of networks on which somebody has come or gone. Costs one look at an empty table if nobody has.
 * If somebody else is at it, it is left to them: they look again before and after they release the lock.
 */
export function updateMembers(context: EngineContext): void {
  const { store } = context;
  while (store.isOpen && store.members.stale().length > 0) {
    using held = tryLock(`${namesPlace(context)}/names`);
    if (held === undefined) return;
    updateStaleMembers(context);
    inBackground(context, keepNames(context));
    // Whoever has opened the lock file meanwhile notices that it is gone.
    removeLockFile(held);
  }
}

/**
 * Changes a member's own part of /etc/hosts, and then updates the members. Whoever finds the lock taken meanwhile
 * leaves that to this call.
 */
export async function changeHosts(
  context: EngineContext,
  path: string,
  change: (text: string) => string,
): Promise<void> {
  {
    using held = await lock(`${namesPlace(context)}/names`);
    changeInPlace(path, change);
    removeLockFile(held);
  }
  updateMembers(context);
}

function namesPlace({ directories }: EngineContext): string {
  const directory = `${directories.runRoot}/networks`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

function updateStaleMembers(context: EngineContext): void {
  const { store } = context;
  for (let stale = store.members.stale(); stale.length > 0; stale = store.members.stale()) {
    const known: Known = new Map();
    const seen = new Set<number>();
    for (const { network } of stale) {
      const members = store.members.on(network);
      known.set(network, members);
      for (const member of members) {
        if (seen.has(member.owner)) continue;
        seen.add(member.owner);
        updateMember(context, member, othersOf(store, member.owner, known));
      }
    }
    failpoint('members-told');
    markStale(context);
    for (const change of stale) store.members.told(change);
    failpoint('names-due');
  }
}

/**
 * Writes the other members to a member's /etc/hosts. If that cannot be written, the next coming or going tries again.
 */
function updateMember({ directories, store }: EngineContext, { id }: Member, others: readonly HostEntry[]): void {
  try {
    if (store.config(id)?.hosts === undefined) return;
    updateSection(`${containerPaths(directories, id).run}/hosts`, others);
  } catch {
    return;
  }
}
