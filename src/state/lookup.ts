/** How a user names a container or a pod: its exact name, its id, or the beginning of its id. */
import { TspodError } from '../errors.js';
import { requireString } from '../util/require-string.js';

const HEX = /^[0-9a-f]{1,64}$/;

/** Returns a string that sorts (bytewise) after every id with this prefix: the end of an index range. */
export function prefixEnd(prefix: string): string {
  return `${prefix}g`;
}

/** Whether a text can be the prefix of an id; case matters. */
export function isIdPrefix(text: string): boolean {
  return HEX.test(text);
}

/** Removes the leading slash that scripts written for Docker put before a name. */
export function barename(nameOrId: string): string {
  requireString('a name or id', nameOrId);
  return nameOrId.startsWith('/') ? nameOrId.slice(1) : nameOrId;
}

export function noSuchContainer(nameOrId: string): TspodError {
  return new TspodError('NO_SUCH_CONTAINER', `no container with name or ID "${nameOrId}" found: no such container`, {
    details: { name: nameOrId },
  });
}

export function ambiguous(prefix: string): TspodError {
  return new TspodError(
    'AMBIGUOUS',
    `more than one result for container name or ID ${prefix}: container already exists`,
    {
      details: { name: prefix },
    },
  );
}

export function emptyId(): TspodError {
  return new TspodError('EMPTY_ID', 'name or ID cannot be empty');
}

export function nameInUse(name: string, ownerId: string): TspodError {
  return new TspodError(
    'NAME_IN_USE',
    `the container name "${name}" is already in use by ${ownerId}. You have to remove that container to be able to reuse that name: ` +
      'that name is already in use, or use --replace to instruct tspod to do so.',
    { details: { name, ownerId } },
  );
}

export function noSuchPod(nameOrId: string): TspodError {
  return new TspodError('NO_SUCH_POD', `no pod with name or ID ${nameOrId} found: no such pod`, {
    details: { name: nameOrId },
  });
}

export function ambiguousPod(prefix: string): TspodError {
  return new TspodError('AMBIGUOUS', `more than one result for pod name or ID ${prefix}: pod already exists`, {
    details: { name: prefix },
  });
}

export function podNameInUse(name: string, ownerId: string): TspodError {
  return new TspodError('NAME_IN_USE', `name "${name}" is in use: pod already exists`, { details: { name, ownerId } });
}
