/** User namespaces: the modes that choose maps, and the maps that they choose. */
import { invalid, TspodError } from '../../errors.js';
import { defined } from '../../util/defined.js';
import { sizeOfRanges, subtractRanges, takeIds, type IdRange } from '../../util/id-ranges.js';
import type { ContainerConfig, UsernsConfig } from '../config.js';
import type { CreateOptions, IdMap, UsernsOptions } from '../create-options.js';
import { checkIdMaps } from '../namespaces.js';
import { checkInteger } from '../checks/numbers.js';
import { quote } from '../checks/quote.js';

/** Lowest number of ids of an automatic namespace: Podman's. */
const MIN_AUTO_SIZE = 1024;

/**
 * Highest number of ids of an automatic namespace whose size is not given: Podman's (auto-userns-max-size in
 * containers-storage.conf(5)).
 */
const MAX_AUTO_SIZE = 65_536;

const MAX_ID = 0xfffffffe;

/** Returns the maps as far as they are given, after checking that the options fit the mode. */
export function normalizeUserns(options: CreateOptions): Pick<ContainerConfig, 'uidMaps' | 'gidMaps' | 'userns'> {
  const mode = options.userns ?? 'private';
  const chosen = options.usernsOptions ?? {};
  for (const key of ['size', 'uid', 'gid', 'subuidName', 'subgidName'] as const) {
    if (chosen[key] !== undefined) checkMode(key, mode);
  }
  // If only one map is given, it is used for both, as with Podman. An automatic namespace has separate additional maps
  // for each.
  const uidMaps = mode === 'auto' ? options.uidMaps : (options.uidMaps ?? options.gidMaps);
  const gidMaps = mode === 'auto' ? options.gidMaps : (options.gidMaps ?? options.uidMaps);
  return {
    uidMaps: uidMaps === undefined ? [] : checkIdMaps('uidMaps', uidMaps),
    gidMaps: gidMaps === undefined ? [] : checkIdMaps('gidMaps', gidMaps),
    ...defined({ userns: options.usernsOptions === undefined ? undefined : usernsConfig(chosen) }),
  };
}

/** Returns the user that the command runs as if only the ids to keep say so; '' if they are not given. */
export function keptUser({ usernsOptions: { uid, gid } = {} }: CreateOptions): string {
  return uid === undefined && gid === undefined ? '' : `${String(uid ?? 0)}:${String(gid ?? 0)}`;
}

function checkMode(option: keyof UsernsOptions, mode: string): void {
  // With keep-id as root all ids are kept, so there is nothing to give a size of.
  if (option === 'size' && mode === 'keep-id')
    throw invalid('usernsOptions.size cannot be used with userns keep-id as root: all ids are kept');
  const wanted = option === 'size' ? 'auto' : option === 'uid' || option === 'gid' ? 'keep-id' : 'private';
  if (mode !== wanted) throw invalid(`usernsOptions.${option} needs userns ${wanted}, not ${quote(mode)}`);
}

function usernsConfig({ size, uid, gid, subuidName, subgidName }: UsernsOptions): UsernsConfig {
  const id = { min: 0, max: MAX_ID };
  const [users, groups] = [subuidName ?? subgidName, subgidName ?? subuidName];
  return defined({
    size: size === undefined ? undefined : checkInteger('usernsOptions.size', size, { min: 1, max: 0xffffffff }),
    uid: uid === undefined ? undefined : checkInteger('usernsOptions.uid', uid, id),
    gid: gid === undefined ? undefined : checkInteger('usernsOptions.gid', gid, id),
    subuidName: users === undefined ? undefined : checkSubordinateName(users),
    subgidName: groups === undefined ? undefined : checkSubordinateName(groups),
  });
}

function checkSubordinateName(name: string): string {
  if (/^[^\s:/]{1,256}$/.test(name)) return name;
  throw invalid(`invalid name for /etc/subuid and /etc/subgid: ${quote(name)}`);
}

/**
 * Throws INVALID_ARGUMENT unless the maps have id 0, which owns the container's file systems and its first process.
 * Checked at the creation: the kernel would only say EINVAL.
 */
export function requireRootIds({ uidMaps, gidMaps }: Pick<ContainerConfig, 'uidMaps' | 'gidMaps'>): void {
  for (const [name, maps] of [
    ['uidMaps', uidMaps],
    ['gidMaps', gidMaps],
  ] as const) {
    if (mappedId(maps, 0) === undefined)
      throw invalid(`${name} must map id 0: the container's file systems are its own`);
  }
}

/** Returns the host's id for an id of the container; undefined if no map has it. */
export function mappedId(maps: readonly IdMap[], id: number): number | undefined {
  const map = maps.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return map === undefined ? undefined : map.hostId + (id - map.containerId);
}

/** Returns the host's ids for the container's root: root's own without maps. */
export function rootIds({ uidMaps, gidMaps }: Pick<ContainerConfig, 'uidMaps' | 'gidMaps'>): {
  readonly uid: number;
  readonly gid: number;
} {
  return { uid: mappedId(uidMaps, 0) ?? 0, gid: mappedId(gidMaps, 0) ?? 0 };
}

/** Whether all ids are the same inside and outside, so that no owners have to be shifted. */
export function isIdentity({ uidMaps, gidMaps }: Pick<ContainerConfig, 'uidMaps' | 'gidMaps'>): boolean {
  return [...uidMaps, ...gidMaps].every(({ containerId, hostId }) => containerId === hostId);
}

/** Whether ids of the container differ from those on the host. */
export function hasOtherIds(config: Pick<ContainerConfig, 'namespaces' | 'uidMaps' | 'gidMaps'>): boolean {
  return config.namespaces.user !== 'host' && !isIdentity(config);
}

/** Returns maps to these ranges of host ids, in order, from container id 0 on. */
export function mapsOfRanges(ranges: readonly IdRange[]): readonly IdMap[] {
  let containerId = 0;
  return ranges.map(({ first, size }) => {
    const map = { containerId, hostId: first, size };
    containerId += size;
    return map;
  });
}

/**
 * Returns the number of ids that an automatic namespace gets: enough for the root's accounts and for the user, and a
 * minimum for later needs. Throws INVALID_ARGUMENT for more than 65536, so that no image takes the ids of all others.
 */
export function autoSize(config: Pick<ContainerConfig, 'user' | 'groups'>, idsOfAccounts: number): number {
  const numbers = [...config.user.split(':'), ...config.groups].filter((part) => /^\d+$/.test(part)).map(Number);
  const size = Math.max(MIN_AUTO_SIZE, idsOfAccounts, ...numbers.map((number) => number + 1));
  if (size <= MAX_AUTO_SIZE) return size;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `the image's users need a user namespace of ${size} IDs, more than the ${MAX_AUTO_SIZE} that userns "auto" takes by itself: give it a size`,
    { details: { value: size } },
  );
}

export interface AutoRequest {
  /** Number of container ids that are mapped, from 0 on. */
  readonly size: number;
  /** Maps that were given, and are kept. */
  readonly given: readonly IdMap[];
  /** Host ids that may be assigned. */
  readonly available: readonly IdRange[];
  /** Host ids that other containers use. */
  readonly used: readonly IdRange[];
}

/** Returns the maps of an automatic namespace; undefined if too few ids are left. */
export function autoMaps({ size, given, available, used }: AutoRequest): readonly IdMap[] | undefined {
  const inside = subtractRanges(
    [{ first: 0, size }],
    given.map((map) => ({ first: map.containerId, size: map.size })),
  );
  const free = subtractRanges(available, [...used, ...given.map((map) => ({ first: map.hostId, size: map.size }))]);
  const taken = takeIds(free, sizeOfRanges(inside));
  if (taken === undefined) return undefined;
  return mergeMaps([...pair(inside, taken), ...given]);
}

/** Maps one list of ranges to another of the same total size, piece by piece. */
function pair(inside: readonly IdRange[], outside: readonly IdRange[]): readonly IdMap[] {
  const maps: IdMap[] = [];
  const [left, right] = [[...inside], [...outside]];
  for (let [one, other] = [left.shift(), right.shift()]; one !== undefined && other !== undefined;) {
    const size = Math.min(one.size, other.size);
    maps.push({ containerId: one.first, hostId: other.first, size });
    one = one.size === size ? left.shift() : { first: one.first + size, size: one.size - size };
    other = other.size === size ? right.shift() : { first: other.first + size, size: other.size - size };
  }
  return maps;
}

/** Returns the maps in the order of the container's ids; those that are contiguous on both sides become one. */
export function mergeMaps(maps: readonly IdMap[]): readonly IdMap[] {
  const merged: IdMap[] = [];
  for (const map of maps.toSorted((a, b) => a.containerId - b.containerId)) {
    const last = merged.at(-1);
    const goesOn =
      last !== undefined && last.containerId + last.size === map.containerId && last.hostId + last.size === map.hostId;
    if (goesOn) merged[merged.length - 1] = { ...last, size: last.size + map.size };
    else merged.push(map);
  }
  return merged;
}
