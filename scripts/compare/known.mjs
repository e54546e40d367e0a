/**
 * Differences from Podman that are meant, by what a user sees of them. Each reason (`why`) has the beginnings of the keys that compare-podman.mjs prints for it.
 * What the comparison cannot show has none. `npm run commands` writes the lists in docs/podman.md from the reasons.
 */
export const GROUPS = [
  {
    title: 'Error texts',
    seen: 'The words differ, the exit status is the same.',
    reasons: [
      {
        why: 'A container or a command of `exec` that cannot be started: the message names the step of the launch that failed and what the kernel said, as in `change to /nosuch: openat2 /nosuch: no such file or directory (step 110 of 121)`. No OCI runtime runs whose words could be printed.',
        what: [
          'no such command: stderr',
          'a directory as command: stderr',
          'bad workdir: stderr',
          'no such user: stderr',
          'exec: stderr of `exec c nosuch`',
          'exec: stderr of `exec -w /nosuch',
          'exec: stderr of `exec -u nosuch',
        ],
      },
      {
        why: 'A name that is not allowed: the message repeats the name.',
        what: [
          'bad name: stderr',
          'rename forms: stderr of `rename c a/b`',
          'pod create, ps, rm: stderr of `pod create --infra=false a/b`',
        ],
      },
      {
        why: 'A value that is not allowed: the message repeats the value (`kill -s 99`, `ps --filter exited=x`).',
        what: ['ps more filters: stderr of `ps -a -f exited=x`', 'kill forms: stderr of `kill -s 99'],
      },
      {
        why: '`stop --time x`: the number may be negative (-1 waits forever), so the message speaks of a number with a sign.',
        what: ['stop forms: stderr of `stop -t x'],
      },
      {
        why: '`pause` and `unpause` in the wrong state: the message says which container and which state, as for the other commands.',
        what: ['pause what ended: stderr', 'pause forms: stderr of'],
      },
      {
        why: '`init` in the wrong state: one message for all states, which names the state.',
        what: ['init forms: stderr of `init'],
      },
      {
        why: 'A bad `--log-level`: the message begins with `Error: `, as all do.',
        what: ['bad log level: stderr'],
      },
      {
        why: 'A name that is in use, for `rename` and `pod create`: the words are those of `create`.',
        what: ['rename forms: stderr of `rename c d`', 'pod create, ps, rm: stderr of `pod create --infra=false p`'],
      },
      {
        why: '`top` with words that are no descriptors, in a container without ps(1): the message names these words.',
        what: ['top forms: stderr of `top c'],
      },
      {
        why: 'A container or pod that does not exist: the message is the same for all commands.',
        what: [
          'top forms: stderr of `top nosuch`',
          'image diff of nothing: stderr of `container diff nosuch`',
          'pod verbs: stderr of `pod top nosuch`',
          'pod logs, stats, prune: stderr of `pod stats nosuch`',
        ],
      },
      {
        why: 'A template that names a field that does not exist: the message names the type that lacks the field.',
        what: ['inspect forms: stderr of `inspect -f {{.Nosuch}}'],
      },
      {
        why: 'A template with a mistake: the message always begins with the same words.',
        what: ['inspect forms: stderr of `inspect -f {{json'],
      },
      {
        why: '`manifest create` with a name that is in use: the message does not say by which image or list.',
        what: ['manifest: stderr of `manifest create list:1`'],
      },
      {
        why: 'An option that belongs to the pod, on a container: the same words without `invalid config provided`.',
        what: ['containers of pods: stderr of `create --pod p'],
      },
      {
        why: '`inspect` of a container with a mounted image: Podman warns that it does not find the mount.',
        what: ['image mounts: stderr of `inspect -f'],
      },
      {
        why: '`pod start`: Podman logs an error when it removes an init container that was to run once.',
        what: ['init containers: stderr of `pod start p`'],
      },
    ],
  },
  {
    title: 'Exit statuses',
    seen: 'The exit status differs, and so do the words in most cases.',
    reasons: [
      {
        why: '`exec` with a working directory or a user that does not exist: 126, as with `run`. Podman: 127 and 255.',
        what: ['exec: status of `exec -w /nosuch', 'exec: status of `exec -u nosuch'],
      },
      {
        why: '`rm --latest` without containers: 125, and the message names `latest`. Podman: 1.',
        what: ['rm forms: status of `rm -l`', 'rm forms: stderr of `rm -l`'],
      },
      {
        why: '`run --mount type=image` with an image that does not exist: 125, since the image must be there when the container is made. Podman: 126.',
        what: [
          'image mounts: status of `run --rm --network none --mount type=image,source=nosuch',
          'image mounts: stderr of `run --rm --network none --mount type=image,source=nosuch',
        ],
      },
      {
        why: '`port` with a port that is not published: 125. Podman 4.3 prints nothing for a container without networks, as in the comparison.',
        what: ['port forms: status of `port c 80`', 'port forms: stderr of `port c'],
      },
      {
        why: '`logs --follow`, `events` and other commands that follow something, after `^C`: 130, as any program that SIGINT ends. Podman: 1.',
        what: [],
      },
      {
        why: 'When the reader of stdout has gone: 141, as any program that SIGPIPE ends, without a message. Podman: 125, or 126 with `run`.',
        what: [],
      },
    ],
  },
  {
    title: 'As newer Podman has it',
    seen: 'tspod does what releases of Podman after 4.3 do.',
    reasons: [
      {
        why: '`ps`: the status is `Up 5 minutes`, without `ago`; `{{.State}}` is one word, such as `running`.',
        what: ['ps: stdout', 'restart: stdout of `ps', 'ps tables: stdout of `ps', 'pod verbs: stdout of `ps -p`'],
      },
      {
        why: '`ps --format`: there are more fields, such as `{{.Restarts}}`, and `{{.PodName}}` is filled without `--pod`.',
        what: [
          'ps fields: status of `ps',
          'ps fields: stdout of `ps -a --format {{.Names}}',
          'ps fields: stderr of `ps -a --format {{.Names}}',
          'pod verbs: stdout of `ps -a --format {{.Names}}-{{.PodName}}',
        ],
      },
      {
        why: 'The messages of a name that is in use and of a bad `ps --filter status=` have the newer words.',
        what: [
          'name in use: stderr',
          'clone: stderr of `container clone e g`',
          'ps filters: stderr of `ps -q -f status=foo`',
        ],
      },
      {
        why: '`start` of a running container prints its name.',
        what: ['start twice: stdout'],
      },
      {
        why: '`logs --names` prints the name also for one container.',
        what: ['logs: stdout of `logs -n c`', 'logs: stderr of `logs -n c`'],
      },
      {
        why: '`exec --user`: every user has the groups of `--group-add`.',
        what: ['exec users: stdout of `exec -u alice c id -G`'],
      },
      {
        why: '`wait --ignore` exists.',
        what: [
          'wait conditions: status of `wait --ignore',
          'wait conditions: stdout of `wait --ignore',
          'wait conditions: stderr of `wait --ignore',
        ],
      },
      {
        why: '`rm --ignore` and `stop --ignore` also ignore a missing `--cidfile`.',
        what: [
          'rm forms: status of `rm -i --cidfile',
          'rm forms: stderr of `rm -i --cidfile',
          'stop forms: status of `stop -i --cidfile',
          'stop forms: stderr of `stop -i --cidfile',
        ],
      },
      {
        why: '`restart --running` restarts all running containers and takes no names.',
        what: [
          'restart forms: status of `restart --running',
          'restart forms: stdout of `restart --running',
          'restart forms: stderr of `restart --running',
        ],
      },
      {
        why: '`volume prune` keeps volumes with names, unless `--all` is given.',
        what: ['volume prune: stdout of'],
      },
      {
        why: '`pod inspect` prints a list, also for one pod.',
        what: [],
      },
    ],
  },
  {
    title: 'Lists, logs and sizes',
    seen: 'The same command prints more, or prints it in another way.',
    reasons: [
      {
        why: '`ps --format {{.Size}}` shows the size without `--size`.',
        what: ['ps fields: stdout of `ps -a --format {{.Size}}`', 'ps fields: stderr of `ps -a --format {{.Size}}`'],
      },
      {
        why: '`ps --filter health=none` finds containers without a health check.',
        what: ['ps more filters: stdout of `ps -a -f health=none'],
      },
      {
        why: '`ps --filter restart-policy=no` finds containers without a restart policy, as `none` does.',
        what: ['ps more filters: stdout of `ps -a -f restart-policy=no'],
      },
      {
        why: '`ps` without `--all` lists paused containers, too.',
        what: ['pause forms: stdout of `ps --format'],
      },
      {
        why: '`events`: `Attributes` has the exit code, the signal and what else the event tells beside the labels.',
        what: ['events: stdout of `events --stream=false --filter container=watched --filter event=died'],
      },
      {
        why: '`logs` of several containers prints one after the other, in the order of the command line. Podman reads them at the same time.',
        what: ['logs forms: stdout of `logs --names c d`'],
      },
      {
        why: '`logs --color` colours names, not what the container wrote.',
        what: ['logs forms: stdout of `logs --color'],
      },
      {
        why: '`inspect --size` of a container on a root directory (`--rootfs`): the container has written nothing. Podman counts the whole directory.',
        what: ['inspect forms: stdout of `inspect -s'],
      },
      {
        why: '`image tree` and `system prune` count files, not their archives.',
        what: ['image tree: stdout of `image tree', 'system prune: stdout of `system prune -af`'],
      },
    ],
  },
  {
    title: 'Containers, images and volumes',
    seen: 'The command does something else.',
    reasons: [
      {
        why: '`start --interactive` attaches, as with Docker.',
        what: ['start forms: stdout of `start -i c`'],
      },
      {
        why: '`container clone --destroy` makes no clone if the original cannot be removed (it runs, and there is no `--force`).',
        what: ['clone of what runs: stderr of', 'clone of what runs: stdout of'],
      },
      {
        why: '`save --output` replaces an archive that exists. Podman refuses.',
        what: [],
      },
      {
        why: '`volume create --opt device=` with `o=bind` and a relative path is refused. Podman takes it from where the container is started.',
        what: [],
      },
    ],
  },
  {
    title: 'Fields of inspect',
    seen: 'A field of `inspect` has another value, or only one of the two has it.',
    reasons: [
      {
        why: '`BoundingCaps`, `EffectiveCaps`: the 11 capabilities of newer releases. Debian adds AUDIT_WRITE, MKNOD and NET_RAW.',
        what: ['inspect: value of .BoundingCaps', 'inspect: value of .EffectiveCaps'],
      },
      {
        why: '`Config.Annotations`: only those that were asked for.',
        what: ['inspect: only tspod has .Config.Annotations', 'inspect: only Podman has .Config.Annotations'],
      },
      {
        why: '`Config.Entrypoint`: null if there is none, as with newer releases.',
        what: ['inspect: value of .Config.Entrypoint'],
      },
      {
        why: '`Config.Env`: without `HOME`, which is set at the launch, when the user is looked up; `TERM` only with a terminal; `container` is `tspod`.',
        what: ['inspect: value of .Config.Env'],
      },
      {
        why: '`Config.Healthcheck`, `Config.HealthcheckOnFailureAction`, `State.Health`: missing for a container without a health check.',
        what: ['inspect: only Podman has .Config.Healthcheck', 'inspect: only Podman has .State.Health'],
      },
      {
        why: '`Config.OnBuild`: missing, images are not built.',
        what: ['inspect: only Podman has .Config.OnBuild'],
      },
      {
        why: '`Config.StopSignal`: the name of the signal, as with newer releases.',
        what: ['inspect: value of .Config.StopSignal'],
      },
      {
        why: '`Config.Volumes`: missing for a container on a root directory, which has no volumes of an image.',
        what: ['inspect: only Podman has .Config.Volumes'],
      },
      {
        why: '`Config.sdNotifyMode`: missing, readiness is not passed on to systemd.',
        what: ['inspect: only Podman has .Config.sdNotifyMode'],
      },
      {
        why: '`GraphDriver`: a root directory that is used as it is has no layers.',
        what: [
          'inspect: only tspod has .GraphDriver.Data',
          'inspect: only Podman has .GraphDriver.Data',
          'inspect: value of .GraphDriver.Name',
        ],
      },
      {
        why: '`HostConfig.Blkio*`: an empty list is a list, not null.',
        what: ['inspect: value of .HostConfig.Blkio'],
      },
      {
        why: '`HostConfig.CgroupMode`: a cgroup namespace of its own, on cgroup v1 as well.',
        what: ['inspect: value of .HostConfig.CgroupMode'],
      },
      {
        why: '`HostConfig.CgroupParent`: the parent that is used, also if it is the default.',
        what: ['inspect: value of .HostConfig.CgroupParent'],
      },
      {
        why: "`HostConfig.ConsoleSize`, `CpuCount`, `CpuPercent`, `IOMaximum*`, `Isolation`: missing. They are Docker's for Windows, and always 0 or empty.",
        what: [
          'inspect: only Podman has .HostConfig.ConsoleSize',
          'inspect: only Podman has .HostConfig.CpuCount',
          'inspect: only Podman has .HostConfig.CpuPercent',
          'inspect: only Podman has .HostConfig.IOMaximum',
          'inspect: only Podman has .HostConfig.Isolation',
        ],
      },
      {
        why: "`HostConfig.DiskQuota`, `HostConfig.Links`: missing. They are Docker's, and Podman never fills them.",
        what: ['inspect: only Podman has .HostConfig.DiskQuota', 'inspect: only Podman has .HostConfig.Links'],
      },
      {
        why: '`HostConfig.KernelMemory`: missing, the kernel has no such limit any more.',
        what: ['inspect: only Podman has .HostConfig.KernelMemory'],
      },
      {
        why: '`HostConfig.HostsFile`: the value of `--hosts-file`, which newer releases have.',
        what: ['inspect: only tspod has .HostConfig.HostsFile'],
      },
      {
        why: '`HostConfig.MemorySwappiness`: 0 if nothing was asked for, with or without a memory limit.',
        what: ['inspect: value of .HostConfig.MemorySwappiness'],
      },
      {
        why: '`HostConfig.RestartPolicy.Name`: `no` if there is none, as with newer releases.',
        what: ['inspect: value of .HostConfig.RestartPolicy.Name'],
      },
      {
        why: '`HostConfig.Runtime`, `OCIRuntime`: the built-in runtime is called `tspod`.',
        what: ['inspect: value of .HostConfig.Runtime', 'inspect: value of .OCIRuntime'],
      },
      {
        why: '`HostConfig.ShmSize`: 67108864 bytes for 64 MiB. Podman 4.3 counts 65536 kB.',
        what: ['inspect: value of .HostConfig.ShmSize'],
      },
      {
        why: "`HostConfig.Ulimits`: 1048576 open files and 4194304 processes, or what the caller may give. Podman's may come from its containers.conf, which tspod does not read.",
        what: ['inspect: value of .HostConfig.Ulimits'],
      },
      {
        why: '`HostConfig.VolumeDriver`: missing. Volumes have one driver, `local`.',
        what: ['inspect: only Podman has .HostConfig.VolumeDriver'],
      },
      {
        why: '`HostConfig.VolumesFrom`: missing without `--volumes-from`.',
        what: ['inspect: only Podman has .HostConfig.VolumesFrom'],
      },
      {
        why: '`Namespace`: missing, a leftover that Podman never fills.',
        what: ['inspect: only Podman has .Namespace'],
      },
      {
        why: '`OCIConfigPath`: missing, since containers are started without an OCI runtime and its configuration.',
        what: ['inspect: only Podman has .OCIConfigPath'],
      },
      {
        why: '`State.CheckpointedAt`, `State.RestoredAt`: missing, there are no checkpoints.',
        what: ['inspect: only Podman has .State.CheckpointedAt', 'inspect: only Podman has .State.RestoredAt'],
      },
      {
        why: '`State.OciVersion`: the version of the specification that tspod follows.',
        what: ['inspect: value of .State.OciVersion'],
      },
      {
        why: '`State.StoppedByUser`: only tspod has it. It says whether a restart policy may start the container again.',
        what: ['inspect: only tspod has .State.StoppedByUser'],
      },
    ],
  },
];

/** Each beginning of a key, with its reason. No two of them fit one key. */
export const KNOWN = GROUPS.flatMap(({ reasons }) =>
  reasons.flatMap(({ why, what }) => what.map((key) => ({ what: key, why }))),
);

export function reasonFor(key) {
  return KNOWN.find(({ what }) => key.startsWith(what))?.why;
}
