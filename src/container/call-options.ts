/**
 * The options of calls that end or remove a container, or wait for it, and of those that give its output: a misspelt one must not end or remove more than
 * was meant, nor give more or less.
 */
import { invalid } from '../errors.js';
import { checkedCall, type ShapeOf } from '../spec/checks/shape.js';
import type {
  AttachOptions,
  LogsOptions,
  RemoveOptions,
  StartOptions,
  StopOptions,
  WaitOptions,
} from './api/container.js';

const STOP: ShapeOf<StopOptions> = { timeoutSec: 'number', depend: 'boolean', onWarning: 'function', signal: 'signal' };

const RESTART: ShapeOf<StopOptions & StartOptions> = {
  ...STOP,
  stdio: 'object',
  fds: 'integers',
  recursive: 'boolean',
  size: 'object',
};

const REMOVE: ShapeOf<RemoveOptions> = {
  force: 'boolean',
  timeoutSec: 'number',
  depend: 'boolean',
  volumes: 'boolean',
  signal: 'signal',
};

const WAIT: ShapeOf<WaitOptions> = { conditions: 'strings', intervalMs: 'number', signal: 'signal' };

const ATTACH: ShapeOf<AttachOptions> = {
  stdin: 'object',
  stdout: 'object',
  stderr: 'object',
  detachKeys: 'string',
  size: 'object',
  signal: 'signal',
};

const LOGS: ShapeOf<LogsOptions> = {
  follow: 'boolean',
  tail: 'number',
  since: 'date',
  until: 'date',
  timestamps: 'boolean',
  prefix: 'string',
  stream: 'string',
  signal: 'signal',
};

/** Each of these throws TypeError as checkShape() does. */
export const checkedStop = (options?: StopOptions) => checkedCall('stop', options, STOP);
export const checkedRestart = (options?: StopOptions & StartOptions) => checkedCall('restart', options, RESTART);
export const checkedRemove = (options?: RemoveOptions) => checkedCall('remove', options, REMOVE);
export const checkedWait = (options?: WaitOptions) => checkedCall('wait', options, WAIT);
export const checkedAttach = (options: AttachOptions) => checkedCall('attach', options, ATTACH) ?? {};

/** INVALID_ARGUMENT as well. */
export function checkedLogs(options?: LogsOptions): LogsOptions | undefined {
  const { tail = -1, stream } = checkedCall('logs', options, LOGS) ?? {};
  if (!Number.isInteger(tail)) throw invalid(`tail must be a whole number of lines, not ${String(tail)}`);
  if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr') {
    throw invalid(`stream must be stdout or stderr, not ${JSON.stringify(stream)}`);
  }
  return options;
}
