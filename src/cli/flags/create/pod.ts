/** Flags of pod create: flags of containers that apply to the pod as a whole, and those of the pod itself. */
import type { Flag } from '../../command-parts/flag.js';
import { missingFlag, NO_GPUS } from '../missing.js';
import { createFlags } from './all.js';
import type { CreateFlag } from './draft.js';

const POD = 'Pod';

/** Flags of create that mean the same for a pod. */
const SHARED: ReadonlySet<string> = new Set([
  'add-host',
  'blkio-weight',
  'blkio-weight-device',
  'cgroup-parent',
  'cpu-shares',
  'cpus',
  'cpuset-cpus',
  'cpuset-mems',
  'device',
  'device-read-bps',
  'device-write-bps',
  'dns',
  'dns-option',
  'dns-search',
  'egress',
  'gidmap',
  'hostname',
  'hosts-file',
  'ip',
  'ip6',
  'label',
  'label-file',
  'mac-address',
  'memory',
  'memory-swap',
  'network',
  'network-alias',
  'no-hostname',
  'no-hosts',
  'pid',
  'publish',
  'restart',
  'shm-size',
  'subgidname',
  'subuidname',
  'sysctl',
  'uidmap',
  'userns',
  'uts',
  'volume',
  'volumes-from',
]);

const HELP: Readonly<Record<string, string>> = {
  'cgroup-parent': "Parent cgroup, or systemd slice, of the pod's cgroup",
  device: 'Add a device of the host to all containers',
  hostname: "Set the host name (default the pod's name)",
  label: 'Set metadata on the pod',
  restart: 'Restart policy of the containers that have none: no, on-failure[:retries], always, unless-stopped',
  volume: 'Mount a directory or file of the host, or a volume, in all containers',
  'volumes-from': 'Mount the volumes and host directories of another container in all containers; options: ro, rw',
};

/** The shared flags in the order of the table of create, because later flags see what earlier ones have set. */
export const podSharedFlags: readonly CreateFlag[] = createFlags
  .filter(({ name }) => SHARED.has(name))
  .map((flag): CreateFlag => ({ ...flag, help: HELP[flag.name] ?? flag.help }));

/** Flags that only pods have; the command itself reads them. */
const podOwnFlags: readonly Flag[] = [
  {
    name: 'exit-policy',
    kind: 'text',
    value: 'policy',
    default: 'continue',
    completion: ['continue', 'stop'],
    group: POD,
    help: 'What the pod does when its last container has ended: continue, stop',
  },
  {
    name: 'infra',
    kind: 'bool',
    default: 'true',
    group: POD,
    help: 'Create an infra container, which holds what the containers share',
  },
  {
    name: 'infra-command',
    kind: 'text',
    value: 'command',
    group: POD,
    help: 'With --infra-image: command of the infra container, a program or a JSON list of words',
  },
  {
    name: 'infra-conmon-pidfile',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: POD,
    help: "Write the pid of the infra container's monitor to a file",
  },
  {
    name: 'infra-image',
    kind: 'text',
    value: 'image',
    group: POD,
    help: 'Image of the infra container (default none)',
  },
  {
    name: 'infra-name',
    kind: 'text',
    value: 'name',
    group: POD,
    help: "Name of the infra container (default the pod's short id and -infra)",
  },
  { name: 'name', short: 'n', kind: 'text', value: 'name', group: POD, help: 'Assign a name to the pod' },
  {
    name: 'pod-id-file',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: POD,
    help: 'Write the id of the pod to a file that does not exist yet',
  },
  { name: 'replace', kind: 'bool', group: POD, help: 'Remove a pod of the same name, with its containers, first' },
  {
    name: 'share',
    kind: 'text',
    value: 'namespaces',
    default: 'ipc,net,uts',
    completion: ['cgroup', 'ipc', 'net', 'pid', 'uts', 'none'],
    group: POD,
    help: 'Namespaces that the containers share: cgroup, ipc, net, pid, uts, user, separated by commas; none; with a leading +, in addition to the default',
  },
  {
    name: 'share-parent',
    kind: 'bool',
    default: 'true',
    group: POD,
    help: 'Create the cgroups of the containers in that of the pod',
  },
];

export const podCreateFlags: readonly Flag[] = [
  ...podOwnFlags,
  ...podSharedFlags,
  missingFlag('gpus', NO_GPUS),
  missingFlag('security-opt', 'give it to the containers: each one in a pod has its own'),
];
