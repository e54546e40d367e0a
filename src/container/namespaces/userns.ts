/**
 * The ids of a container's user namespace: chosen when the container is recorded, or read from the namespace that it
 * joins.
 */
import { readlinkSync } from 'node:fs';

import { messageOf, TspodError } from '../../errors.js';
import { idsOfAccounts } from '../../host/account-files.js';
import { idsOfProcess, ownIds, subordinateFile, subordinateIds, type IdKind } from '../../host/subordinate-ids.js';
import { readIdMaps } from '../../native/id-maps.js';
import type { IdRange } from '../../native/namespace-create.js';
import { openNamespace } from '../../native/namespace-handle.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { IdMap } from '../../spec/create-options.js';
import { layerPath } from '../../storage/images/layers.js';
import { isMapped, NO_ID_MAPS, type IdMaps } from '../../storage/owners.js';
import { checkIdMaps, isPrivate } from '../../spec/namespaces.js';
import { autoMaps, autoSize, mapsOfRanges, requireRootIds, rootIds } from '../../spec/users/userns.js';
import type { HostIds } from '../../state/records.js';
import type { EngineContext } from '../context.js';
import type { Donors } from './donors.js';

/** The name under which an administrator sets ids aside for `auto`, as with Podman. */
const AUTO_USER = 'containers';

/**
 * Returns the configuration with the id maps that the host's files define, and with the size of an automatic namespace.
 * Throws INVALID_ARGUMENT if they define none.
 */
export function withHostMaps(context: EngineContext, config: ContainerConfig): ContainerConfig {
  const { subuidName, subgidName } = config.userns ?? {};
  switch (config.namespaces.user) {
    case 'auto': {
      const size = config.userns?.size ?? autoSize(config, idsOfRoot(context, config));
      return { ...config, userns: { ...config.userns, size } };
    }
    case 'keep-id':
      return { ...config, uidMaps: identityOf('uid'), gidMaps: identityOf('gid') };
    case 'private': {
      const uidMaps = named('uid', subuidName, config.uidMaps);
      const gidMaps = named('gid', subgidName, config.gidMaps);
      requireRootIds({ uidMaps, gidMaps });
      return { ...config, uidMaps, gidMaps };
    }
    default:
      return config;
  }
}

/**
 * Returns how many ids the accounts in the root need. For an image the accounts of all layers count, whether or not
 * they are seen in the end.
 */
function idsOfRoot({ paths }: EngineContext, { root }: ContainerConfig): number {
  if (root.kind === 'empty') return 0;
  if (root.kind !== 'image') return idsOfAccounts(root.kind === 'directory' ? root.path : '/');
  return Math.max(0, ...root.layers.map((chain) => idsOfAccounts(layerPath(paths.images, chain))));
}

function identityOf(kind: IdKind): readonly IdMap[] {
  return ownIds(kind).map(({ inside, size }) => ({ containerId: inside, hostId: inside, size }));
}

function named(kind: IdKind, name: string | undefined, given: readonly IdMap[]): readonly IdMap[] {
  if (name === undefined) return given;
  const ranges = subordinateIds(kind, name);
  if (ranges.length === 0) throw noRanges(kind, name);
  return checkIdMaps(`${kind}Maps`, [...mapsOfRanges(ranges), ...given]);
}

function noRanges(kind: IdKind, name: string): TspodError {
  const file = subordinateFile(kind);
  const remedy = name === AUTO_USER ? `: add a line such as ${AUTO_USER}:2147483647:2147483648` : '';
  return new TspodError('INVALID_ARGUMENT', `no sub${kind} ranges found for user "${name}" in ${file}${remedy}`);
}

/**
 * Gives an automatic namespace ids that no other container has. Runs in the transaction that inserts the container's
 * record, so that two containers created at once get different ids. Throws INVALID_ARGUMENT if there are not enough.
 */
export function withChosenIds({ store }: EngineContext, config: ContainerConfig): ContainerConfig {
  if (config.namespaces.user !== 'auto') return config;
  const taken = store.hostIds();
  const maps = {
    uidMaps: chosen('uid', config.userns?.size ?? 0, { given: config.uidMaps, taken }),
    gidMaps: chosen('gid', config.userns?.size ?? 0, { given: config.gidMaps, taken }),
  };
  requireRootIds(maps);
  return { ...config, ...maps };
}

function chosen(
  kind: IdKind,
  size: number,
  { given, taken }: { readonly given: readonly IdMap[]; readonly taken: readonly HostIds[] },
): readonly IdMap[] {
  const available = subordinateIds(kind, AUTO_USER);
  if (available.length === 0) throw noRanges(kind, AUTO_USER);
  const used = taken.filter((range) => range.kind === kind);
  const maps = autoMaps({ size, given, available, used });
  if (maps !== undefined) return checkIdMaps(`${kind}Maps`, maps);
  throw new TspodError(
    'INVALID_ARGUMENT',
    `not enough unused IDs in user namespace: ${String(size)} are needed of those of "${AUTO_USER}" in ${subordinateFile(kind)}: remove containers, give usernsOptions.size, or add a range`,
  );
}

/**
 * Returns the host's ids that no other container may get; undefined if the container has no such ids, as when they are
 * mapped to themselves.
 */
export function hostIdsOf({ namespaces, uidMaps, gidMaps }: ContainerConfig): readonly HostIds[] | undefined {
  if (namespaces.user !== 'auto' && namespaces.user !== 'private') return undefined;
  const ranges = (kind: IdKind, maps: readonly IdMap[]) =>
    maps.map(({ hostId, size }) => ({ kind, first: hostId, size }));
  return [...ranges('uid', uidMaps), ...ranges('gid', gidMaps)];
}

/**
 * Returns the configuration of a launch, in which the maps of a joined user namespace are read from that namespace. If
 * it is this process's own, the container joins none: the kernel lets no process join the namespace that it is in.
 * Throws INVALID_ARGUMENT for a path that names no user namespace.
 */
export async function withJoinedMaps(config: ContainerConfig, donors: Donors): Promise<ContainerConfig> {
  const { user } = config.namespaces;
  if (user === 'host' || isPrivate(user)) return config;
  const path = donors.paths.user ?? user.slice('path:'.length);
  using namespace = openUserNamespace(path);
  if (isOwnNamespace(namespace.inode))
    return { ...config, namespaces: { ...config.namespaces, user: 'host' }, uidMaps: [], gidMaps: [] };
  const { uidMap, gidMap } = await readIdMaps(namespace);
  const maps = { uidMaps: uidMap.map(toIdMap), gidMaps: gidMap.map(toIdMap) };
  requireRootIds(maps);
  return { ...config, ...maps };
}

function openUserNamespace(path: string) {
  try {
    return openNamespace('user', path);
  } catch (error) {
    const words = messageOf(error);
    throw new TspodError('INVALID_ARGUMENT', `cannot find specified user namespace path: ${words}`, { cause: error });
  }
}

function toIdMap({ inside, outside, size }: IdRange): IdMap {
  return { containerId: inside, hostId: outside, size };
}

function isOwnNamespace(inode: bigint): boolean {
  return readlinkSync('/proc/self/ns/user') === `user:[${String(inode)}]`;
}

/**
 * Returns the id maps of a running container. If it has joined a namespace by its path, they are in no configuration:
 * they are read from its process, and there are none if that is gone.
 */
export function liveMaps(config: ContainerConfig, pid: number): IdMaps {
  const { user } = config.namespaces;
  if (user === 'host' || isPrivate(user) || isMapped(config)) return config;
  const maps = (kind: IdKind) =>
    idsOfProcess(pid, kind).map(({ inside, outside, size }) => ({ containerId: inside, hostId: outside, size }));
  if (isOwnUserns(pid)) return NO_ID_MAPS;
  return { uidMaps: maps('uid'), gidMaps: maps('gid') };
}

function isOwnUserns(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/user`) === readlinkSync('/proc/self/ns/user');
  } catch {
    return false;
  }
}

/**
 * Returns the host's ids of root in the user namespace that an exec in a container has to join; undefined if that is
 * this process's own.
 */
export function usernsOfProcess(config: ContainerConfig, pid: number): ReturnType<typeof rootIds> | undefined {
  const { user } = config.namespaces;
  if (user === 'host') return undefined;
  if (isPrivate(user)) return rootIds(config);
  if (readlinkSync(`/proc/${String(pid)}/ns/user`) === readlinkSync('/proc/self/ns/user')) return undefined;
  const root = (kind: IdKind) => idsOfProcess(pid, kind).find(({ inside }) => inside === 0)?.outside ?? 0;
  return { uid: root('uid'), gid: root('gid') };
}
