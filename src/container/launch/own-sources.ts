/** Mounts with the option U: their sources are given to the container's user. */
import { chownSync, fstatSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { invalid } from '../../errors.js';
import { setOwnerAt } from '../../native/directory-changes.js';
import { isNativeError } from '../../native/native-error.js';
import { openBeneath, openDirectory, type OwnedFd } from '../../native/directory-entries.js';
import type { RootSource } from '../../plan/context.js';
import type { SourcePlace } from '../../plan/open-source.js';
import { quote } from '../../spec/checks/quote.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import { givesOwner, ociMount } from '../../spec/files/mounts.js';
import { numericUser } from '../../spec/users/users.js';
import { NO_ID_MAPS, ownerOutside, type Owner } from '../../storage/owners.js';
import { treeEntries } from '../../storage/tree-entries.js';
import { toBinaryText } from '../../util/binary-text.js';
import { O_PATH } from '../../util/file-bits.js';
import type { EngineContext } from '../context.js';
import { userInside } from '../files/user-inside.js';
import { volumeMount } from '../files/volumes.js';
import { openLower } from './lower-root.js';
import { sourcePlaces, writtenRoot } from './source-places.js';

/** Directories of the system, whose files must keep their owners, with everything below /proc, /sys and /dev. */
const SYSTEM = new Set(
  '/ /bin /boot /etc /home /lib /lib32 /lib64 /libx32 /media /mnt /opt /root /run /sbin /srv /tmp /usr /usr/bin /usr/lib /usr/lib64 /usr/local /usr/sbin /usr/share /var /var/cache /var/lib /var/log /var/run /var/spool /var/tmp'.split(
    ' ',
  ),
);

/** How many files are given away in one turn of the event loop. */
const FILES_IN_A_TURN = 1000;

interface Subject {
  readonly config: ContainerConfig;
  readonly root: RootSource;
}

/**
 * Gives the sources to the container's user, with everything in them; what belongs to the user already is left alone.
 * Links are not followed, and other file systems not entered. Throws INVALID_ARGUMENT for a directory of the system,
 * NO_SUCH_USER.
 */
export async function giveSources(context: EngineContext, { config, root }: Subject): Promise<void> {
  const given = config.mounts.filter(givesOwner);
  if (given.length === 0) return;
  const user = await userOf(context, { config, root });
  const mounts = config.mounts.map((mount) => ociMount(mount, (name) => volumeMount(context, name)));
  const places = sourcePlaces(mounts, writtenRoot(config));
  for (const mount of given) {
    const path = mount.type === 'volume' ? volumeMount(context, mount.source ?? '').path : (mount.source ?? '');
    using source = openSource(path, places.get(path));
    if (source === undefined) continue;
    requireOwnable(source.fd, mount);
    const maps = isShifted(mount) ? NO_ID_MAPS : config;
    await giveTree(source.fd, ownerOutside(maps, user));
  }
}

/** Returns the ids of the container's user, as the container sees them. */
async function userOf(context: EngineContext, { config, root }: Subject): Promise<Owner> {
  const known = numericUser(config.user);
  if (known !== undefined) return known;
  using top = config.root.kind === 'host' ? openDirectory('/') : await openLower(context, root);
  return userInside(top.fd, config.user);
}

/** Opens a source; undefined if it is gone, which is reported by whoever mounts it. */
function openSource(path: string, place: SourcePlace = { top: '/', path: path.slice(1) }): OwnedFd | undefined {
  try {
    using top = openDirectory(place.top);
    return openBeneath(top.fd, toBinaryText(place.path), O_PATH, { links: true });
  } catch (error) {
    if (isNativeError(error)) return undefined;
    throw error;
  }
}

function requireOwnable(fd: number, { target }: MountConfig): void {
  const path = readlinkSync(`/proc/self/fd/${fd}`);
  if (SYSTEM.has(path) || /^\/(proc|sys|dev)(\/|$)/.test(path))
    throw invalid(`${target}: option U: ${quote(path)} belongs to the system, whose files must keep their owners`);
}

/** Whether owners in the source are those that the container sees. */
function isShifted({ options }: MountConfig): boolean {
  return options.includes('idmap') || options.includes('ridmap');
}

async function giveTree(top: number, owner: Owner): Promise<void> {
  const stats = fstatSync(top);
  if (!isOwner(stats, owner)) chownSync(`/proc/self/fd/${top}`, owner.uid, owner.gid);
  if (!stats.isDirectory()) return;
  let files = 0;
  for (const { directory, name, stats: own } of treeEntries(top)) {
    if (!isOwner(own, owner)) setOwnerAt({ directory, name }, owner);
    files += 1;
    if (files % FILES_IN_A_TURN === 0) await nextTurn();
  }
}

function isOwner({ uid, gid }: Owner, owner: Owner): boolean {
  return uid === owner.uid && gid === owner.gid;
}
