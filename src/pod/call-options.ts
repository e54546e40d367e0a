/** Checks the options of methods of a pod. */
import { SIGNAL } from '../container/call-options.js';
import type { SignalOption } from '../container/api/container.js';
import type { StatsOptions } from '../container/api/stats.js';
import { checkedCall, type ShapeOf } from '../spec/checks/shape.js';
import type { PodRemoveOptions, PodStopOptions } from './api.js';

const STOP: ShapeOf<PodStopOptions> = { timeoutSec: 'number', onWarning: 'function', signal: 'signal' };

const REMOVE: ShapeOf<PodRemoveOptions> = { force: 'boolean', timeoutSec: 'number', signal: 'signal' };

/** Each of these throws TypeError like checkShape(). */
export const checkedStart = (options?: SignalOption) => checkedCall('start', options, SIGNAL);
export const checkedStop = (options?: PodStopOptions) => checkedCall('stop', options, STOP);
export const checkedRestart = (options?: PodStopOptions) => checkedCall('restart', options, STOP);
export const checkedRemove = (options?: PodRemoveOptions) => checkedCall('remove', options, REMOVE);
export const checkedStats = (options?: StatsOptions) => checkedCall('stats', options, { previous: 'object' });
