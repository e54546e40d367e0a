/** Driver options of networks: `-o mtu=1400`. */
import { parseGoBoolean } from '../util/go-boolean.js';
import { invalid, TspodError } from '../errors.js';
import { IPVLAN_MODES, MACVLAN_MODES } from '../native/netlink/link-drafts.js';
import { quote } from '../spec/checks/quote.js';
import type { NetworkDriver } from './network-file.js';

/** Modes of each driver's interfaces, the default first. */
const MODES: Readonly<Record<NetworkDriver, readonly string[]>> = {
  bridge: [''],
  macvlan: ['bridge', ...Object.keys(MACVLAN_MODES).filter((mode) => mode !== 'bridge')],
  ipvlan: Object.keys(IPVLAN_MODES),
};

/** Text of the error for a vlan option; networks created by other engines may have one. */
export const NO_VLAN =
  'the option vlan of bridges is not supported: make a vlan interface, and a macvlan network on it';

type Check = (name: string, value: string) => void;

const integer =
  (max: number): Check =>
  (name, value) => {
    if (!/^\d{1,10}$/.test(value)) throw invalid(`${name}: parsing ${quote(value)}: invalid syntax`);
    if (Number(value) > max) throw invalid(`${name} ${value} is above ${max}`);
  };
const vlan: Check = (_name, value) => {
  if (!/^\d{1,10}$/.test(value)) throw invalid(`vlan: parsing ${quote(value)}: invalid syntax`);
  if (Number(value) > 4094) throw invalid(`vlan ID ${value} must be between 0 and 4094`);
  if (Number(value) > 0) throw new TspodError('NOT_SUPPORTED', NO_VLAN);
};
const bool: Check = (name, value) => {
  if (parseGoBoolean(value) === undefined) throw invalid(`${name}: parsing ${quote(value)}: invalid syntax`);
};
const isolate: Check = (name, value) => {
  if (value !== 'strict') bool(name, value);
};
const knownMode =
  (driver: 'macvlan' | 'ipvlan'): Check =>
  (_name, value) => {
    if (!MODES[driver].includes(value))
      throw invalid(`unknown ${driver} mode ${quote(value)}: choose from ${MODES[driver].join(', ')}`);
  };
/** Accepts any value: the parent is checked with the interface that it names. */
const anything: Check = () => undefined;

const ALL = { mtu: integer(65535), metric: integer(0xffff_ffff), no_default_route: bool };
const CHECKS: Readonly<Record<NetworkDriver, Readonly<Record<string, Check>>>> = {
  bridge: { ...ALL, vlan, isolate },
  macvlan: { ...ALL, parent: anything, mode: knownMode('macvlan') },
  ipvlan: { ...ALL, parent: anything, mode: knownMode('ipvlan') },
};

/** Docker's names of options. */
const ALIASES: Readonly<Record<string, string>> = { 'com.docker.network.driver.mtu': 'mtu' };

/**
 * Checks the options and returns them as the network's file keeps them: without the parent, which is a separate field.
 * Throws INVALID_ARGUMENT.
 */
export function checkDriverOptions(
  driver: NetworkDriver,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = Object.hasOwn(ALIASES, key) ? (ALIASES[key] ?? key) : key;
    const check = Object.hasOwn(CHECKS[driver], name) ? CHECKS[driver][name] : undefined;
    if (check === undefined)
      throw invalid(`unsupported ${driver} network option ${/^[\w.-]{1,64}$/.test(key) ? key : quote(key)}`);
    check(name, value);
    if (name !== 'parent') kept[name] = value;
  }
  return kept;
}

/**
 * Returns the isolation of a network. With the option as in Podman; without it, a network is closed to all others,
 * which Podman calls `strict`.
 */
function isolationOf(isolate = ''): 'none' | 'isolated' | 'strict' {
  const isIsolated = parseGoBoolean(isolate);
  return isIsolated === undefined ? 'strict' : isIsolated ? 'isolated' : 'none';
}

/**
 * Returns the settings in a network's options. Values that are not understood are ignored: files of other engines may
 * have others, or invalid ones.
 */
export function driverSettings(driver: NetworkDriver, options: Readonly<Record<string, string>> = {}) {
  const number = (name: string, max: number): number => {
    const text = options[name] ?? '';
    return /^\d{1,10}$/.test(text) && Number(text) <= max ? Number(text) : 0;
  };
  const modes = MODES[driver];
  const mode = modes.find((known) => known === options['mode']) ?? modes[0] ?? '';
  return {
    mtu: number('mtu', 65535),
    vlan: driver === 'bridge' ? number('vlan', 4094) : 0,
    metric: number('metric', 0xffff_ffff),
    noDefaultRoute: parseGoBoolean(options['no_default_route'] ?? '') === true,
    mode,
    isolation: isolationOf(options['isolate']),
  };
}
