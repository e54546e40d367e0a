/** Translates owners of files between the host and a container's user namespace. */
import { TspodError } from '../errors.js';
import type { IdMap } from '../spec/create-options.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Both maps are empty for a container without a user namespace: its ids are the host's. */
export interface IdMaps {
  readonly uidMaps: readonly IdMap[];
  readonly gidMaps: readonly IdMap[];
}

export const NO_ID_MAPS: IdMaps = { uidMaps: [], gidMaps: [] };

/** What the kernel shows for ids that are not mapped. */
const OVERFLOW_ID = 65534;

export function isMapped({ uidMaps }: IdMaps): boolean {
  return uidMaps.length > 0;
}

/** Translates an owner on the host to what the container sees. */
export function ownerInside({ uidMaps, gidMaps }: IdMaps, { uid, gid }: Owner): Owner {
  return { uid: inside(uidMaps, uid), gid: inside(gidMaps, gid) };
}

/**
 * Translates an owner in the container to the host's ids. Throws INVALID_ARGUMENT for an id that the container does not
 * have.
 */
export function ownerOutside({ uidMaps, gidMaps }: IdMaps, { uid, gid }: Owner): Owner {
  return { uid: outside(uidMaps, uid), gid: outside(gidMaps, gid) };
}

/** Translates like ownerOutside(), but ids that the container does not have become nobody's. */
export function ownerOrNobody({ uidMaps, gidMaps }: IdMaps, { uid, gid }: Owner): Owner {
  return { uid: mappedOutside(uidMaps, uid) ?? OVERFLOW_ID, gid: mappedOutside(gidMaps, gid) ?? OVERFLOW_ID };
}

/** Whether a container has both host ids of an owner: only then may its root change files of that owner. */
export function hasOwner({ uidMaps, gidMaps }: IdMaps, { uid, gid }: Owner): boolean {
  return mapOf(uidMaps, uid) !== undefined && mapOf(gidMaps, gid) !== undefined;
}

function mapOf(maps: readonly IdMap[], hostId: number): IdMap | undefined {
  return maps.find((map) => hostId >= map.hostId && hostId < map.hostId + map.size);
}

function inside(maps: readonly IdMap[], id: number): number {
  if (maps.length === 0) return id;
  const map = mapOf(maps, id);
  return map === undefined ? OVERFLOW_ID : id - map.hostId + map.containerId;
}

function outside(maps: readonly IdMap[], id: number): number {
  const found = mappedOutside(maps, id);
  if (found === undefined)
    throw new TspodError('INVALID_ARGUMENT', `id ${id} of a file is not mapped in the container's user namespace`);
  return found;
}

function mappedOutside(maps: readonly IdMap[], id: number): number | undefined {
  if (maps.length === 0) return id;
  const map = maps.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return map === undefined ? undefined : id - map.containerId + map.hostId;
}

/** The extended attribute with a file's capabilities. */
export const CAPABILITY = 'security.capability';
const REVISION_2 = 0x02000000;
const REVISION_3 = 0x03000000;
const REVISION_MASK = 0xff000000;
const REVISION_2_BYTES = 20;

/** Whether the extended attribute belongs to the file itself, rather than to the host's own bookkeeping. */
export function isKept(attribute: string): boolean {
  if (attribute.startsWith('trusted.')) return !attribute.startsWith('trusted.overlay.');
  return attribute.startsWith('user.') || attribute.startsWith('system.posix_acl_') || attribute === CAPABILITY;
}

/**
 * Translates file capabilities for the container. Capabilities valid in a user namespace name its root (revision 3);
 * inside the namespace that is implied (revision 2).
 */
export function attributeInside(maps: IdMaps, attribute: string, value: Uint8Array): Uint8Array {
  const bytes = Buffer.from(value);
  if (attribute !== CAPABILITY || bytes.length < REVISION_2_BYTES + 4) return value;
  const word = bytes.readUInt32LE(0);
  if ((word & REVISION_MASK) >>> 0 !== REVISION_3) return value;
  if (!isMapped(maps) || inside(maps.uidMaps, bytes.readUInt32LE(REVISION_2_BYTES)) !== 0) return value;
  bytes.writeUInt32LE(((word & ~REVISION_MASK) | REVISION_2) >>> 0, 0);
  return bytes.subarray(0, REVISION_2_BYTES);
}

/** Translates file capabilities for the host: the reverse of attributeInside(). */
export function attributeOutside(maps: IdMaps, attribute: string, value: Uint8Array): Uint8Array {
  if (attribute !== CAPABILITY || !isMapped(maps) || value.length !== REVISION_2_BYTES) return value;
  const bytes = Buffer.concat([value, Buffer.alloc(4)]);
  bytes.writeUInt32LE(((bytes.readUInt32LE(0) & ~REVISION_MASK) | REVISION_3) >>> 0, 0);
  bytes.writeUInt32LE(outside(maps.uidMaps, 0), REVISION_2_BYTES);
  return bytes;
}
