/**
 * Names on networks over DNS, where aardvark-dns is installed: one for each store, which runs while a container is on a network with names. What it reads
 * follows from the database and from the files of containers that are connected, so that it can be made anew at any time: whoever is killed in between
 * leaves nothing that the next command does not put right. A monitor takes out the lines of its container by itself, and ends the program with the last.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { isTspodError, TspodError } from '../errors.js';
import { findNameServer, isListening, nameServerPid, NAME_SERVER_PORT, startNameServer } from '../host/name-server.js';
import { systemdRuns } from '../host/systemd.js';
import { execute } from '../native/execute.js';
import { lock, tryLock, type FileLock } from '../native/file-lock.js';
import { isNativeError } from '../native/native-error.js';
import {
  namesAddresses,
  namesFileName,
  namesFileText,
  networkOfNamesFile,
  serversInNamesFile,
  type NamedMember,
} from '../network/name-server-file.js';
import type { Network } from '../network/network-file.js';
import { findNetwork, listNetworks } from '../network/networks.js';
import { encodePlan } from '../plan/encode.js';
import { tellNamesPlan } from '../plan/network/detach.js';
import { namesPlan } from '../plan/network/live.js';
import { NETWORK_FILES } from '../plan/network/names.js';
import type { AttachedNetwork } from '../spec/container-network.js';
import { parseIp } from '../util/ip-address.js';
import type { EngineContext } from './context.js';
import { failpoint } from './failpoint.js';
import { connectedIds } from './networking.js';

/** It needs some milliseconds; what it misses it says to nobody. */
const PATIENCE_MS = 3000;
const LOOK_MS = 1;
/** So long it may listen for a network that it has just been told to leave. */
const RELEASE_MS = 1000;

const directoryOf = ({ paths }: EngineContext): string => `${paths.networks}/${NETWORK_FILES.names}`;
const lockOf = ({ paths }: EngineContext): string => `${paths.networks}/${NETWORK_FILES.namesLock}`;

/**
 * Sees to it that names of these networks are told, before a container runs on them that is in their lists and whose file is written. Throws PORT_IN_USE,
 * LAUNCH_FAILED; what was told before is told then.
 */
export async function serveNames(
  context: EngineContext,
  id: string,
  networks: readonly AttachedNetwork[],
): Promise<void> {
  const attached = networks.filter(({ nameServers = [] }) => nameServers.length > 0);
  if (attached.length === 0) return;
  const directory = directoryOf(context);
  using held = await lock(lockOf(context));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const wanted = attached.map((each) => ({ attached: each, network: findNetwork(context.networks, each.name) }));
  const runs = nameServerPid(directory) !== undefined;
  const isFresh = ({ network }: (typeof wanted)[number]): boolean =>
    !runs || !existsSync(`${directory}/${namesFileName(network)}`);
  const fresh = wanted.filter(isFresh);
  try {
    if (fresh.length > 0) await makePlaces(context, { id, places: fresh, patienceMs: runs ? RELEASE_MS : 0 });
    await update(context, [...known(context), ...wanted.map(({ network }) => network)]);
    await untilListening(fresh.map(({ network }) => network));
  } catch (error) {
    markUntold(context, true);
    for (const { network } of fresh) removeIfThere(`${directory}/${namesFileName(network)}`);
    await update(context, known(context)).catch(() => undefined);
    removeIfUnneeded(context, held);
    throw error;
  }
  failpoint('names-served');
}

/** Brings what is told in line with who is there. Costs one look where nothing is told. `waits`: for others who are at it. */
export async function keepNames(context: EngineContext, { waits }: { readonly waits: boolean }): Promise<void> {
  if (!existsSync(directoryOf(context))) return;
  using held = waits ? await lock(lockOf(context)) : tryLock(lockOf(context));
  if (held === undefined || !context.store.isOpen) return;
  await update(context, known(context));
  removeIfUnneeded(context, held);
}

/** Who has opened the lock's file meanwhile notices that it is gone. */
function removeIfUnneeded(context: EngineContext, { path }: FileLock): void {
  if (!existsSync(directoryOf(context))) removeIfThere(path);
}

interface Place {
  readonly attached: AttachedNetwork;
  readonly network: Network;
}

interface Places {
  readonly id: string;
  readonly places: readonly Place[];
  readonly patienceMs: number;
}

/** Bridges with the addresses that the program listens on: it is there before the container is, which then finds them made. */
async function makePlaces({ paths }: EngineContext, { id, places, patienceMs }: Places): Promise<void> {
  const networks = places.map(({ attached }) => attached);
  const plan = encodePlan(namesPlan({ id, directory: paths.networks, network: { networks, ports: [] } }));
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      await execute(plan);
      return;
    } catch (error) {
      if (!isNativeError(error, 'EADDRINUSE')) throw error;
      if (Date.now() > deadline) throw portInUse(networks, error);
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
    `names of network ${names} cannot be told: another program listens on port ${String(port)} of ${where}, or of all addresses (networks made with --disable-dns need no name server): address already in use`,
    { cause, details: { port } },
  );
}

/** Networks that have a file; one that was removed, or whose configuration cannot be read, loses it. */
function known(context: EngineContext): readonly Network[] {
  const directory = directoryOf(context);
  const files = filesIn(directory);
  if (files.length === 0) return [];
  const networks = listNetworks(context.networks);
  return files.flatMap((file) => {
    const network = networks.find((each) => namesFileName(each) === file);
    if (network !== undefined) return network;
    markUntold(context, true);
    removeIfThere(`${directory}/${file}`);
    return [];
  });
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => networkOfNamesFile(name) !== undefined);
  } catch {
    return []; // nothing is told
  }
}

/** Writes what has changed, and has it read. Under the lock. A directory without files goes. */
async function update(context: EngineContext, networks: readonly Network[]): Promise<void> {
  const directory = directoryOf(context);
  const connected = new Set(connectedIds(context));
  for (const network of networks) write(context, network, connected);
  const isNeeded = filesIn(directory).length > 0;
  if (isNeeded && nameServerPid(directory) === undefined) await startProgram(directory);
  else if (!isNeeded || isUntold(context)) await execute(encodePlan(tellNamesPlan(context.paths.networks)));
  markUntold(context, false);
}

/** Files have changed which the program has not read since, as the length of the lock's file tells: who has changed them may have been killed. */
function isUntold(context: EngineContext): boolean {
  return statSync(lockOf(context)).size > 0;
}

function markUntold(context: EngineContext, untold: boolean): void {
  truncateSync(lockOf(context), untold ? 1 : 0);
}

function write(context: EngineContext, network: Network, connected: ReadonlySet<string>): void {
  const path = `${directoryOf(context)}/${namesFileName(network)}`;
  const old = readText(path);
  const text = namesFileText(network, membersOf(context, network, { connected, old }));
  if (text === old) return;
  markUntold(context, true);
  if (text === undefined) {
    removeIfThere(path);
    return;
  }
  // Beside the directory, all of which the program reads.
  const spare = `${directoryOf(context)}.new`;
  writeFileSync(spare, text, { mode: 0o600 });
  renameSync(spare, path);
}

/** Those whose monitor has not ended yet. Servers of a container that has a line stay as they are: its configuration need not be read. */
function membersOf(
  { store }: EngineContext,
  { id: network, internal }: Network,
  { connected, old }: { readonly connected: ReadonlySet<string>; readonly old: string | undefined },
): readonly NamedMember[] {
  const known = internal ? new Map<string, readonly string[]>() : serversInNamesFile(old ?? '');
  return store.members.on(network).flatMap(({ id, entries }) => {
    if (!connected.has(id)) return [];
    const dns = known.has(id) || internal ? undefined : store.config(id)?.dns;
    const own = dns === undefined || dns === 'none' ? [] : dns.servers;
    return [{ id, entries, servers: known.get(id) ?? own }];
  });
}

/** Where systemd manages processes it is a unit of its own, so that it does not end with whoever started it. */
async function startProgram(directory: string): Promise<void> {
  const program = findNameServer();
  if (program === undefined) return;
  try {
    await startNameServer(program, directory);
  } catch (error) {
    throw new TspodError('LAUNCH_FAILED', `names on networks cannot be told: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const pid = nameServerPid(directory);
  if (pid === undefined || !systemdRuns()) return;
  const { startScope } = await import('../systemd/scope.js');
  await startScope({
    name: `tspod-dns-${String(pid)}.scope`,
    description: 'names of tspod containers',
    slice: 'machine.slice',
    pid,
  }).catch((error: unknown) => {
    // It tells names all the same.
    if (!isTspodError(error)) throw error;
  });
}

/** It says to nobody when it listens, or that it cannot. */
async function untilListening(networks: readonly Network[]): Promise<void> {
  const addresses = networks.flatMap((network) => namesAddresses(network));
  const bytes = addresses.flatMap((address) => parseIp(address) ?? []);
  const deadline = Date.now() + PATIENCE_MS;
  while (!isListening(bytes)) {
    if (Date.now() > deadline) {
      throw new TspodError(
        'LAUNCH_FAILED',
        `names on networks cannot be told: ${findNameServer() ?? ''} does not listen on port ${String(NAME_SERVER_PORT)} of ${addresses.join(', ')}`,
      );
    }
    await delay(LOOK_MS);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
