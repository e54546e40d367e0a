/** Parses id maps of user namespaces: --uidmap, --gidmap, and the options of --userns. */
import { ownIds, type IdKind, type MappedIds } from '../../host/subordinate-ids.js';
import type { IdMap, UsernsMode, UsernsOptions } from '../../spec/create-options.js';
import { mergeMaps } from '../../spec/users/userns.js';
import { subtractRanges } from '../../util/id-ranges.js';
import { invalid } from '../errors/cli-error.js';
import { parseNamespace } from './namespaces.js';

const MAX_NUMBER = 0xffff_ffff;

/** Returns the mapping in which @ID is looked up; by default that of this process's own user namespace. */
export type ParentIds = (kind: IdKind) => readonly MappedIds[];

/**
 * Parses items `[+ug]CONTAINER:[@]HOST[:SIZE]` in their order. `u` and `g` restrict an item to user or group ids; `+`
 * replaces what earlier items say about the same ids; `@` marks an id of the parent namespace, which is translated to
 * one of this namespace.
 */
export function parseIdMaps(kind: IdKind, items: readonly string[], parent: ParentIds = ownIds): readonly IdMap[] {
  let maps: readonly IdMap[] = [];
  for (const item of items.filter((text) => text !== '')) {
    const parsed = parseItem(kind, item, parent);
    if (parsed.others || parsed.maps.length === 0) continue;
    maps = parsed.replaces ? replaceIds(maps, parsed.maps) : [...maps, ...parsed.maps];
  }
  return mergeMaps(maps);
}

interface ParsedItem {
  readonly maps: readonly IdMap[];
  readonly replaces: boolean;
  /** Whether the item is only about the other kind of ids. */
  readonly others: boolean;
}

function parseItem(kind: IdKind, item: string, parent: ParentIds): ParsedItem {
  const match = /^([+ug]*)(\d+):(@?)(\d+)(?::(\d+))?$/.exec(item);
  const [, flags = '', container, at, host, count = '1'] = match ?? [];
  const [containerId, hostId, size] = [Number(container), Number(host), Number(count)];
  if (match === null || Math.max(containerId, hostId, size) > MAX_NUMBER) throw malformed(kind, item, '[+ug]');
  const aboutUsers = flags.includes('u');
  const aboutGroups = flags.includes('g');
  const others = aboutUsers !== aboutGroups && (kind === 'uid') !== aboutUsers;
  const map = { containerId, hostId, size };
  const maps = size === 0 || others ? [] : at === '@' ? fromParent(kind, map, parent) : [map];
  return { maps, replaces: flags.includes('+'), others };
}

function malformed(kind: IdKind, item: string, flags: string) {
  return invalid(
    `initializing ID mappings: ${kind.toUpperCase()} setting is malformed expected ["${flags}uint32:[@]uint32[:uint32]"] : [${JSON.stringify(item)}]`,
  );
}

/** Translates ids from outside our own namespace to their numbers in it, which the kernel expects. */
function fromParent(kind: IdKind, { containerId, hostId, size }: IdMap, parent: ParentIds): readonly IdMap[] {
  const maps: IdMap[] = [];
  for (let done = 0; done < size;) {
    const wanted = hostId + done;
    const range = parent(kind).find(({ outside, size: length }) => wanted >= outside && wanted < outside + length);
    if (range === undefined) throw invalid(`parent ID ${kind.toUpperCase()} ${String(wanted)} is not mapped/delegated`);
    const offset = wanted - range.outside;
    const length = Math.min(size - done, range.size - offset);
    maps.push({ containerId: containerId + done, hostId: range.inside + offset, size: length });
    done += length;
  }
  return maps;
}

/** Removes from the maps the ids, on either side, for which the new maps say something else, and adds the new maps. */
function replaceIds(maps: readonly IdMap[], added: readonly IdMap[]): readonly IdMap[] {
  const left = maps.flatMap((map) => {
    // Counted from the start of the map, both sides have the same numbers.
    const taken = added.flatMap(({ containerId, hostId, size }) => [
      { first: containerId - map.containerId, size },
      { first: hostId - map.hostId, size },
    ]);
    return subtractRanges([{ first: 0, size: map.size }], taken).map(({ first, size }) => ({
      containerId: map.containerId + first,
      hostId: map.hostId + first,
      size,
    }));
  });
  return [...left, ...added];
}

export interface ParsedUserns {
  readonly mode: UsernsMode;
  readonly options?: UsernsOptions;
  readonly uidMaps?: readonly IdMap[];
  readonly gidMaps?: readonly IdMap[];
}

/** Parses host, private, auto[:OPTIONS], keep-id[:OPTIONS], container:NAME or ns:PATH; undefined for the default. */
export function parseUserns(text: string, parent: ParentIds = ownIds): ParsedUserns | undefined {
  const [word, options] = splitOnce(text, ':');
  if (word === 'auto') return parseAuto(options, parent);
  if (word === 'keep-id') return parseKeepId(options);
  if (word === 'nomap') throw invalid('nomap is only supported in rootless mode');
  const mode = parseNamespace(text);
  return mode === undefined ? undefined : { mode };
}

function parseAuto(text: string | undefined, parent: ParentIds): ParsedUserns {
  let size: number | undefined;
  const maps: Record<IdKind, IdMap[]> = { uid: [], gid: [] };
  for (const [key, value] of keyValues(text)) {
    if (key === 'size') size = parseNumber(value);
    else if (key === 'uidmapping' || key === 'gidmapping')
      maps[key === 'uidmapping' ? 'uid' : 'gid'].push(...autoMap(key, value, parent));
    else throw invalid(`unknown option specified: ${JSON.stringify(key)}`);
  }
  return {
    mode: 'auto',
    // 0 means "not given", as in Podman.
    ...(size === undefined || size === 0 ? {} : { options: { size } }),
    ...(maps.uid.length === 0 ? {} : { uidMaps: maps.uid }),
    ...(maps.gid.length === 0 ? {} : { gidMaps: maps.gid }),
  };
}

function autoMap(key: string, value: string, parent: ParentIds): readonly IdMap[] {
  const kind = key === 'uidmapping' ? 'uid' : 'gid';
  if (!/^\d/.test(value)) throw malformed(kind, value, '');
  return parseItem(kind, value, parent).maps;
}

function parseKeepId(text: string | undefined): ParsedUserns {
  const options: { uid?: number; gid?: number; size?: number } = {};
  for (const [key, value] of keyValues(text)) {
    if (key !== 'uid' && key !== 'gid' && key !== 'size')
      throw invalid(`unknown option specified: ${JSON.stringify(key)}`);
    options[key] = parseNumber(value);
  }
  return { mode: 'keep-id', ...(Object.keys(options).length === 0 ? {} : { options }) };
}

function keyValues(text: string | undefined): readonly (readonly [string, string])[] {
  if (text === undefined) return [];
  return text.split(',').map((option) => {
    const [key, value] = splitOnce(option, '=');
    if (value === undefined) throw invalid(`invalid option specified: ${JSON.stringify(option)}`);
    return [key, value] as const;
  });
}

function parseNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= MAX_NUMBER) return Number(text);
  throw invalid(`invalid number ${JSON.stringify(text)}: ids and sizes must be 0 to ${String(MAX_NUMBER)}`);
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const index = text.indexOf(separator);
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + separator.length)];
}
