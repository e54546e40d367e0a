/** The options of calls that end or remove a container, or wait for it: a misspelt one must not end or remove more than was meant. */
import { checkedCall, type ShapeOf } from '../spec/checks/shape.js';
import type { RemoveOptions, StartOptions, StopOptions, WaitOptions } from './api/container.js';

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

/** Each of these throws TypeError as checkShape() does. */
export const checkedStop = (options?: StopOptions) => checkedCall('stop', options, STOP);
export const checkedRestart = (options?: StopOptions & StartOptions) => checkedCall('restart', options, RESTART);
export const checkedRemove = (options?: RemoveOptions) => checkedCall('remove', options, REMOVE);
export const checkedWait = (options?: WaitOptions) => checkedCall('wait', options, WAIT);
