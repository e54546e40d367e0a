/**
 * Serves names on networks over DNS, where aardvark-dns is installed: one program for each store, which runs while a
 * container is on a network with names. What it reads follows from the database and from the files of connected
 * containers, so that it can be made anew at any time: whoever is killed in between leaves nothing that the next
 * command does not put right. A monitor takes out the lines of its container by itself, and ends the program with the
 * last.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { isTspodError, TspodError } from '../../errors.js';
import { findNameServer, isListening, nameServerPid, startNameServer } from '../../host/name-server.js';
import { systemdRuns } from '../../host/systemd.js';
import { execute } from '../../native/execute.js';
import { lock, removeLockFile, tryLock, type FileLock } from '../../native/file-lock.js';
import { unlinkIfThere } from '../../native/if-there.js';
import { isNativeError } from '../../native/native-error.js';
import { monotonicMs } from '../../native/primitives.js';
import { namesAddresses } from '../../network/name-server-file.js';
import type { Network } from '../../network/network-file.js';
import { findNetwork } from '../../network/networks.js';
import { encodePlan } from '../../plan/encode.js';
import { reloadNamesPlan } from '../../plan/network/detach.js';
import { namesPlan } from '../../plan/network/live.js';
import type { AttachedNetwork } from '../../spec/network/container-network.js';
import { parseIp } from '../../util/ip-address.js';
import { NAME_SERVER_PORT } from '../../util/ip-numbers.js';
import type { EngineContext } from '../context.js';
import { failpoint } from '../failpoint.js';
import {
  areStale,
  hasUnreadFiles,
  markRead,
  markUnread,
  namesDirectory,
  namesFile,
  namesFiles,
  namesLock,
  writeNames,
} from './name-files.js';

/** How long the program may take to listen, in ms. It needs a few, and does not report what goes wrong. */
const PATIENCE_MS = 3000;
const LOOK_MS = 1;
/** How long the program may still listen for a network that it has just been told to leave, in ms. */
const RELEASE_MS = 1000;
const SCOPE_MS = 5000;

interface Served {
  readonly attached: AttachedNetwork;
  readonly network: Network;
}

/**
 * Serves the names of these networks, before a container runs on them that is in their lists and whose file is written.
 * Throws PORT_IN_USE, LAUNCH_FAILED; what was served before is served then.
 */
export async function serveNames(
  context: EngineContext,
  id: string,
  networks: readonly AttachedNetwork[],
): Promise<void> {
  const attached = networks.filter(({ nameServers = [] }) => nameServers.length > 0);
  if (attached.length === 0) return;
  const found = attached.map((each) => ({ attached: each, network: findNetwork(context.networks, each.name) }));
  const wanted = [...new Map(found.map((each) => [each.network.id, each])).values()];
  using held = await lock(namesLock(context));
  const missing = wanted.map(({ network }) => namesFile(context, network)).filter((path) => !existsSync(path));
  try {
    mkdirSync(namesDirectory(context), { recursive: true, mode: 0o700 });
    await makeServed(context, id, wanted);
  } catch (error) {
    markUnread(context);
    for (const path of missing) unlinkIfThere(path);
    await notifyProgram(context).catch(() => undefined);
    removeIfUnneeded(context, held);
    throw error;
  }
  failpoint('names-served');
}

async function makeServed(context: EngineContext, id: string, wanted: readonly Served[]): Promise<void> {
  const runs = nameServerPid(namesDirectory(context)) !== undefined;
  const isFresh = ({ network }: Served): boolean => !runs || !existsSync(namesFile(context, network));
  const fresh = wanted.filter(isFresh);
  // The program was told of these when there was no bridge yet, or it is just reading its files again.
  const deaf = wanted.filter((each) => !isFresh(each) && !isListening(addressBytes(each.network)));
  if (fresh.length + deaf.length > 0) {
    const unheld = deaf.map(({ attached }) => ({ ...attached, nameServers: [] }));
    const networks = [...fresh.map(({ attached }) => attached), ...unheld];
    await makePlaces(context, { id, networks, patienceMs: runs ? RELEASE_MS : 0 });
    markUnread(context);
  }
  writeNames(context, id);
  await notifyProgram(context);
  await untilListening([...fresh, ...deaf].map(({ network }) => network));
}

/** Brings the served names in line with who is there. Costs one look if no name is served. */
export async function keepNames(context: EngineContext): Promise<void> {
  if (!isAnythingServed(context)) return;
  using held = await lock(namesLock(context));
  await bringInLine(context, held);
}

/** Does as keepNames() if somebody was killed before that, or the program was. What others are at is left to them. */
export async function repairNames(context: EngineContext): Promise<void> {
  if (!isAnythingServed(context)) return;
  if (!areStale(context) && !hasUnreadFiles(context) && nameServerPid(namesDirectory(context)) !== undefined) return;
  using held = tryLock(namesLock(context));
  if (held !== undefined) await bringInLine(context, held);
}

function isAnythingServed(context: EngineContext): boolean {
  return existsSync(namesDirectory(context)) || areStale(context);
}

async function bringInLine(context: EngineContext, held: FileLock): Promise<void> {
  if (!context.store.isOpen) return;
  writeNames(context);
  await notifyProgram(context);
  removeIfUnneeded(context, held);
}

/** Removes the lock file if no name is served any more. Whoever has opened it meanwhile notices that it is gone. */
function removeIfUnneeded(context: EngineContext, held: FileLock): void {
  if (!existsSync(namesDirectory(context))) removeLockFile(held);
}

/** Has the program read what was written. It ends with the last file, and so does the directory. */
async function notifyProgram(context: EngineContext): Promise<void> {
  const directory = namesDirectory(context);
  const isNeeded = namesFiles(context).length > 0;
  if (isNeeded && nameServerPid(directory) === undefined) await startProgram(directory);
  else if (!isNeeded || hasUnreadFiles(context)) await execute(encodePlan(reloadNamesPlan(context.paths.networks)));
  markRead(context);
}

interface Places {
  readonly id: string;
  readonly networks: readonly AttachedNetwork[];
  readonly patienceMs: number;
}

/**
 * Makes the bridges with the addresses that the program listens on. It listens before the container exists, whose
 * launch then finds the bridges made.
 */
async function makePlaces({ paths }: EngineContext, { id, networks, patienceMs }: Places): Promise<void> {
  const plan = encodePlan(namesPlan({ id, directory: paths.networks, network: { networks, ports: [] } }));
  const deadline = monotonicMs() + patienceMs;
  for (;;) {
    try {
      await execute(plan);
      return;
    } catch (error) {
      if (!isNativeError(error, 'EADDRINUSE')) throw error;
      if (monotonicMs() > deadline) throw portInUse(networks, error);
    }
    await delay(LOOK_MS);
  }
}

function portInUse(networks: readonly AttachedNetwork[], cause: unknown): TspodError {
  const names = networks.map(({ name }) => name).join(', ');
  const where = networks.flatMap(({ nameServers = [] }) => nameServers).join(', ');
  const port = NAME_SERVER_PORT;
  return new TspodError(
    'PORT_IN_USE',
    `cannot resolve names on network ${names}: another program listens on port ${String(port)} of ${where}, or of all addresses (networks created with --disable-dns need no name server): address already in use`,
    { cause, details: { port } },
  );
}

/**
 * Starts the program. Where systemd manages processes, the program gets a scope of its own, so that it does not end
 * with whoever started it.
 */
async function startProgram(directory: string): Promise<void> {
  const program = findNameServer();
  if (program === undefined) return;
  try {
    await startNameServer(program, directory);
  } catch (error) {
    throw new TspodError('LAUNCH_FAILED', `cannot resolve names on networks: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const pid = nameServerPid(directory);
  if (pid === undefined || !systemdRuns()) return;
  const { startScope } = await import('../../systemd/scope.js');
  await startScope({
    name: `tspod-dns-${String(pid)}.scope`,
    description: 'names of tspod containers',
    slice: 'machine.slice',
    pid,
    signal: AbortSignal.timeout(SCOPE_MS),
  }).catch((error: unknown) => {
    // The program serves names all the same.
    if (!isTspodError(error)) throw error;
  });
}

/** Waits until the program listens: it does not report that it does, or that it cannot. */
async function untilListening(networks: readonly Network[]): Promise<void> {
  const addresses = networks.flatMap((network) => namesAddresses(network));
  const bytes = networks.flatMap(addressBytes);
  const deadline = monotonicMs() + PATIENCE_MS;
  while (!isListening(bytes)) {
    if (monotonicMs() > deadline) {
      throw new TspodError(
        'LAUNCH_FAILED',
        `cannot resolve names on networks: ${findNameServer() ?? ''} does not listen on port ${String(NAME_SERVER_PORT)} of ${addresses.join(', ')}`,
      );
    }
    await delay(LOOK_MS);
  }
}

function addressBytes(network: Network): readonly Uint8Array[] {
  return namesAddresses(network).flatMap((address) => parseIp(address) ?? []);
}
