/** The processes of a container, read from /proc: nothing is started for it. Takes no lock. */
import { accountNames, insideId, type NameOf } from '../../host/accounts.js';
import { parseStatus, readIfReadable, uptimeMs, type ProcessStatus } from '../../host/process-files.js';
import { parseProcessStat } from '../../native/process-stat.js';
import { readFileInside } from '../../native/kernel-files.js';
import { capabilityNames } from '../../util/capabilities.js';
import { containerPaths } from '../../storage/paths.js';
import { presentCgroups } from '../cgroups/placement.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { memberPids } from '../cgroups/member-pids.js';
import { observe, stateOf } from '../observe.js';
import type { ContainerProcessInfo } from '../api/stats.js';
import { requireAllowed } from '../transitions.js';
import { storedContainer } from './look-ups.js';

/** Limit of a file of accounts, in bytes; a longer one gives no names. */
const MAX_ACCOUNTS_BYTES = 4 * 1024 * 1024;

/** Returns the container's processes, by pid. Throws STATE_INVALID unless it has a process that runs or is paused. */
export async function containerProcesses(context: EngineContext, id: string): Promise<readonly ContainerProcessInfo[]> {
  const stored = storedContainer(context, id);
  const state = stateOf(stored, observe(stored.state, containerPaths(context.directories, id)));
  requireAllowed('top', id, state.status);
  const pids = memberPids(state.pid, presentCgroups(context, id, readConfig(context, id)));
  const accounts = await readAccounts(state.pid);
  const found = pids.flatMap((pid) => readProcess(pid) ?? []);
  const depth = readStatus(state.pid)?.pids.length ?? 1;
  const insidePids = new Map(found.map(({ pid, status }) => [pid, status.pids[depth - 1] ?? 0]));
  return found
    .map((process) => describe(process, { accounts, insidePids }))
    .filter(({ pid }) => pid !== 0)
    .sort((one, other) => one.pid - other.pid);
}

interface Accounts {
  readonly user: NameOf;
  readonly group: NameOf;
  readonly hostUser: NameOf;
  readonly hostGroup: NameOf;
  readonly insideUid: (outside: number) => number;
  readonly insideGid: (outside: number) => number;
}

async function readAccounts(pid: number): Promise<Accounts> {
  return {
    user: accountNames(await readInContainer(pid, '/etc/passwd')),
    group: accountNames(await readInContainer(pid, '/etc/group')),
    hostUser: accountNames(readIfReadable('/etc/passwd') ?? ''),
    hostGroup: accountNames(readIfReadable('/etc/group') ?? ''),
    insideUid: insideId(readIfReadable(`/proc/${String(pid)}/uid_map`) ?? ''),
    insideGid: insideId(readIfReadable(`/proc/${String(pid)}/gid_map`) ?? ''),
  };
}

/**
 * Reads a file in the container's mount namespace, where no link leads out of it. What cannot be read counts as empty.
 */
async function readInContainer(pid: number, path: string): Promise<string> {
  try {
    return await readFileInside(path, { inside: { mnt: { pid } }, maxBytes: MAX_ACCOUNTS_BYTES });
  } catch {
    return '';
  }
}

type Read = NonNullable<ReturnType<typeof readProcess>>;

/** Reads a process from /proc; undefined if it has ended. */
function readProcess(pid: number) {
  const directory = `/proc/${String(pid)}`;
  const stat = readIfReadable(`${directory}/stat`);
  const status = readStatus(pid);
  if (stat === undefined || status === undefined) return undefined;
  return {
    pid,
    status,
    stat: parseProcessStat(stat),
    args: (readIfReadable(`${directory}/cmdline`) ?? '').replace(/\0$/, ''),
    label: (readIfReadable(`${directory}/attr/current`) ?? '').replaceAll('\0', '').trim(),
  };
}

function readStatus(pid: number): ProcessStatus | undefined {
  const text = readIfReadable(`/proc/${String(pid)}/status`);
  return text === undefined ? undefined : parseStatus(text);
}

interface Surroundings {
  readonly accounts: Accounts;
  readonly insidePids: ReadonlyMap<number, number>;
}

function describe(process: Read, { accounts, insidePids }: Surroundings): ContainerProcessInfo {
  const { pid, stat, status, args, label } = process;
  const elapsedMs = Math.max(0, uptimeMs() - stat.startedMs);
  return {
    pid: insidePids.get(pid) ?? 0,
    parentPid: insidePids.get(status.parentPid) ?? 0,
    processGroup: insidePids.get(stat.processGroup) ?? 0,
    ...owners(status, accounts),
    host: hostOwners(pid, status, accounts),
    name: status.name,
    args: args === '' ? [] : args.split('\0'),
    state: stat.state,
    nice: stat.nice,
    terminal: terminalName(stat.terminal),
    startedAt: new Date(Date.now() - elapsedMs),
    elapsedMs,
    cpuMs: stat.cpuMs,
    cpuPercent: elapsedMs > 0 ? (stat.cpuMs / elapsedMs) * 100 : 0,
    virtualBytes: stat.virtualBytes,
    residentBytes: status.residentBytes,
    seccomp: status.seccomp === 2 ? 'filter' : status.seccomp === 1 ? 'strict' : 'disabled',
    label: label === '' ? null : label,
    capabilities: capabilitiesOf(status),
  };
}

function owners({ uids, gids, groups }: ProcessStatus, accounts: Accounts) {
  const { user, group, insideUid, insideGid } = accounts;
  const [realUid = 0, uid = 0] = uids.map(insideUid);
  const [realGid = 0, gid = 0] = gids.map(insideGid);
  return {
    uid,
    user: user(uid),
    group: group(gid),
    realUser: user(realUid),
    realGroup: group(realGid),
    groups: groups.map((one) => group(insideGid(one))),
  };
}

function hostOwners(pid: number, { uids, gids, groups }: ProcessStatus, { hostUser, hostGroup }: Accounts) {
  const uid = uids[1] ?? 0;
  return { pid, uid, user: hostUser(uid), group: hostGroup(gids[1] ?? 0), groups: groups.map(hostGroup) };
}

function capabilitiesOf({ capabilities }: ProcessStatus): ContainerProcessInfo['capabilities'] {
  const names = (set: string): readonly string[] => capabilityNames(capabilities[set] ?? 0n);
  return {
    effective: names('CapEff'),
    permitted: names('CapPrm'),
    inheritable: names('CapInh'),
    bounding: names('CapBnd'),
    ambient: names('CapAmb'),
  };
}

/** Numbers of terminals, from devices.txt in the kernel's documentation. */
const MAJOR_TTY = 4;
const MAJOR_CONSOLE = 5;
const FIRST_MAJOR_PTS = 136;
const LAST_MAJOR_PTS = 143;
const FIRST_SERIAL = 64;

function terminalName(device: number): string | null {
  const major = (device >> 8) & 0xff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= FIRST_MAJOR_PTS && major <= LAST_MAJOR_PTS) return `pts/${(major - FIRST_MAJOR_PTS) * 256 + minor}`;
  if (major === MAJOR_TTY) return minor < FIRST_SERIAL ? `tty${minor}` : `ttyS${minor - FIRST_SERIAL}`;
  return major === MAJOR_CONSOLE ? 'console' : null;
}
