/**
 * Limits copies into a container with a user namespace to what the container's root could change, and to what the
 * caller has mounted there.
 */
import { fstatSync, statSync } from 'node:fs';

import { mountOf } from '../../host/mount-point.js';
import { openBeneath } from '../../native/directory-entries.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import { isOverlaid, isReadOnly, ociMount } from '../../spec/files/mounts.js';
import { hasOwner, isMapped } from '../../storage/owners.js';
import { fromBinaryText, toBinaryText, type BinaryText } from '../../util/binary-text.js';
import { O_PATH } from '../../util/file-bits.js';
import { cleanPath, isWithin } from '../../util/paths.js';
import type { EngineContext } from '../context.js';
import type { RootView } from './root-view.js';
import { volumeMount } from './volumes.js';

/**
 * Returns `mayChange` of an UnpackTarget; undefined for a container whose root is the host's. `asked`: the absolute path
 * that the caller gave for the directory.
 *
 * A process in the container may mount or link whatever it sees by any name, also what it may not write. The kernel
 * lets the container's root change what belongs to ids that are mapped into its user namespace
 * (privileged_wrt_inode_uidgid()). A copy is held to that, except where the caller names a path in one of the mounts
 * that the container was given.
 */
export function mayChangeIn(
  context: EngineContext,
  { fd: root, config, idMaps }: RootView,
  asked: string,
): ((fd: number, path: BinaryText) => boolean) | undefined {
  if (!isMapped(idMaps)) return undefined;
  return (fd, path) =>
    hasOwner(idMaps, fstatSync(fd)) ||
    isInOwnMount(context, { root, config, fd, path: cleanPath(`${asked}/${fromBinaryText(path)}`) });
}

interface Place {
  readonly root: number;
  readonly config: ContainerConfig;
  readonly fd: number;
  readonly path: string;
}

/** Whether a file is in the mount that the configuration has for its path, and this mount is still there. */
function isInOwnMount(context: EngineContext, { root, config, fd, path }: Place): boolean {
  const mount = config.mounts
    .filter(({ target }) => isWithin(path, target))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
  const source = mount === undefined ? undefined : writtenSource(context, mount);
  if (mount === undefined || source === undefined) return false;
  try {
    using there = openBeneath(root, toBinaryText(mount.target), O_PATH, { links: true });
    const [found, given] = [fstatSync(there.fd, { bigint: true }), statSync(source, { bigint: true })];
    return found.dev === given.dev && found.ino === given.ino && mountOf(there.fd) === mountOf(fd);
  } catch {
    return false;
  }
}

/** Returns the host's path of a mount that may be written to. */
function writtenSource(context: EngineContext, mount: MountConfig): string | undefined {
  if ((mount.type !== 'bind' && mount.type !== 'volume') || isOverlaid(mount)) return undefined;
  const made = ociMount(mount, (name) => volumeMount(context, name));
  return isReadOnly(made) ? undefined : made.source;
}
