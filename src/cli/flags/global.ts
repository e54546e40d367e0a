/** Global flags, which every command takes: before its name or after it. */
import type { Flag } from '../command-parts/flag.js';
import { LOG_LEVELS } from '../context.js';
import { missingFlag, missingSwitch } from './missing.js';

const GLOBAL = 'Global options';

function missing(names: string, why: string): Flag[] {
  return names.split(' ').map((name) => ({ ...missingFlag(name, why), group: GLOBAL }));
}

const NO_RUNTIME = 'containers are supervised by the monitor that comes with tspod';
const NO_REMOTE = 'there is no remote service';

export const globalFlags: readonly Flag[] = [
  { name: 'help', kind: 'bool', group: GLOBAL, help: 'Show help and exit' },
  {
    name: 'root',
    kind: 'text',
    value: 'directory',
    completion: 'directory',
    group: GLOBAL,
    help: 'Where containers are stored',
    default: '$TSPOD_ROOT or /var/lib/tspod',
  },
  {
    name: 'runroot',
    kind: 'text',
    value: 'directory',
    completion: 'directory',
    group: GLOBAL,
    help: 'Where state that does not outlive a reboot is stored',
    default: '$TSPOD_RUNROOT or /run/tspod',
  },
  {
    name: 'log-level',
    kind: 'text',
    value: 'level',
    completion: LOG_LEVELS,
    group: GLOBAL,
    help: 'Log messages of this level and above',
    default: 'warn',
  },
  { name: 'debug', short: 'D', kind: 'bool', group: GLOBAL, help: 'Same as --log-level debug' },
  {
    name: 'hooks-dir',
    kind: 'list',
    value: 'directory',
    completion: 'directory',
    group: GLOBAL,
    help: 'Read OCI hooks from the JSON files of a directory',
  },
  {
    name: 'runtime',
    kind: 'text',
    value: 'name',
    completion: ['tspod', 'crun', 'runc'],
    group: GLOBAL,
    help: 'OCI runtime for new containers: a name or a path',
    default: 'tspod',
  },
  {
    name: 'runtime-flag',
    kind: 'list',
    value: 'flag',
    group: GLOBAL,
    help: 'Flag passed to another OCI runtime, without its dashes',
  },
  {
    name: 'cgroup-manager',
    kind: 'text',
    value: 'name',
    completion: ['cgroupfs', 'systemd'],
    group: GLOBAL,
    help: 'Cgroup manager of new containers: cgroupfs, systemd',
    default: '$TSPOD_CGROUP_MANAGER, systemd where it runs with cgroup v2 alone, or cgroupfs',
  },
  {
    name: 'network-config-dir',
    kind: 'text',
    value: 'directory',
    completion: 'directory',
    group: GLOBAL,
    help: 'Where network configurations are stored',
    default: '/etc/containers/networks; with another --root, a directory in that',
  },
  {
    name: 'storage-driver',
    kind: 'text',
    value: 'name',
    completion: ['overlay'],
    group: GLOBAL,
    help: 'Storage driver: overlay',
    default: 'overlay',
  },
  {
    name: 'events-backend',
    kind: 'text',
    value: 'name',
    completion: ['file', 'none'],
    group: GLOBAL,
    help: 'Where events are recorded: file, none',
    default: 'file',
  },
  { name: 'noout', kind: 'bool', group: GLOBAL, help: 'Print nothing to stdout' },
  {
    name: 'out',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: GLOBAL,
    help: 'Print to a file instead of stdout',
  },
  // Podman has these flags; tspod accepts and ignores them.
  {
    name: 'trace',
    kind: 'bool',
    group: GLOBAL,
    hidden: true,
    help: 'Accepted for compatibility with Podman; no effect',
  },
  {
    name: 'max-workers',
    kind: 'uint',
    group: GLOBAL,
    hidden: true,
    help: 'Accepted for compatibility with Podman; no effect',
  },
  ...missing('conmon', NO_RUNTIME),
  ...missing('connection url identity ssh', NO_REMOTE),
  { ...missingSwitch('remote', NO_REMOTE), group: GLOBAL },
  { ...missingSwitch('syslog', 'messages go to stderr'), group: GLOBAL },
  ...missing('storage-opt imagestore transient-store module cdi-spec-dir config', 'there is no such configuration'),
  ...missing('tmpdir', 'use --runroot'),
  ...missing('volumepath', 'volumes are kept below --root'),
  ...missing('default-mounts-file', 'there are no default mounts'),
  ...missing('network-cmd-path', 'it is for slirp4netns, which only users other than root need'),
  ...missing('namespace', 'use --root and --runroot for a separate set of containers'),
];
