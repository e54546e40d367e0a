/** Parses one registries.conf, or a file of registries.conf.d. */
import { parse } from 'smol-toml';

import { TspodError } from '../../errors.js';
import {
  listOf,
  member,
  optional,
  readBoolean,
  readList,
  readObject,
  readString,
  readStringRecord,
  readStrings,
  wordOf,
  wrong,
  type JsonObject,
  type Place,
} from '../../oci/check.js';
import { parseImageName } from '../reference.js';
import type { Mirror, RegistriesConfig, RegistryRule } from './config.js';

const MAX_BYTES = 1024 * 1024;
const MODES = ['enforcing', 'permissive', 'disabled'] as const;
const PULL_FROM = ['all', 'digest-only', 'tag-only'] as const;
/** A host, optional port and path. */
const LOCATION = /^[A-Za-z0-9[][A-Za-z0-9.:\]-]*(?:\/[a-z0-9._-]+)*$/;
const WILDCARD = /^\*(?:\.[A-Za-z0-9-]+)+$/;

/** Parses the text of a file. Throws INVALID_ARGUMENT, which names the file and the invalid field. */
export function parseRegistries(path: string, text: string): RegistriesConfig {
  const at = JSON.stringify(path);
  if (Buffer.byteLength(text) > MAX_BYTES) throw wrong(at, `is larger than ${MAX_BYTES} bytes`);
  const object = readObject(tomlOf(at, text), at);
  const old = optional(object, 'registries', at, readObject);
  const config = old === undefined ? newForm(object, at) : oldForm(object, old, at);
  return { ...config, files: [path] };
}

function tomlOf(at: Place, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    throw new TspodError('INVALID_ARGUMENT', `${at} is not TOML: ${line}`, { cause: error });
  }
}

function newForm(object: JsonObject, at: Place): Omit<RegistriesConfig, 'files'> {
  const searched = optional(object, 'unqualified-search-registries', at, listOf(readHost));
  const shortNameMode = optional(object, 'short-name-mode', at, readMode);
  return {
    ...(searched === undefined ? {} : { searched }),
    ...(shortNameMode === undefined ? {} : { shortNameMode }),
    rules: optional(object, 'registry', at, listOf(readRule)) ?? [],
    aliases: readAliases(optional(object, 'aliases', at, readStringRecord) ?? {}, at),
  };
}

/** Reads the mode; '' means the default. */
function readMode(value: unknown, at: Place): (typeof MODES)[number] {
  return value === '' ? 'permissive' : wordOf(MODES)(value, at);
}

/** Reads version 1 of the format: [registries.search], .insecure and .block, each with a list. */
function oldForm(object: JsonObject, old: JsonObject, at: Place): Omit<RegistriesConfig, 'files'> {
  const mixed = ['unqualified-search-registries', 'registry'].find((key) => member(object, key) !== undefined);
  if (mixed !== undefined) throw wrong(at, `mixes the old and the new form: registries and ${mixed}`);
  const listed = (key: string): readonly string[] => {
    const part = optional(old, key, `${at}.registries`, readObject) ?? {};
    return optional(part, 'registries', `${at}.registries.${key}`, readStrings) ?? [];
  };
  const [insecure, blocked] = [listed('insecure'), listed('block')];
  const rules = [...new Set([...insecure, ...blocked])].map((prefix) => ({
    prefix: readLocation(prefix, at),
    location: prefix,
    insecure: insecure.includes(prefix),
    blocked: blocked.includes(prefix),
    mirrors: [],
  }));
  return { searched: listed('search'), rules, aliases: new Map() };
}

function readRule(value: unknown, at: Place): RegistryRule {
  const object = readObject(value, at);
  const location = optional(object, 'location', at, readLocation) ?? '';
  const prefix = optional(object, 'prefix', at, readPrefix) ?? location;
  if (prefix === '') throw wrong(at, 'has neither prefix nor location');
  const isWildcard = prefix.startsWith('*');
  if (location === '' && !isWildcard) throw wrong(`${at}.location`, 'is missing');
  const digestOnly = optional(object, 'mirror-by-digest-only', at, readBoolean) ?? false;
  return {
    prefix,
    location,
    insecure: optional(object, 'insecure', at, readBoolean) ?? false,
    blocked: optional(object, 'blocked', at, readBoolean) ?? false,
    mirrors:
      optional(object, 'mirror', at, (list, place) =>
        readList(list, place, (mirror, inner) => readMirror(mirror, inner, digestOnly)),
      ) ?? [],
  };
}

function readMirror(value: unknown, at: Place, digestOnly: boolean): Mirror {
  const object = readObject(value, at);
  const location = optional(object, 'location', at, readLocation);
  if (location === undefined) throw wrong(`${at}.location`, 'is missing');
  return {
    location,
    insecure: optional(object, 'insecure', at, readBoolean) ?? false,
    pullFrom: optional(object, 'pull-from-mirror', at, wordOf(PULL_FROM)) ?? (digestOnly ? 'digest-only' : 'all'),
  };
}

function readLocation(value: unknown, at: Place): string {
  const text = readString(value, at, 255).replace(/\/+$/, '');
  if (/^[a-z]+:\/\//i.test(text)) throw wrong(at, `must be a host without a scheme: ${JSON.stringify(text)}`);
  if (!LOCATION.test(text)) throw wrong(at, `is not a registry: ${JSON.stringify(text)}`);
  return text;
}

function readHost(value: unknown, at: Place): string {
  return readLocation(value, at);
}

function readPrefix(value: unknown, at: Place): string {
  const text = readString(value, at, 255);
  return WILDCARD.test(text) ? text : readPrefixPath(text, at);
}

/** Reads a prefix without wildcard, which may include a tag or a digest. */
function readPrefixPath(text: string, at: Place): string {
  if (/^[A-Za-z0-9[][A-Za-z0-9.:\]_/@-]*$/.test(text)) return text.replace(/\/+$/, '');
  throw wrong(at, `is not a valid prefix of names: ${JSON.stringify(text)}`);
}

function readAliases(record: Readonly<Record<string, string>>, at: Place): ReadonlyMap<string, string> {
  for (const [name, target] of Object.entries(record)) {
    const place = `${at}.aliases[${JSON.stringify(name)}]`;
    const [short, full] = [named(name, place), target === '' ? undefined : named(target, place)];
    if (short.registry !== undefined) throw wrong(place, 'is not a short name');
    if (full !== undefined && full.registry === undefined) throw wrong(place, 'names no registry');
    if ([short, full].some((part) => part?.tag !== undefined || part?.digest !== undefined))
      throw wrong(place, 'must have neither tag nor digest');
  }
  return new Map(Object.entries(record));
}

function named(text: string, at: Place): ReturnType<typeof parseImageName> {
  try {
    return parseImageName(text);
  } catch (error) {
    throw new TspodError('INVALID_ARGUMENT', `${at}: ${(error as Error).message}`, { cause: error });
  }
}
