/** The network namespace of a container that has a process. */
import { readdirSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import { linkOf } from '../../host/process-files.js';
import { openNamespace, type NamespaceHandle } from '../../native/namespace-handle.js';
import { isNativeError } from '../../native/native-error.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { isAlive, isEnding } from '../observe.js';
import { justEnded } from '../transitions.js';

/**
 * Opens the network namespace that a container was started in by a handle, so that it stays the container's whatever
 * becomes of the process and its pid. The container's first process may have left it by unshare(2), for a namespace
 * where it has all capabilities and no egress list holds: then the monitor's descriptor is opened. Throws
 * CONTAINER_STOPPED; STATE_INVALID if the process has left and the monitor's descriptors cannot be read.
 */
export function holdNetworkNamespace(id: string, live: LiveRecord): NamespaceHandle {
  const ofProcess = openHeld(id, live, `/proc/${String(live.init.pid)}/ns/net`);
  if (isOwn(ofProcess, live)) return ofProcess;
  ofProcess.close();
  const path = findDescriptor(live);
  const ofMonitor = path === undefined ? undefined : openHeld(id, live, path);
  if (ofMonitor !== undefined && isOwn(ofMonitor, live)) return ofMonitor;
  ofMonitor?.close();
  throw new TspodError('STATE_INVALID', `container ${id} has left its network namespace`, { details: { id } });
}

/** Returns true for any namespace if the container is on no networks of its own: then nothing is recorded. */
function isOwn({ inode }: NamespaceHandle, { networkNamespace }: LiveRecord): boolean {
  return networkNamespace === undefined || inode === networkNamespace;
}

function openHeld(id: string, live: LiveRecord, path: string): NamespaceHandle {
  const handle = openUnlessEnded(live, path);
  if (handle !== undefined && isHeld(live)) return handle;
  handle?.close();
  throw justEnded(id);
}

function openUnlessEnded(live: LiveRecord, path: string): NamespaceHandle | undefined {
  try {
    return openNamespace('net', path);
  } catch (error) {
    if (isNativeError(error, 'ENOENT') || !isHeld(live)) return undefined;
    throw error;
  }
}

/** Whether the monitor still holds the namespace: until then no other namespace gets its inode number. */
function isHeld({ init, monitor }: LiveRecord): boolean {
  return isAlive(init) && !isEnding(monitor);
}

/** Returns the path of the monitor's descriptor of the namespace. */
function findDescriptor({ monitor, networkNamespace }: LiveRecord): string | undefined {
  const directory = `/proc/${String(monitor.pid)}/fd`;
  const wanted = `net:[${String(networkNamespace)}]`;
  const paths = namesIn(directory).map((name) => `${directory}/${name}`);
  return paths.find((path) => linkOf(path) === wanted);
}

/** Returns none without CAP_SYS_PTRACE, which it takes to look into a monitor. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
