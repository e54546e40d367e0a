/** Parses --network: a mode, or names of networks, each with options. */
import type { NetworkMode } from '../../spec/create-options.js';
import type { NetworkAttachOptions } from '../../spec/network/network-options.js';
import { invalid, unsupported } from '../errors/cli-error.js';
import { parseShared } from './namespaces.js';

export interface ParsedNetworks {
  readonly mode: NetworkMode;
  /** Networks to join; empty unless the mode is bridge. */
  readonly networks: readonly NetworkAttachOptions[];
}

/** Modes that consist of one word. */
const MODES: Readonly<Record<string, 'none' | 'host' | 'bridge'>> = {
  none: 'none',
  host: 'host',
  bridge: 'bridge',
  default: 'bridge',
  private: 'bridge',
};

/** Parses all values of --network; undefined if there are none. Throws CliError. */
export function parseNetworks(values: readonly string[]): ParsedNetworks | undefined {
  const given = values.filter((value) => value !== '');
  const [first, ...more] = given.map((value) => parseOne(value));
  if (first === undefined) return undefined;
  const other = more.find(({ mode }) => mode !== 'bridge');
  if (more.length > 0 && first.mode !== 'bridge')
    throw invalid(
      `cannot set multiple networks without bridge network mode, selected mode ${modeName(first.mode)}: invalid argument`,
    );
  if (other !== undefined)
    throw invalid(
      `can only set extra network names, selected mode ${modeName(other.mode)} conflicts with bridge: invalid argument`,
    );
  return { mode: first.mode, networks: [...first.networks, ...more.flatMap(({ networks }) => networks)] };
}

function modeName(mode: string): string {
  return mode.split(':', 1)[0] ?? '';
}

function parseOne(value: string): ParsedNetworks {
  if (Object.hasOwn(MODES, value)) return modeOf(MODES[value] ?? 'bridge');
  if (/^(slirp4netns|pasta)(:|$)/.test(value)) throw unsupported(`--network ${value}`, 'it is for rootless containers');
  const shared = parseShared(value);
  if (shared !== undefined) return { mode: shared, networks: [] };
  const colon = value.indexOf(':');
  if (colon !== -1) return { mode: 'bridge', networks: [withOptions(value.slice(0, colon), value.slice(colon + 1))] };
  return { mode: 'bridge', networks: value.split(',').map((name) => ({ name })) };
}

function modeOf(mode: 'none' | 'host' | 'bridge'): ParsedNetworks {
  return { mode, networks: mode === 'bridge' ? [{ name: 'bridge' }] : [] };
}

/**
 * Parses the options of a network, separated by commas: ip=ADDRESS, ip6=ADDRESS, mac=ADDRESS, alias=NAME,
 * interface_name=NAME.
 */
function withOptions(name: string, text: string): NetworkAttachOptions {
  const aliases: string[] = [];
  const found: { ip?: string; ip6?: string; macAddress?: string; interfaceName?: string } = {};
  for (const item of text.split(',')) {
    const equals = item.indexOf('=');
    const [key, value] = equals === -1 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)];
    if (!Object.hasOwn(KEYS, key))
      throw invalid(`invalid option for network ${name}: unknown bridge network option: ${key}`);
    if (value === '') throw invalid(`invalid option for network ${name}: ${key} needs a value`);
    const field = KEYS[key];
    if (field === 'alias') aliases.push(value);
    else if (field === 'ip' && (value.includes(':') || found.ip !== undefined)) found.ip6 = value;
    else if (field !== undefined) found[field] = value;
  }
  return { name, ...found, ...(aliases.length === 0 ? {} : { aliases }) };
}

const KEYS: Readonly<Record<string, 'ip' | 'ip6' | 'macAddress' | 'interfaceName' | 'alias'>> = {
  ip: 'ip',
  ip6: 'ip6',
  mac: 'macAddress',
  alias: 'alias',
  interface_name: 'interfaceName',
};
