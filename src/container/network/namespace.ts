/** The network namespace of a container that has a process. */
import { openNamespace, type NamespaceHandle } from '../../native/namespace-handle.js';
import { isNativeError } from '../../native/native-error.js';
import type { ProcessRef } from '../../plan/context.js';
import { isAlive } from '../observe.js';
import { justEnded } from '../transitions.js';

/**
 * Opens the network namespace of a container by a handle, so that it stays the container's whatever becomes of the
 * process and its pid. Throws CONTAINER_STOPPED.
 */
export function holdNetworkNamespace(id: string, init: ProcessRef): NamespaceHandle {
  const handle = opened(id, init.pid);
  if (isAlive(init)) return handle;
  handle.close();
  throw justEnded(id);
}

function opened(id: string, pid: number): NamespaceHandle {
  try {
    return openNamespace('net', { pid });
  } catch (error) {
    throw isNativeError(error, 'ENOENT') ? justEnded(id) : error;
  }
}
