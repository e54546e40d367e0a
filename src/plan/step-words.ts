/** The words that describe each step. Of contents (filters, programs, files) only the size is given. */
import { MOUNT_ATTR, MS } from '../oci/mount-options.js';
import { RLIMIT_NUMBERS } from '../spec/limits/rlimits.js';
import { IO_PRIORITY_CLASSES, SCHEDULER_POLICIES } from '../spec/limits/scheduling.js';
import { capabilityNames } from '../util/capabilities.js';
import { codeName } from '../util/code-name.js';
import { S_IFBLK, S_IFIFO, S_IFMT } from '../util/file-bits.js';
import { CLONE_FLAGS } from './clone-flags.js';
import { CODES } from './codes.js';
import { PROTOCOLS } from './network/ports.js';
import { NONE, STAGES } from './ops.js';
import type { OpName, Step } from './ops.js';

/** Names that the plan of a step gives to its slots and its mount. */
export interface StepNames {
  /** Returns what a slot holds, in words. */
  readonly slot: (slot: number) => string;
  /** Path to which the mount that the step makes is attached later. */
  readonly target: string | undefined;
}

type Describers = { readonly [N in OpName]: (step: Step<N>, names: StepNames) => string };

export const DESCRIBERS: Describers = {
  openPath: ({ path }) => `open ${path}`,
  inheritFd: ({ fd }) => `take descriptor ${fd}`,
  openProcess: ({ pid, startTime }) => `open process ${pid} started at ${startTime}`,
  openDonor: ({ id }) => `open the first process of container ${id}`,

  joinNamespaces: ({ slot, flags }, names) => `join ${namespaceNames(flags)} namespace of ${names.slot(slot)}`,
  unshare: ({ flags }) => `new ${namespaceNames(flags)} namespace`,
  timeOffset: ({ clock, seconds, nanoseconds }) =>
    `set ${clock} clock ${seconds} s${nanoseconds === 0 ? '' : ` ${nanoseconds} ns`} ahead`,
  clone: ({ flags, cgroupSlot }, names) =>
    `clone with ${flags === 0n ? 'no' : `new ${namespaceNames(Number(flags))}`} namespaces${cgroupSlot === NONE ? '' : ` into ${names.slot(cgroupSlot)}`}`,
  idMaps: ({ uidMap, gidMap }) => `map uids ${onOneLine(uidMap)}, gids ${onOneLine(gidMap)}`,
  openChildNamespace: ({ kind }) => `open the child's ${kind} namespace`,
  awaitStage: ({ awaited, gate }) =>
    gate === 1 ? 'wait for the start command' : `wait for ${STAGES[awaited] ?? 'an unknown stage'}`,
  pinNamespace: ({ kind, path }) => `keep the ${kind} namespace at ${path}`,
  becomeNamespaceRoot: () => 'become root of the user namespace',
  cloneBeside: ({ slot, group }, names) => `make the child where ${names.slot(slot)} is, if ${group} is divided`,
  cloneInUserNamespace: ({ slot }, names) => `make the child in the user namespace of ${names.slot(slot)}`,

  cgroupCreate: ({ path }) => `make cgroup ${path}`,
  writeFileAt: ({ slot, name, value }, names) => `write ${quoteValue(value)} to ${names.slot(slot)}/${name}`,
  cgroupEnter: ({ slot }, names) => `enter cgroup ${names.slot(slot)}`,
  cgroupDevices: ({ slot, program }, names) =>
    `guard devices of ${names.slot(slot)} with a program of ${program.length / 8} instructions`,
  cgroupRemove: ({ path }) => `remove cgroup ${path}`,
  cgroupOwner: ({ slot, uid, gid }, names) => `give cgroup ${names.slot(slot)} to ${uid}:${gid}`,
  cpusetInherit: ({ path }) => `inherit the cpuset of ${path}`,

  rootPropagation: ({ flags }) => `make mounts ${propagationName(flags)}`,
  mountFs: (step, { target }) =>
    words(
      'mount',
      step.type,
      target === undefined ? '' : `on ${target}`,
      attributeNames(step.attributes, 0n),
      step.options.join(','),
    ),
  mountLayers: ({ lowerDirs, options }, { target }) =>
    words(
      'mount overlay',
      target === undefined ? '' : `on ${target}`,
      `of ${lowerDirs.length} lower layers`,
      options.join(','),
    ),
  openTree: ({ path, recursive }, { target }) =>
    `${recursive === 1 ? 'rbind' : 'bind'} ${path}${target === undefined ? '' : ` on ${target}`}`,
  mountAttributes: (step, names) => `make mount ${names.slot(step.slot)} ${mountChange(step)}`,
  attachMount: ({ path }) => `attach mount on ${path}`,
  attachInRoot: ({ target }) => `attach mount on ${target}`,
  pivotRoot: () => 'make the root "/"',
  maskPath: ({ path }) => `hide ${path}`,
  readonlyPath: ({ path }) => `make ${path} read-only`,
  unmount: ({ path }) => `unmount ${path}`,
  readonlyRoot: () => 'make the root read-only',
  copyUp: ({ path }) => `copy what is in ${path}`,
  setRootPropagation: ({ flags }) => `make mounts ${propagationName(flags)}`,
  openTreeInRoot: ({ path, recursive, rootSlot }, { slot, target }) =>
    `${recursive === 1 ? 'rbind' : 'bind'} ${path} in ${slot(rootSlot)}${target === undefined ? '' : ` on ${target}`}`,

  makeDirectory: ({ path, mode }) => `make directory ${path} ${octal(mode)}`,
  makeNode: ({ path, mode, major, minor }) =>
    `make ${nodeType(mode)} ${path} ${major}:${minor} ${octal(mode & 0o7777)}`,
  makeSymlink: ({ path, target }) => `link ${path} to ${target}`,
  extendFile: ({ path, last }) =>
    `copy ${path}, and add if missing ${last.map((line) => JSON.stringify(line)).join(', ')}`,
  makeFile: ({ path, mode, content }) => `write file ${path} ${octal(mode)}, ${content.length} bytes`,
  setXattr: ({ path, name }) => `set ${name} of ${path}`,
  removeFile: ({ path }) => `remove ${path}`,
  removeRecord: ({ path }) => `remove ${path} if all is undone`,
  removeTree: ({ path }) => `remove all of ${path}`,

  hostname: ({ name }) => `set hostname ${name}`,
  domainname: ({ name }) => `set domain name ${name}`,
  sysctl: ({ key, value }) => `set sysctl ${key} to ${quoteValue(value)}`,
  linkUp: ({ name }) => `set link ${name} up`,
  raiseLimit: ({ resource, hard }) => `allow ${limitName(resource)} up to ${limitValue(hard)}`,
  rlimit: ({ resource, soft, hard }) => `limit ${limitName(resource)} to ${limitValue(soft)}:${limitValue(hard)}`,
  oomScoreAdj: ({ value }) => `set oom_score_adj ${value}`,
  umask: ({ mask }) => `set umask ${octal(mask)}`,
  personality: ({ persona }) => `set personality 0x${persona.toString(16)}`,
  scheduler: ({ policy, nice, priority }) =>
    `schedule as ${nameOf(SCHEDULER_POLICIES, policy)} nice ${nice} priority ${priority}`,
  ioPriority: (step) => `set I/O priority ${nameOf(IO_PRIORITY_CLASSES, step.class)} ${step.level}`,
  cpuAffinity: ({ cpus }) => `run on CPUs ${cpus}`,
  sessionKeyring: ({ name }) => `new session keyring ${name}`,
  terminal: ({ rows, columns, console }) =>
    `open a terminal of ${columns}x${rows}${console === 1 ? ', also as /dev/console' : ''}`,
  newSession: () => 'begin a session',
  streamOwner: ({ uid, gid }) => `give the standard streams to ${uid}:${gid} of the host`,
  exposeFd: ({ slot, fd }, names) => `hand on ${names.slot(slot)} as ${fd}`,

  lookUpUser: ({ user, groups }) =>
    words('look up user', user === '' ? 'root' : user, groups.length === 0 ? '' : `with groups ${groups.join(',')}`),
  useIds: ({ uid, gid, groups }) =>
    words(`use uid ${uid}, gid ${gid}`, groups.length === 0 ? '' : `, groups ${groups.join(',')}`),
  setIds: () => 'become the user',
  boundingCapabilities: ({ mask }) => `bound capabilities to ${capabilityWords(mask)}`,
  capabilities: (step) =>
    `${inWords(CODES.applies, step.applies, APPLIES_WORDS) ?? ''}hold capabilities ${capabilityWords(step.permitted)}${step.ambient === 0n ? '' : ', also ambient'}`,
  noNewPrivileges: () => 'gain no new privileges',
  seccomp: ({ filter }) => `install a seccomp filter of ${filter.length / 8} instructions`,
  apparmor: ({ profile }) => `confine by AppArmor profile ${profile}`,
  selinux: ({ label }) => `confine by SELinux label ${label}`,

  runProgram: ({ args }) => `run ${args.map(quoteWord).join(' ')}`,
  adopt: ({ args, gate }) =>
    `run ${args.map(quoteWord).join(' ')}, adopt its process${gate === 1 ? ', wait for start' : ''}`,
  hook: ({ path, timeoutMs }) => `run hook ${path}${timeoutMs === 0 ? '' : ` for at most ${timeoutMs / 1000} s`}`,
  workingDirectory: ({ path, create }) => `change to ${path}${create === 1 ? ', made if missing' : ''}`,
  becomeInit: () => 'stay as a tiny init',
  pause: () => 'stay and run nothing',
  exec: ({ args }) => `exec ${args.map(quoteWord).join(' ')}`,

  networkNamespace: () => 'new network namespace that stays',
  netlinkSocket: ({ protocol, namespaceSlot }, names) =>
    `talk to ${protocol === NETLINK_NETFILTER ? 'nf_tables' : 'rtnetlink'} ${networkOf(namespaceSlot, names)}`,
  netlink: ({ words: messages, condition }) =>
    `${messages.filter((words) => words !== '').join(', ')}${inWords(CODES.netlinkCondition, condition, CONDITION_WORDS) ?? ''}`,
  networkSysctl: ({ namespaceSlot, key, value }, names) =>
    `set sysctl ${key} to ${quoteValue(value)} ${networkOf(namespaceSlot, names)}`,
  holdPort: ({ protocol, address, port, targets, targetPort }) =>
    `keep port ${port}/${protocol === PROTOCOLS.udp ? 'udp' : 'tcp'} of ${address}${targets.length === 0 ? '' : `, and hand connections to ::1 on to port ${targetPort} of ${targets.join(' or ')}`}`,
  holdFile: ({ path }) => `hold ${path}`,
  lockFile: ({ path }) => `wait for the lock ${path}`,
  forgetFlows: ({ ports }) => `forget UDP flows to ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`,
  forgetNames: ({ directory, id }) =>
    id === '' ? `notify the name server of ${directory}` : `remove ${id} from the names in ${directory}`,
  closeSlot: ({ slot }, names) => `let go of ${names.slot(slot)}`,

  runDirectory: ({ path }) => `keep records in ${path}`,
  stdio: (step) =>
    step.terminal === 1
      ? 'streams: a terminal'
      : `streams: ${[step.stdin, step.stdout, step.stderr].map(streamName).join(', ')}`,
  log: ({ driver, path, maxBytes, maxFiles }) =>
    `log as ${codeName(CODES.logDriver, driver) ?? 'unknown'} to ${path}${maxBytes === 0n ? '' : `, ${maxFiles} files of ${maxBytes} bytes`}`,
  restart: ({ policy, maxRetries }) =>
    `restart ${inWords(CODES.restartPolicy, policy, POLICY_WORDS) ?? 'unknown'}${maxRetries === 0 ? '' : `, at most ${maxRetries} times`}`,
  timeLimit: ({ milliseconds }) => `end after ${milliseconds} ms`,
  oomCounter: ({ slot, file, key }, names) => `count ${key} in ${names.slot(slot)}/${file}`,
  pidFile: ({ which, path }) =>
    `write the ${which === CODES.pidFileOwner.init ? "container's" : "monitor's"} pid to ${path}`,
  role: ({ kind }) => `be the monitor of ${inWords(CODES.monitorRole, kind, ROLE_WORDS) ?? 'something unknown'}`,
  healthCheck: ({ kind, plan, intervalMs, timeoutMs }) =>
    `${kind === CODES.checkKind.startup ? 'start-up check' : 'check'} health ${intervalMs === 0n ? 'when asked' : `every ${intervalMs} ms`} for at most ${timeoutMs} ms with a plan of ${plan.length} bytes`,
  health: ({ onFailure, logEntries }) =>
    `${inWords(CODES.failureAction, onFailure, ACTION_WORDS) ?? 'do something at'} bad health, keep ${logEntries} results`,
};

const NETLINK_NETFILTER = 12;

function networkOf(slot: number, names: StepNames): string {
  return slot === NONE ? 'on the host' : `in ${names.slot(slot)}`;
}

type WordsFor<C extends keyof typeof CODES> = Readonly<Record<keyof (typeof CODES)[C], string>>;

const APPLIES_WORDS: WordsFor<'applies'> = { always: '', toRoot: 'as root ', toOthers: 'as another user ' };
const CONDITION_WORDS: WordsFor<'netlinkCondition'> = {
  none: '',
  unlessExpected: ', unless it is there',
  ifExpected: ', if it is ours',
  ifExpectedAlone: ', if nothing is on it',
};
const POLICY_WORDS: WordsFor<'restartPolicy'> = {
  no: 'never',
  'on-failure': 'on failure',
  always: 'always',
  'unless-stopped': 'unless stopped',
};
const ROLE_WORDS: WordsFor<'monitorRole'> = { container: 'a container', exec: 'an exec', check: 'a health check' };
const ACTION_WORDS: WordsFor<'failureAction'> = {
  none: 'tell of',
  kill: 'kill at',
  restart: 'restart at',
  stop: 'stop at',
};
const STREAM_WORDS: WordsFor<'streamKind'> = { null: '/dev/null', monitor: 'monitor', passthrough: 'as given' };

/** Returns the words for a code; undefined for a number that no code has. */
function inWords<N extends string>(
  codes: Readonly<Record<N, number>>,
  code: number,
  words: Readonly<Record<N, string>>,
): string | undefined {
  const name = codeName(codes, code);
  return name === undefined ? undefined : words[name];
}

function words(...parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .join(' ')
    .replaceAll(' ,', ',');
}

function namespaceNames(flags: number): string {
  return Object.entries(CLONE_FLAGS)
    .filter(([, flag]) => (flags & flag) !== 0)
    .map(([name]) => name)
    .join(',');
}

/** Returns the attributes of a mount by the names of their options. */
function attributeNames(set: bigint, clear: bigint): string {
  const names: readonly (readonly [bigint, string, string])[] = [
    [MOUNT_ATTR.RDONLY, 'ro', 'rw'],
    [MOUNT_ATTR.NOSUID, 'nosuid', 'suid'],
    [MOUNT_ATTR.NOEXEC, 'noexec', 'exec'],
    [MOUNT_ATTR.NODEV, 'nodev', 'dev'],
    [MOUNT_ATTR.NODIRATIME, 'nodiratime', 'diratime'],
    [MOUNT_ATTR.NOSYMFOLLOW, 'nosymfollow', 'symfollow'],
    [MOUNT_ATTR.IDMAP, 'idmap', ''],
  ];
  const atime = set & MOUNT_ATTR.ATIME;
  return [
    ...names.flatMap(([bit, on, off]) => [...((set & bit) !== 0n ? [on] : []), ...((clear & bit) !== 0n ? [off] : [])]),
    ...(atime === MOUNT_ATTR.NOATIME ? ['noatime'] : atime === MOUNT_ATTR.STRICTATIME ? ['strictatime'] : []),
    ...(atime === 0n && (clear & MOUNT_ATTR.ATIME) !== 0n ? ['relatime'] : []),
  ].join(',');
}

function mountChange({ set, clear, propagation, recursive }: Step<'mountAttributes'>): string {
  const changes = [attributeNames(set, clear), propagation === 0n ? '' : propagationName(propagation)].filter(
    (part) => part !== '',
  );
  return `${changes.join(',')}${recursive === 1 ? ' with all below' : ''}`;
}

function propagationName(flags: bigint): string {
  const types: readonly (readonly [bigint, string])[] = [
    [MS.PRIVATE, 'private'],
    [MS.SLAVE, 'slave'],
    [MS.SHARED, 'shared'],
    [MS.UNBINDABLE, 'unbindable'],
  ];
  const name = types.find(([bit]) => (flags & bit) !== 0n)?.[1] ?? 'as they are';
  return (flags & MS.REC) !== 0n ? `r${name}` : name;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function nodeType(mode: number): string {
  const type = mode & S_IFMT;
  if (type === S_IFBLK) return 'block device';
  return type === S_IFIFO ? 'fifo' : 'device';
}

function limitName(resource: number): string {
  return nameOf(RLIMIT_NUMBERS, resource);
}

function limitValue(value: bigint): string {
  return value === 2n ** 64n - 1n ? 'unlimited' : String(value);
}

function nameOf(numbers: Readonly<Record<string, number>>, wanted: number): string {
  return codeName(numbers, wanted) ?? String(wanted);
}

/** Returns the names of capabilities, lower case and without CAP_, which makes a set easier to read. */
function capabilityWords(mask: bigint): string {
  const names = capabilityNames(mask);
  if (names.length === 0) return 'none';
  return names.map((name) => name.slice(4).toLowerCase()).join(',');
}

function streamName(kind: number): string {
  return inWords(CODES.streamKind, kind, STREAM_WORDS) ?? 'unknown';
}

function onOneLine(map: string): string {
  return map.trim().replaceAll('\n', '; ');
}

function quoteValue(value: string): string {
  return JSON.stringify(value);
}

/** Quotes a word of a command line for a shell. */
function quoteWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${[...word]
    .map((character) => (character < ' ' || character === '\x7f' ? JSON.stringify(character).slice(1, -1) : character))
    .join('')
    .replaceAll("'", "'\\''")}'`;
}
