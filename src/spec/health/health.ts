/** Turns health options into the configuration: checks, and Podman's defaults. */
import { invalid } from '../../errors.js';
import type { HealthAction, HealthOptions, HealthTest, StartupCheckOptions } from './health-options.js';
import { checkInteger } from '../checks/numbers.js';
import { quote } from '../checks/quote.js';
import { checkShape, type ShapeOf } from '../checks/shape.js';

/** A health check with every default applied. */
export interface CheckConfig {
  readonly test: HealthTest;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
}

export interface HealthConfig extends CheckConfig {
  readonly startPeriodMs: number;
  readonly onFailure: HealthAction;
  readonly startup?: CheckConfig & { readonly successes: number };
  readonly maxLogCount: number;
  readonly maxLogBytes: number;
}

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;
const DEFAULT_LOG_COUNT = 5;
const DEFAULT_LOG_BYTES = 500;

/** Longest interval in milliseconds: more than a century. */
const MAX_MS = 2 ** 42;
const MAX_COUNT = 2 ** 31 - 1;

/** Size limit of a record, in bytes (HealthLog::kMaxOutputBytes in native/monitor). */
const MAX_LOG_BYTES = 256 * 1024;
const MAX_LOG_COUNT = 1000;

const ACTIONS: readonly string[] = ['none', 'kill', 'restart', 'stop'];

const HEALTH: ShapeOf<HealthOptions> = {
  test: 'strings',
  intervalMs: 'number',
  timeoutMs: 'number',
  retries: 'number',
  startPeriodMs: 'number',
  onFailure: 'string',
  startup: 'object',
  maxLogCount: 'number',
  maxLogBytes: 'number',
};

const STARTUP: ShapeOf<StartupCheckOptions> = {
  test: 'strings',
  intervalMs: 'number',
  timeoutMs: 'number',
  retries: 'number',
  successes: 'number',
};

/** Returns the configuration; undefined: no check. Throws TypeError for misuse, INVALID_ARGUMENT for invalid values. */
export function normalizeHealth(options: HealthOptions): HealthConfig | undefined {
  checkShape('health', options, HEALTH);
  const { onFailure = 'none' } = options;
  const startup = options.startup === undefined ? undefined : startupConfig(options.startup);
  if (!ACTIONS.includes(onFailure)) {
    throw invalid(`health onFailure must be one of ${ACTIONS.join(', ')}, not ${quote(onFailure)}`);
  }
  const test = options.test === undefined ? undefined : checkTest('health test', options.test);
  if (test === undefined || test[0] === 'NONE') {
    if (onFailure !== 'none') throw invalid(`cannot set on-failure action to ${onFailure} without a health check`);
    if (startup !== undefined) throw invalid('cannot set a startup health check without a health check');
    return undefined;
  }
  return {
    ...checkConfig('health', { ...options, test }, { retries: DEFAULT_RETRIES, leastRetries: 1 }),
    startPeriodMs: count('health startPeriodMs', options.startPeriodMs ?? 0, MAX_MS),
    onFailure,
    ...(startup === undefined ? {} : { startup }),
    maxLogCount: valueOrMost(
      count('health maxLogCount', options.maxLogCount ?? DEFAULT_LOG_COUNT, MAX_COUNT),
      MAX_LOG_COUNT,
    ),
    maxLogBytes: valueOrMost(
      count('health maxLogBytes', options.maxLogBytes ?? DEFAULT_LOG_BYTES, MAX_COUNT),
      MAX_LOG_BYTES,
    ),
  };
}

/** Returns the configuration of the start-up check; undefined: none. */
function startupConfig(options: StartupCheckOptions): HealthConfig['startup'] {
  checkShape('health startup', options, STARTUP);
  if ((options.test as HealthTest | undefined) === undefined) throw new TypeError('health startup must have "test"');
  const test = checkTest('health startup test', options.test);
  if (test[0] === 'NONE') return undefined;
  return {
    ...checkConfig('health startup', { ...options, test }, { retries: 0, leastRetries: 0 }),
    successes: checkInteger('health startup successes', options.successes ?? 1, { min: 1, max: MAX_COUNT }),
  };
}

interface CheckDefaults {
  readonly retries: number;
  readonly leastRetries: number;
}

function checkConfig(what: string, options: StartupCheckOptions, defaults: CheckDefaults): CheckConfig {
  const { test, intervalMs = DEFAULT_INTERVAL_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return {
    test,
    intervalMs: count(`${what} intervalMs`, intervalMs, MAX_MS),
    timeoutMs: checkInteger(`${what} timeoutMs`, timeoutMs, { min: 1, max: MAX_MS }),
    retries: checkInteger(`${what} retries`, options.retries ?? defaults.retries, {
      min: defaults.leastRetries,
      max: MAX_COUNT,
    }),
  };
}

function count(what: string, value: number, max: number): number {
  return checkInteger(what, value, { min: 0, max });
}

/** Returns the value, at most `most`; 0 stands for no limit and so for `most`. */
function valueOrMost(value: number, most: number): number {
  return value === 0 ? most : Math.min(value, most);
}

function checkTest(what: string, test: HealthTest): HealthTest {
  const [kind, ...rest] = test;
  if (kind === 'NONE') return ['NONE'];
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') throw invalid(`${what} must begin with CMD, CMD-SHELL or NONE`);
  if (rest.length === 0 || rest[0] === '') throw invalid(`${what} has no command`);
  return test;
}

/** Returns the command line of a test. */
export function testCommand([kind, ...rest]: HealthTest): readonly string[] {
  return kind === 'CMD-SHELL' ? ['sh', '-c', rest.join(' ')] : rest;
}
