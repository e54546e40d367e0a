/** The options of calls that end or remove a pod. */
import { checkedCall, type ShapeOf } from '../spec/checks/shape.js';
import type { PodRemoveOptions, PodStopOptions } from './api.js';

const STOP: ShapeOf<PodStopOptions> = { timeoutSec: 'number', onWarning: 'function', signal: 'signal' };

const REMOVE: ShapeOf<PodRemoveOptions> = { force: 'boolean', timeoutSec: 'number', signal: 'signal' };

/** Each of these throws TypeError as checkShape() does. */
export const checkedStop = (options?: PodStopOptions) => checkedCall('stop', options, STOP);
export const checkedRestart = (options?: PodStopOptions) => checkedCall('restart', options, STOP);
export const checkedRemove = (options?: PodRemoveOptions) => checkedCall('remove', options, REMOVE);
