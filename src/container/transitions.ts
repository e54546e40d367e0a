/** Which operation is allowed in which state: the one table that all verbs ask. */
import { TspodError } from '../errors.js';
import { CONTAINER_STATUSES, type ContainerStatus } from './api.js';

export type Operation =
  | 'init'
  | 'start'
  | 'stop'
  | 'kill'
  | 'pause'
  | 'unpause'
  | 'restart'
  | 'exec'
  | 'attach'
  | 'resize'
  | 'rename'
  | 'remove'
  | 'update'
  | 'cleanup'
  | 'stats'
  | 'top';

const EVERY = CONTAINER_STATUSES;

/** `remove` is without force. `stop` of what has stopped and `start` of what runs have errors of their own, below. */
export const ALLOWED: Readonly<Record<Operation, readonly ContainerStatus[]>> = {
  init: ['created', 'stopped', 'exited'],
  start: ['created', 'initialized', 'stopped', 'exited'],
  stop: ['initialized', 'running', 'stopping', 'restarting'],
  kill: ['running', 'stopping', 'paused'],
  pause: ['running'],
  unpause: ['paused'],
  restart: ['created', 'initialized', 'running', 'stopped', 'exited', 'restarting'],
  exec: ['running'],
  attach: ['running'],
  resize: ['initialized', 'running'],
  rename: EVERY,
  remove: ['created', 'initialized', 'stopped', 'exited', 'removing'],
  update: EVERY.filter((status) => status !== 'removing'),
  cleanup: ['created', 'initialized', 'stopping', 'stopped', 'exited'],
  stats: ['running', 'paused', 'stopping'],
  top: ['running', 'paused', 'stopping'],
};

/** What a refusal says. `{id}` is the id, `{status}` the state. */
const REFUSALS: Readonly<Record<Operation, string>> = {
  init: 'container {id} has already been created in runtime or cannot be initialized in state {status}',
  start: 'container {id} must be in created or stopped state to be started, and is {status}',
  stop: 'can only stop created or running containers. {id} is in state {status}',
  kill: 'can only kill running containers. {id} is in state {status}',
  pause: 'can only pause running containers. {id} is in state {status}',
  unpause: 'can only unpause paused containers. {id} is in state {status}',
  restart: 'unable to restart a container in a paused or unknown state: {id} is {status}',
  exec: 'can only create exec sessions on running containers. {id} is in state {status}',
  attach: 'can only attach to running containers. {id} is in state {status}',
  resize: 'cannot resize container {id} in state {status}',
  rename: 'cannot rename container {id} in state {status}',
  remove:
    'cannot remove container {id} as it is {status} - running or paused containers cannot be removed without force',
  update: 'cannot update container {id} in state {status}',
  cleanup: 'container {id} is {status}, refusing to clean up',
  stats: 'cannot measure container {id} in state {status}',
  top: 'top can only be used on running containers. {id} is in state {status}',
};

/** Throws STATE_INVALID (or the special errors of stop and start) unless the operation is allowed now. */
export function requireAllowed(operation: Operation, id: string, status: ContainerStatus): void {
  if (ALLOWED[operation].includes(status)) return;
  throw specialRefusal(operation, id, status) ?? refusal(operation, id, status);
}

function refusal(operation: Operation, id: string, status: ContainerStatus): TspodError {
  const words = REFUSALS[operation].replace('{id}', id).replace('{status}', status);
  return new TspodError('STATE_INVALID', `${words}: container state improper`, { details: { id, status, operation } });
}

function specialRefusal(operation: Operation, id: string, status: ContainerStatus): TspodError | undefined {
  const details = { id, status, operation };
  if (operation === 'stop' && (status === 'stopped' || status === 'exited')) {
    return new TspodError('CONTAINER_STOPPED', `container ${id} is not running: container is stopped`, { details });
  }
  if (operation === 'start' && (status === 'running' || status === 'restarting')) {
    return new TspodError('STATE_RUNNING', `container ${id} is already running: container is running`, { details });
  }
  return undefined;
}
