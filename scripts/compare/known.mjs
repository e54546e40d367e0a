/** Differences from Podman that are meant, each with its reason. docs/podman.md has the same list. */

const STEP =
  'the message names the step of the plan that failed; there is no OCI runtime whose words could stand in it';
const NEWER = 'as newer releases of Podman have it (compared with 4.3)';
const CANNOT_START = 'what keeps a command from starting that is there ends with 126, as with `run`';
const NO_NETWORK = 'the container of the comparison is on no network';
const WINDOWS = 'fields of Docker for Windows, always 0 or empty';
const WHICH = 'the message says which value is bad';
const SIZE = 'the size is looked for when a template asks for it';
const RUNNING = '--running chooses by itself, and takes no names; as newer releases of Podman have it without names';
const CLONE = 'with --destroy there is no clone if the original may not be removed';
const EMPTY = 'an empty list is a list';
const FILES = 'sizes are those of the files, not of their archives';
const POD_WORDS = 'the message is that of the other commands about pods';
const SAME_WORDS = 'the message is that of the other commands about containers';

/** `what` is the beginning of a difference's key (compare-podman.mjs prints it). The first that fits counts. */
export const KNOWN = [
  { what: 'no such command: stderr', why: STEP },
  { what: 'a directory as command: stderr', why: STEP },
  { what: 'bad workdir: stderr', why: STEP },
  { what: 'no such user: stderr', why: STEP },
  { what: 'exec: stderr of `exec c nosuch`', why: STEP },
  { what: 'exec: status of `exec -w /nosuch', why: CANNOT_START },
  { what: 'exec: stderr of `exec -w /nosuch', why: STEP },
  { what: 'exec: status of `exec -u nosuch', why: CANNOT_START },
  { what: 'exec: stderr of `exec -u nosuch', why: STEP },
  { what: 'name in use: stderr', why: NEWER },
  { what: 'bad name: stderr', why: 'the message says which name is bad' },
  { what: 'ps: stdout', why: NEWER },
  { what: 'restart: stdout of `ps', why: NEWER },
  { what: 'ps filters: stderr of `ps -q -f status=foo`', why: NEWER },
  { what: 'start twice: stdout', why: NEWER },
  {
    what: 'pause what ended: stderr',
    why: 'the message says which container and which state, as those of the other verbs do',
  },
  { what: 'logs: stdout of `logs -n c`', why: NEWER },
  { what: 'logs: stderr of `logs -n c`', why: NEWER },
  { what: 'bad log level: stderr', why: 'every error begins with `Error: `' },
  { what: 'ps tables: stdout of `ps', why: NEWER },
  { what: 'ps fields: status of `ps', why: NEWER },
  { what: 'ps fields: stdout of `ps -a --format {{.Names}}', why: NEWER },
  { what: 'ps fields: stderr of `ps -a --format {{.Names}}', why: NEWER },
  { what: 'ps fields: stdout of `ps -a --format {{.Size}}`', why: SIZE },
  { what: 'ps fields: stderr of `ps -a --format {{.Size}}`', why: SIZE },
  { what: 'ps more filters: stdout of `ps -a -f health=none', why: 'a container without checks matches `none`' },
  { what: 'ps more filters: stderr of `ps -a -f exited=x`', why: WHICH },
  {
    what: 'ps more filters: stdout of `ps -a -f restart-policy=no',
    why: 'a container without a policy matches `no` and `none`',
  },
  { what: 'wait conditions: status of `wait --ignore', why: NEWER },
  { what: 'wait conditions: stdout of `wait --ignore', why: NEWER },
  { what: 'wait conditions: stderr of `wait --ignore', why: NEWER },
  { what: 'rm forms: status of `rm -i --cidfile', why: NEWER },
  { what: 'rm forms: stderr of `rm -i --cidfile', why: NEWER },
  { what: 'rm forms: status of `rm -l`', why: 'none to be removed is an error like others, whose name is `latest`' },
  { what: 'rm forms: stderr of `rm -l`', why: 'none to be removed is an error like others, whose name is `latest`' },
  { what: 'stop forms: stderr of `stop -t x', why: '-1 waits for ever, so that the number has a sign' },
  { what: 'stop forms: status of `stop -i --cidfile', why: NEWER },
  { what: 'stop forms: stderr of `stop -i --cidfile', why: NEWER },
  { what: 'restart forms: status of `restart --running', why: RUNNING },
  { what: 'restart forms: stdout of `restart --running', why: RUNNING },
  { what: 'restart forms: stderr of `restart --running', why: RUNNING },
  { what: 'kill forms: stderr of `kill -s 99', why: WHICH },
  { what: 'start forms: stdout of `start -i c`', why: '-i attaches, as with Docker' },
  { what: 'pause forms: stdout of `ps --format', why: 'what is paused is alive, and is shown as such' },
  {
    what: 'pause forms: stderr of',
    why: 'the message says which container and which state, as those of the other verbs do',
  },
  { what: 'rename forms: stderr of `rename c d`', why: 'the same words as at a creation' },
  { what: 'rename forms: stderr of `rename c a/b`', why: 'the message says which name is bad' },
  { what: 'top forms: stderr of `top c', why: 'the message says which words are no descriptors' },
  { what: 'top forms: stderr of `top nosuch`', why: 'the same words as those of the other verbs' },
  { what: 'port forms: status of `port c 80`', why: NO_NETWORK },
  { what: 'port forms: stderr of `port c', why: NO_NETWORK },
  { what: 'init forms: stderr of `init', why: 'one message for all states, which names the state' },
  {
    what: 'logs forms: stdout of `logs --names c d`',
    why: 'one container after the other, in the order of the command line; Podman reads them at the same time',
  },
  { what: 'logs forms: stdout of `logs --color', why: 'names are in colours, not what the container wrote' },
  { what: 'inspect forms: stderr of `inspect -f {{.Nosuch}}', why: 'the name of the type that lacks the field' },
  {
    what: 'inspect forms: stdout of `inspect -s',
    why: 'what the container has written is nothing; Podman counts a root directory that is used as it is',
  },
  {
    what: 'inspect forms: stderr of `inspect -f {{json',
    why: 'every mistake in a template is introduced by the same words',
  },
  { what: 'clone: stderr of `container clone e g`', why: NEWER },
  { what: 'clone of what runs: stderr of', why: CLONE },
  { what: 'clone of what runs: stdout of', why: CLONE },
  {
    what: 'inspect: value of .BoundingCaps',
    why: 'the 11 capabilities of newer releases; Debian adds AUDIT_WRITE, MKNOD and NET_RAW',
  },
  {
    what: 'inspect: value of .EffectiveCaps',
    why: 'the 11 capabilities of newer releases; Debian adds AUDIT_WRITE, MKNOD and NET_RAW',
  },
  { what: 'inspect: only tspod has .Config.Annotations', why: 'there are no annotations that nobody asked for' },
  { what: 'inspect: only Podman has .Config.Annotations', why: 'there are no annotations that nobody asked for' },
  { what: 'inspect: value of .Config.Entrypoint', why: `none is null; ${NEWER}` },
  {
    what: 'inspect: value of .Config.Env',
    why: 'HOME is set at the launch, when the user is looked up; TERM only with a terminal; `container` says tspod',
  },
  { what: 'inspect: only Podman has .Config.Healthcheck', why: 'of health checks, which this container has not' },
  { what: 'inspect: only Podman has .State.Health', why: 'of health checks, which this container has not' },
  { what: 'inspect: only Podman has .Config.OnBuild', why: 'of image builds' },
  { what: 'inspect: value of .Config.StopSignal', why: `the name of the signal; ${NEWER}` },
  { what: 'inspect: only Podman has .Config.Volumes', why: 'a root directory has no volumes of an image' },
  { what: 'inspect: only Podman has .Config.sdNotifyMode', why: 'readiness is not passed on to systemd' },
  { what: 'inspect: only tspod has .GraphDriver.Data', why: 'a root directory that is used as it is has no layers' },
  { what: 'inspect: only Podman has .GraphDriver.Data', why: 'a root directory that is used as it is has no layers' },
  { what: 'inspect: value of .GraphDriver.Name', why: 'a root directory that is used as it is has no layers' },
  { what: 'inspect: value of .HostConfig.Blkio', why: EMPTY },
  { what: 'inspect: value of .HostConfig.CgroupMode', why: 'a cgroup namespace of its own, on cgroup v1 as well' },
  { what: 'inspect: value of .HostConfig.CgroupParent', why: 'the parent that is used, also when it is the default' },
  { what: 'inspect: only Podman has .HostConfig.ConsoleSize', why: WINDOWS },
  { what: 'inspect: only Podman has .HostConfig.CpuCount', why: WINDOWS },
  { what: 'inspect: only Podman has .HostConfig.CpuPercent', why: WINDOWS },
  { what: 'inspect: only Podman has .HostConfig.IOMaximum', why: WINDOWS },
  { what: 'inspect: only Podman has .HostConfig.Isolation', why: WINDOWS },
  { what: 'inspect: only Podman has .HostConfig.DiskQuota', why: 'a field of Docker that Podman never fills' },
  { what: 'inspect: only Podman has .HostConfig.KernelMemory', why: 'the kernel has no such limit any more' },
  { what: 'inspect: only Podman has .HostConfig.Links', why: 'a field of Docker that Podman never fills' },
  {
    what: 'inspect: only tspod has .HostConfig.HostsFile',
    why: 'the value of --hosts-file, which newer releases of Podman have',
  },
  {
    what: 'inspect: value of .HostConfig.MemorySwappiness',
    why: '0 where nothing was asked for, with a memory limit as without',
  },
  { what: 'inspect: value of .HostConfig.RestartPolicy.Name', why: `none is "no"; ${NEWER}` },
  { what: 'inspect: value of .HostConfig.Runtime', why: 'the built-in runtime is called tspod' },
  { what: 'inspect: value of .HostConfig.ShmSize', why: '64 MiB are 67108864 bytes; Podman 4.3 counts 65536 kB' },
  {
    what: 'inspect: value of .HostConfig.Ulimits',
    why: 'those of the caller; those of Podman come from its containers.conf',
  },
  { what: 'inspect: only Podman has .HostConfig.Volume', why: 'volumes have one driver, local' },
  { what: 'inspect: only Podman has .Namespace', why: 'a leftover that Podman never fills' },
  {
    what: 'inspect: only Podman has .OCIConfigPath',
    why: 'no OCI configuration is written: containers are started without an OCI runtime',
  },
  { what: 'inspect: value of .OCIRuntime', why: 'each names the runtime that it uses by default' },
  { what: 'inspect: only Podman has .State.CheckpointedAt', why: 'there are no checkpoints' },
  { what: 'inspect: only Podman has .State.RestoredAt', why: 'there are no checkpoints' },
  { what: 'inspect: value of .State.OciVersion', why: 'the version of the specification that is followed' },
  { what: 'inspect: only tspod has .State.StoppedByUser', why: 'whether a policy may start it again' },
  { what: 'image diff of nothing: stderr of `container diff nosuch`', why: SAME_WORDS },
  { what: 'image tree: stdout of `image tree', why: FILES },
  {
    what: 'image mounts: stderr of `inspect -f',
    why: 'Podman warns of what it cannot find in the spec',
  },
  {
    what: 'image mounts: status of `run --rm --network none --mount type=image,source=nosuch',
    why: 'the image has to be there when the container is made: it is kept for it',
  },
  {
    what: 'image mounts: stderr of `run --rm --network none --mount type=image,source=nosuch',
    why: 'the image has to be there when the container is made: it is kept for it',
  },
  {
    what: 'manifest: stderr of `manifest create list:1`',
    why: 'images and lists may have the name: it is not said which',
  },
  { what: 'system prune: stdout of `system prune -af`', why: FILES },
  { what: 'volume prune: stdout of', why: `volumes with names stay without --all; ${NEWER}` },
  { what: 'a layer over a mount', why: 'no layer is put over a mount: -v with the option O is refused' },
  {
    what: 'pod create, ps, rm: stderr of `pod create --infra=false p`',
    why: 'the same words as for other names that are taken',
  },
  { what: 'pod create, ps, rm: stderr of `pod create --infra=false a/b`', why: 'the message says which name is bad' },
  { what: 'pod verbs: stdout of `ps -a --format {{.Names}}-{{.PodName}}', why: NEWER },
  { what: 'pod verbs: stdout of `ps -p`', why: NEWER },
  { what: 'pod verbs: stderr of `pod top nosuch`', why: POD_WORDS },
  { what: 'pod logs, stats, prune: stderr of `pod stats nosuch`', why: POD_WORDS },
  { what: 'containers of pods: stderr of `create --pod p', why: 'the same words, without `invalid config provided`' },
];

export function reasonFor(key) {
  return KNOWN.find(({ what }) => key.startsWith(what))?.why;
}
