/** Parses --ulimit, --restart and the limits of devices. */
import type {
  CreateOptions,
  DeviceRate,
  DeviceWeight,
  RestartOptions,
  UlimitOptions,
} from '../../spec/create-options.js';
import { SYSTEMD_VALUES } from '../../spec/systemd-mode.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';
import { parseSize } from './size.js';

const ULIMITS: ReadonlySet<string> = new Set([
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]);

/** Parses NAME=SOFT[:HARD]; -1 or unlimited is no limit; `host` takes all limits of the caller. */
export function parseUlimits(items: readonly string[], caller: Caller): UlimitOptions[] {
  return items.flatMap((item) => (item === 'host' ? caller.limits() : [parseUlimit(item)]));
}

function parseUlimit(item: string): UlimitOptions {
  const fail = (why: string): Error =>
    invalid(`ulimit option ${JSON.stringify(item)} requires name=SOFT:HARD, failed to be parsed: ${why}`);
  const match = /^([^=]*)=([^=:]*)(?::([^=:]*))?$/.exec(item);
  if (match === null) throw fail(`invalid ulimit argument: ${item}`);
  const name = (match[1] ?? '').toLowerCase().replace(/^rlimit_/, '');
  if (!ULIMITS.has(name)) throw fail(`invalid ulimit type: ${match[1]}`);
  const soft = parseLimit(match[2] ?? '', fail);
  const hard = match[3] === undefined ? soft : parseLimit(match[3], fail);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw fail(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  return { name, soft, hard };
}

function parseLimit(text: string, fail: (why: string) => Error): number {
  if (text === '-1' || text === 'unlimited') return -1;
  if (!/^\d+$/.test(text)) throw fail(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

const POLICIES = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

/** Parses POLICY[:RETRIES]; retries are only allowed with on-failure. */
export function parseRestart(text: string): RestartOptions {
  const [word = '', retries, ...more] = text.split(':');
  if (more.length > 0) throw invalid('invalid restart policy: may specify retries at most once');
  const policy = POLICIES.find((known) => known === (word === '' || word === 'none' ? 'no' : word.toLowerCase()));
  if (policy === undefined) throw invalid(`${JSON.stringify(word)} is not a valid restart policy: invalid argument`);
  if (retries === undefined) return { policy };
  if (policy !== 'on-failure')
    throw invalid('restart policy retries can only be specified with on-failure restart policy');
  if (!/^\d+$/.test(retries)) {
    throw invalid(
      `parsing restart policy retry count: strconv.Atoi: parsing ${JSON.stringify(retries)}: invalid syntax`,
    );
  }
  return { policy, maxRetries: Number(retries) };
}

/** Parses the value of --systemd, in any case. */
export function parseSystemd(text: string): NonNullable<CreateOptions['systemd']> {
  const value = SYSTEMD_VALUES.find((known) => known === text.toLowerCase());
  if (value !== undefined) return value;
  const values = SYSTEMD_VALUES.join(', ');
  throw invalid(`invalid config provided: --systemd values must be one of "${values}": invalid configuration`);
}

/** Parses /dev/NAME:RATE; the rate has the units of a size. */
export function parseDeviceRate(text: string): DeviceRate {
  const [device, rate] = splitDevice(text);
  try {
    return { device, rate: parseSize(rate) };
  } catch {
    throw invalid(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
}

/** Parses /dev/NAME:COUNT, in operations per second. */
export function parseDeviceOperations(text: string): DeviceRate {
  const [device, rate] = splitDevice(text);
  if (!/^\d+$/.test(rate)) {
    throw invalid(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  }
  return { device, rate: Number(rate) };
}

/** Parses /dev/NAME:WEIGHT. */
export function parseDeviceWeight(text: string): DeviceWeight {
  const [device, weight] = splitDevice(text);
  if (!/^\d+$/.test(weight) || (Number(weight) !== 0 && (Number(weight) < 10 || Number(weight) > 1000))) {
    throw invalid(`invalid weight for device: ${text}`);
  }
  return { device, weight: Number(weight) };
}

function splitDevice(text: string): readonly [string, string] {
  const match = /^(.+):([^:]*)$/.exec(text);
  if (match === null) throw invalid(`bad format: ${text}`);
  const [, device = '', rest = ''] = match;
  if (!device.startsWith('/dev/')) throw invalid(`bad format for device path: ${text}`);
  return [device, rest];
}
