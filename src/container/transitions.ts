/** The table of which operation is allowed in which state, used by all verbs. */
import { TspodError } from '../errors.js';
import { CONTAINER_STATUSES, type ContainerStatus } from './api/container.js';

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
  | 'top'
  | 'export'
  | 'copyOut'
  | 'copyIn'
  | 'stat'
  | 'diff'
  | 'commit'
  | 'mount'
  | 'unmount';

const EVERY = CONTAINER_STATUSES;

/** States in which the container's files exist. */
const NOT_REMOVED = EVERY.filter((status) => status !== 'removing');

/**
 * States in which another mount of the root may be written to. At a restart the monitor may mount the root again at any
 * moment.
 */
const NOT_RESTARTING = NOT_REMOVED.filter((status) => status !== 'restarting');

/**
 * `remove` is meant without force. `stop` of a container that has stopped and `start` of one that runs have errors of
 * their own, below.
 */
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
  update: NOT_REMOVED,
  cleanup: ['created', 'initialized', 'stopping', 'stopped', 'exited'],
  stats: ['running', 'paused', 'stopping'],
  top: ['running', 'paused', 'stopping'],
  export: NOT_REMOVED,
  copyOut: NOT_REMOVED,
  copyIn: NOT_RESTARTING,
  stat: NOT_REMOVED,
  diff: NOT_REMOVED,
  commit: NOT_REMOVED,
  mount: NOT_RESTARTING,
  unmount: NOT_RESTARTING,
};

/** Message of a refusal. `{id}` is the id, `{status}` the state. */
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
  export: 'cannot export container {id} in state {status}',
  copyOut: 'cannot copy from container {id} in state {status}',
  copyIn: 'cannot copy to container {id} in state {status}',
  commit: 'cannot commit container {id} in state {status}',
  diff: 'cannot compare files of container {id} in state {status}',
  mount: 'cannot mount container {id} in state {status}',
  unmount: 'cannot unmount storage for container {id} in state {status}',
  stat: 'cannot look at files of container {id} in state {status}',
};

export function isAllowed(operation: Operation, status: ContainerStatus): boolean {
  return ALLOWED[operation].includes(status);
}

/** Throws STATE_INVALID (or the special errors of stop and start) unless the operation is allowed now. */
export function requireAllowed(operation: Operation, id: string, status: ContainerStatus): void {
  if (isAllowed(operation, status)) return;
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

/** Error for a container that ran a moment before and has ended meanwhile. */
export function justEnded(id: string): TspodError {
  return new TspodError('CONTAINER_STOPPED', `container ${id} has just ended: container is stopped`, {
    details: { id },
  });
}
