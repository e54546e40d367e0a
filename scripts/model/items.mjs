/**
 * What a container is, has and does, each with the test that shows it: lines of ITEM :: FILE :: TITLE, or ITEM :: - :: WHY IT IS MISSING.
 * docs/model.md is made of it (npm run model); test/unit/repository/model.test.ts holds both.
 */

const CONFIG = `
OCI spec made of the options :: unit/spec/generate.test.ts :: the default mounts, in order
id :: unit/state/store.test.ts :: store: gives back what was put in
name :: unit/state/store.test.ts :: insert: a name in use names its owner
pod :: system/pods/pods.test.ts :: a pod is found by name, id, prefix and filters
pod: its infra container :: system/pods/pods.test.ts :: the infra container: what it is, and what it may do
pod: namespaces that it shares :: system/pods/pods.test.ts :: its containers share ipc, net and uts, and have the rest to themselves
pod: other namespaces :: system/pods/pods.test.ts :: share: other namespaces, or none
pod: user namespace :: system/pods/pods.test.ts :: a user namespace of the pod is that of all
pod: published ports :: system/pods/pods.test.ts :: a published port of the pod reaches the container that listens
pod: limits, cgroup :: system/pods/pods.test.ts :: its cgroup has its limits, and its containers lie in it
pod: start, stop, restart, pause, unpause, kill :: system/pods/pods.test.ts :: start, stop, restart, pause and kill are those of all its containers
pod: stats, top :: system/pods/pods.test.ts :: stats and top show the containers of the pod that run
pod: partial failure :: system/pods/pods.test.ts :: what fails of some is told with what failed
pod: remove :: system/pods/pods.test.ts :: remove: with its containers, and by force if they run
pod: prune :: system/pods/pods.test.ts :: prune: pods that have ended go with their containers, infra containers never alone
pod: exit policy :: system/pods/pod-exit-policy.test.ts :: the infra container ends with the last of the others
pod: restart policy, mounts of its containers :: system/pods/pods.test.ts :: what containers have by the pod: restart policy, mounts
pod: dependencies within :: system/pods/pods.test.ts :: members depend on members alone, and nobody else on them
pod: status :: system/pods/pods.test.ts :: start, stop, restart, pause and kill are those of all its containers
pod: events :: system/pods/pods.test.ts :: events: each change of a pod is recorded, and found by its name, id or prefix
pod: after a reboot :: system/pods/pods.test.ts :: after a reboot it has ended, and can be started again
pod: after kill -9 :: system/faults/kill-pods.test.ts :: kill -9 with pods: every failpoint of pods is passed by a test
UID and GID mappings :: system/cli/run-flags.test.ts :: --uidmap and --gidmap map the ids of files and processes
image id and name :: system/images/images.test.ts :: inspect: a container says which image it is made of
image id and name: user, directory, labels, stop signal of the image :: system/images/images.test.ts :: run: user, working directory, labels, stop signal and annotations are the image ones unless others are given
this machine as root (host:) :: system/cli/run.test.ts :: host: shows the programs of this machine, and changes stay in the container
root directory :: system/containers/run.test.ts :: run: a directory as root, used as it is and as a layer below
image volumes :: system/images/images.test.ts :: run: volumes begin with what the image has there, are writable, and go with the container
images that are mounted in containers :: system/images/mounts.test.ts :: mounts: what is written to an image is the container’s own, is there at its next start, and goes with it
image volumes: as tmpfs, or ignored :: system/images/images.test.ts :: run: image volumes can be tmpfs, or ignored, and give way to mounts
shared memory, its size :: system/files/shared-memory.test.ts :: shared memory: has the size, mode and options that were given
mounts of the user's :: system/cli/run-flags.test.ts :: -v mounts a directory, with options
privileged :: system/cli/run-flags.test.ts :: --privileged has all capabilities and no filter
privileged: devices :: unit/spec/host-paths.test.ts :: a privileged container has all devices but the console
labels of SELinux :: unit/spec/generate.test.ts :: two containers have labels that set them apart
user, groups, umask, directory, environment :: system/containers/run.test.ts :: run: environment, user, directory, umask, limits
namespaces of other containers: network :: system/cli/run-flags.test.ts :: --network
namespaces of other containers: pid :: system/cli/run-flags.test.ts :: --pid
namespaces of other containers: ipc :: system/cli/run-flags.test.ts :: --ipc
namespaces of other containers: uts :: system/cli/run-flags.test.ts :: --uts
namespaces of other containers: cgroup :: system/cli/run-flags.test.ts :: --cgroupns
further dependencies :: system/containers/dependencies.test.ts :: requires: what it needs is recorded, and has to be there
create network namespace, post-configure it :: system/networks/network.test.ts :: the monitor starts a container again in the network namespace that it had
networks: the default one :: system/networks/config.test.ts :: network: without --network a container is on the default network, with a way to the host
networks: name servers of theirs :: system/networks/config.test.ts :: network: name servers of a network, and those that are asked for before them
port mappings: of modes without a bridge :: system/networks/config.test.ts :: network: ports of modes without a bridge are left out with a word
port mappings :: system/networks/config.test.ts :: network: published ports are reached through the host, and chosen ones are kept
networks, aliases, static addresses :: system/networks/config.test.ts :: network: addresses, names of interfaces and MAC addresses that are asked for are had
DNS servers, search domains, options; added hosts :: system/networks/names.test.ts :: command line: --add-host, --hosts-file, --no-hostname, --dns and its kin
names on networks over DNS :: system/networks/dns.test.ts :: names, aliases and short ids are told over DNS, back as well, for as long as their container runs
host name :: system/networks/names.test.ts :: hostname: in the file, in HOSTNAME and in the kernel; with noHostname the file is the container’s
entrypoint and command: of the image :: system/images/images.test.ts :: run: entrypoint and command: the image command is for the image entrypoint
entrypoint and command :: system/containers/run.test.ts :: run: output, exit code and signal of a command in a container of its own
stdin :: system/containers/run.test.ts :: run: input as text, bytes and a stream
labels and annotations :: system/cli/run-flags.test.ts :: labels, annotations and files of labels
stop signal and stop timeout :: system/cli/run-flags.test.ts :: --stop-signal and --stop-timeout decide how stop ends it
time limit :: system/containers/run.test.ts :: run: a time limit ends the container, and the result says so
cgroup parent, no cgroups :: system/cli/run-flags.test.ts :: --cgroup-parent and --cgroups disabled
log driver, path, size :: system/cli/run-flags.test.ts :: --log-driver and --log-opt decide where and how much is logged
restart policy :: system/cli/run-flags.test.ts :: --restart on-failure:2
devices :: system/cli/run-flags.test.ts :: --device with a name and rights
memory limit :: system/cli/run-flags.test.ts :: --memory ends a container that takes more
kept descriptors :: system/cli/run.test.ts :: --preserve-fds hands descriptors on
seccomp profile :: system/cli/run-flags.test.ts :: --security-opt seccomp=FILE: what the profile refuses, and nothing else
seccomp profile: narrowed to the container :: unit/spec/host-paths.test.ts :: a profile is read and narrowed to the container
hooks :: system/cli/run-flags.test.ts :: --hooks-dir runs the hooks that apply
OCI runtime :: system/podman/oci-runtimes.test.ts :: \${name}: makes the container, whose streams and end go through the monitor
is returned as it was stored :: unit/state/store.test.ts :: store: gives back what was put in
named volumes :: system/files/volumes.test.ts :: a volume is made when it is first used, shared by containers, and outlives them
anonymous volumes :: system/files/volumes.test.ts :: anonymous volumes go with --rm and with volumes: true, unless another container has them
secrets, as files :: system/files/secrets.test.ts :: a container has a secret as a file of memory, with its owner and permissions, at its place
secrets, as environment variables :: system/files/secrets.test.ts :: a secret in the environment is in no configuration, and every exec and restart has it
`;

const STATE = `
every state, by its printed name :: system/containers/life-cycle.test.ts :: \${operation}: in every state
started and finished time :: launch/exit.test.ts :: exit: times lie between those around the run, in nanoseconds
exit code :: launch/exit.test.ts :: exit: the code of a command that fails
out of memory :: launch/exit-oom.test.ts :: oom: a container that is killed for its memory is marked
pid and start time :: launch/exit.test.ts :: exit: the state file names monitor and first process with their start times
pid and start time: of another process :: system/native/process.test.ts :: a process with another start time is another process
exec sessions :: system/containers/exec-session.test.ts :: exec session: goes through its states, and its code is known afterwards
files that are bound in: hosts, hostname, resolv.conf, containerenv :: system/networks/names.test.ts :: the files are seen below the directories that programs change their root to
a mount of the user's wins over them :: system/networks/names.test.ts :: a mount of the user’s takes the place of the engine’s file
/dev/shm :: system/files/shared-memory.test.ts :: it lives as long as the last who shares it, and the host never has a mount of it
restart count :: system/cli/run-flags.test.ts :: --restart on-failure:2
last error :: system/faults/few-resources.test.ts :: a monitor that the kernel kills for want of memory: its container is ended by the next command
IP addresses and routes :: system/networks/config.test.ts :: network connect and disconnect: at once, with names, addresses and ports, and nothing is left of it
IP addresses: given back at the end :: system/networks/config.test.ts :: network: a full pool is a clear error and leaves nothing; an end gives the address back
IP addresses: of many that start at once :: system/networks/config.test.ts :: network: many that start at the same time have different addresses and know each other
IP addresses: after a kill :: system/networks/faults.test.ts :: kill -9: a start that has leased its addresses gives them back, and one that has not told others is finished
mounted, mountpoint :: system/files/mount.test.ts :: mount: counts, shows what the container sees, and is gone with the last unmount
`;

const OPERATIONS = `
create :: system/cli/lifecycle.test.ts :: from create to rm, with the name on each line
init :: system/containers/life-cycle.test.ts :: \${operation}: in every state
start, with what it depends on :: system/containers/dependencies.test.ts :: start: what it needs is started first, or named
stop, without the lock while waiting :: system/containers/life-cycle.test.ts :: \${operation}: in every state
kill :: system/containers/life-cycle.test.ts :: \${operation}: in every state
kill, by name and number :: system/cli/lifecycle.test.ts :: kill: signals by name, with and without SIG, and by number
pause and unpause :: system/containers/life-cycle.test.ts :: \${operation}: in every state
restart :: system/cli/lifecycle.test.ts :: from create to rm, with the name on each line
exec: streams, status :: system/cli/exec.test.ts :: exec: passes the streams on, and exits with the status of the command
exec: environment, user, directory :: system/cli/exec.test.ts :: exec: environment, user, directory
exec: privileged :: system/cli/exec.test.ts :: exec: the rights are those of the container, or all with --privileged
exec: detached :: system/cli/exec.test.ts :: exec -d goes on without the caller
exec: a terminal :: system/cli/terminal.test.ts :: exec -it, while the container has no terminal
exec sessions: create, start, stop, remove :: system/containers/exec-session.test.ts :: exec session: what its state does not allow is refused
attach: no lost output :: launch/attach.test.ts :: attach: one who attaches before the launch gets everything
attach: detach keys :: system/cli/terminal.test.ts :: ctrl-p ctrl-q detaches with 0, attach comes back
resize :: system/cli/terminal.test.ts :: the size of the terminal is passed on, and its changes
inspect :: system/cli/lifecycle.test.ts :: inspect: prints JSON, templates, and several containers at once
wait :: system/cli/lifecycle.test.ts :: wait for an end, a state, and one that is not there
wait, also after an automatic removal :: system/containers/run.test.ts :: wait: the code of a container that goes with its end, before and after
logs :: system/cli/lifecycle.test.ts :: logs: streams, tail, times, names, since and until
rename :: system/cli/lifecycle.test.ts :: from create to rm, with the name on each line
rename: in every state :: system/containers/life-cycle.test.ts :: \${operation}: in every state
rename: to a name in use :: unit/state/store.test.ts :: rename: keeps names unique
remove :: system/containers/life-cycle.test.ts :: \${operation}: in every state
prune :: system/cli/lifecycle.test.ts :: prune asks, and removes what does not run
exists :: system/cli/lifecycle.test.ts :: from create to rm, with the name on each line
ps, filters and formats :: system/cli/lifecycle.test.ts :: ps: columns, order, filters and formats
top :: system/containers/observe.test.ts :: top: the processes of the container, as it and as the host see them
stats :: system/containers/observe.test.ts :: stats: 64 MiB of memory, and the limit
port :: system/networks/config.test.ts :: network: published ports are reached through the host, and chosen ones are kept
port: nothing is published :: system/cli/observe.test.ts :: port: nothing is published
networks of a running container: connect, disconnect :: system/networks/config.test.ts :: network connect and disconnect: at once, with names, addresses and ports, and nothing is left of it
published ports: from the host, from others, from itself :: system/networks/network.test.ts :: a published port is reached on the host, from other containers, and from the container itself
published ports on ::1 :: system/networks/loopback.test.ts :: a network without IPv6: the port is reached on 127.0.0.1, ::1 and an address of the host
namespace path, cgroup path, host name, dependencies :: system/containers/observe.test.ts :: places: namespaces, cgroup, host name and dependencies
root file system size, writable-layer size :: system/containers/observe.test.ts :: sizes: what is written, a file of several names once, and the root directory with it
bind mounts, destination to source :: system/containers/observe.test.ts :: bindMounts: the files of the engine, but for those that the user mounts
stop, those that depend on it first :: system/containers/dependencies.test.ts :: stop: with depend those that depend on it first, each rank at once
clone :: system/cli/clone.test.ts :: clone: the configuration, none of the files, names that are free
cleanup :: system/containers/observe.test.ts :: cleanup: an initialized container is a new one again
refresh after a reboot :: system/faults/reboot.test.ts :: reboot with \${way}: containers in each state\${autoRemove ? ', to be removed at their end' : ''}
events: each status :: system/containers/events.test.ts :: events: each step in the life of a container is written down
events: each end once :: system/containers/events.test.ts :: events: an end is told once, though its monitor and what looked after it were killed
events: since, until, filters :: system/containers/events.test.ts :: events: since, until and filters choose
events: follow :: system/containers/events.test.ts :: events: a follower is told of ends that nobody else looks for
external OCI runtimes :: system/podman/oci-runtimes.test.ts :: \${name}: initialized containers wait, and are started, paused, resumed and stopped
hooks that the monitor runs :: system/containers/isolation.test.ts :: hooks run with the state of the container, in their namespaces
the same as Podman does :: system/podman/compare.test.ts :: podman: a part of the comparison finds no difference that has no reason
mount and unmount, counted :: system/files/mount.test.ts :: mount: counts, shows what the container sees, and is gone with the last unmount
export :: system/files/export.test.ts :: export: GNU tar makes the same tree of it, with owners, links, devices, attributes and times
diff :: system/files/mount.test.ts :: diff: what was added, changed, deleted and replaced, and nothing that the engine did
export: on the command line, of what runs and what ended :: system/cli/files.test.ts :: export: to a file and to stdout, of what runs and of what ended
export: what archives may hold :: unit/tar/round-trip.test.ts :: files with holes: the maps of GNU tar and of pax, as GNU tar writes them
diff: on the command line :: system/cli/files.test.ts :: diff: prints what was added, changed and deleted, as lines or JSON
mount and umount: on the command line :: system/cli/files.test.ts :: mount and umount: count the mounts, print where they are, and list them
cp: in, by names and slashes :: system/cli/copy.test.ts :: cp: names and places of what is copied into a \${state} container
cp: out, by names and slashes :: system/cli/copy.test.ts :: cp: names and places of what is copied out of a \${state} container
cp: owners, modes, links, holes, attributes :: system/cli/copy.test.ts :: cp: owners, modes, links, holes and attributes of a \${state} container's files
cp: archives on stdin and stdout :: system/cli/copy.test.ts :: cp: archives on stdin and stdout, of a \${state} container
cp: from one container to another :: system/cli/copy.test.ts :: cp: from one container to another, and within one
cp: hostile archives :: unit/tar/hostile.test.ts :: pax headers without an end are refused, and take no memory
cp :: system/files/copy.test.ts :: copy: directories and other files replace each other only with overwrite
cp: nothing leads out of the root :: system/files/copy.test.ts :: copy: a racer that swaps directories for links to the host leads nothing out
artifacts :: system/files/artifacts.test.ts :: artifacts: are kept beside the container, replaced and removed, and go with it
update of limits :: system/containers/update.test.ts :: update: limits of a running container change in the kernel, and last
health checks :: launch/health.test.ts :: health: a check that succeeds makes the container healthy, and is run again and again
health checks: what follows from failures :: system/containers/health.test.ts :: health: restart gives an unhealthy container another life
healthcheck run :: system/cli/health.test.ts :: healthcheck run: 0 when healthy, 1 and the word otherwise, 125 after an error
batch: one lock and one look for many calls :: system/containers/batch.test.ts :: batch: holds the lock for all that is done in it
cgroup manager systemd :: system/host/systemd.test.ts :: systemd: a container and its monitor are in groups of one scope, which ends with them
systemd mode :: system/host/systemd-mode.test.ts :: what systemd expects is there: file systems in memory, its machine’s id, cgroups that it may divide
systemd mode: limits and other cgroups are out of reach :: system/host/systemd-mode.test.ts :: its limits are out of its reach, and so is all that is not its own
cgroup manager: what fits the other one :: system/host/systemd.test.ts :: cgroup manager: what fits the other one is refused
user namespaces: auto :: system/containers/userns.test.ts :: auto: containers do not share ids; they are free again when a container is gone
user namespaces: keep-id :: system/containers/userns.test.ts :: keep-id: ids are what they are, in a namespace of its own
user namespaces: of another container :: system/containers/userns.test.ts :: container: joins the namespace of another, with what belongs to it and with what does not
layers shifted by mounts :: system/containers/userns.test.ts :: a layer over a root directory: the lower files are shifted, the upper ones the container’s
checkpoint and restore :: - :: needs CRIU, which is not called
`;

function parse(text) {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [item, file, title] = line.split(' :: ');
      return file === '-' ? { item, missing: title } : { item, file: `test/${file}`, title };
    });
}

export const AREAS = [
  { name: 'Configuration', items: parse(CONFIG) },
  { name: 'State', items: parse(STATE) },
  { name: 'Operations', items: parse(OPERATIONS) },
];
