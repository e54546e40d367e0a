/**
 * The steps that a launch plan may hold: the only place where step codes and their fields are written.
 * `scripts/generate-plan.mjs` turns this table into `native/plan/ops.gen.h` (codes, structs, decoders). The numbers
 * that fields take have names in `codes.ts`.
 *
 * The order of the fields here is their order on the wire. Slots are numbered descriptors that the steps of one plan
 * share: a step that opens something fills a slot, and later steps use it, also in the cloned child, which inherits the
 * slots.
 */
import type { FieldsOf, RecordShape } from '../util/wire.js';

/**
 * Version of the plan format. Raised whenever a code, a field or the framing changes; the monitor refuses any other
 * version.
 */
export const PLAN_VERSION = 1;

/** `TSPL`, little endian: the first four bytes of every plan. */
export const PLAN_MAGIC = 0x4c505354;

/** Highest number of slots of one plan. */
export const MAX_SLOTS = 512;

/** Value of a slot or descriptor field that is not used. */
export const NONE = -1;

/**
 * Where a step runs.
 *
 * - `settings`: no effect of its own; tells the monitor how to supervise (logs, records, restart policy).
 * - `prepare`: the monitor, in the host's namespaces, before the clone; `clone` is its last step.
 * - `network`: the monitor, right after the clone, while the child is at work; a child that awaits `afterClone` awaits
 *   this stage as well.
 * - `afterClone`: the monitor, when the child awaits it (identity maps, identity-mapped mounts).
 * - `beforePivot`: the monitor, when the child awaits it (prestart and createRuntime hooks).
 * - `init`: the container's first process, in order, up to `exec`.
 * - `started`: the monitor, after exec has succeeded (poststart hooks).
 * - `teardown`: the monitor after the container has ended, or the addon if the monitor died. Every step may be
 *   repeated.
 * - `sweep`: like teardown and after it, when nobody waits any more: work that takes the kernel long and blocks nobody.
 */
export const STAGES = [
  'settings',
  'prepare',
  'network',
  'afterClone',
  'beforePivot',
  'init',
  'started',
  'teardown',
  'sweep',
] as const;
export type Stage = (typeof STAGES)[number];

export const OPS = {
  // --- descriptors
  /** open(2) of a host path into a slot; close-on-exec is added. */
  openPath: { code: 1, fields: { slot: 'u32', path: 'str', flags: 'u32' } },
  /** Copies a descriptor that the monitor was spawned with into a slot. */
  inheritFd: { code: 2, fields: { slot: 'u32', fd: 'u32' } },
  /**
   * Opens a pidfd of a process that still has this start time (clock ticks since boot, /proc/PID/stat field 22; 0:
   * any).
   */
  openProcess: { code: 3, fields: { slot: 'u32', pid: 'u32', startTime: 'u64' } },
  /**
   * Opens a pidfd of the first process of another container, to join its namespaces: of the process that runs now, as
   * recorded in `state`, the state file of that container's monitor. ESRCH if none runs. If a launch fails because the
   * other container no longer runs, a restart policy tries again.
   */
  openDonor: { code: 4, fields: { slot: 'u32', id: 'str', state: 'str' } },

  // --- namespaces
  /**
   * setns(2): `flags` are CLONE_NEW* bits; the slot holds a namespace descriptor or a pidfd. In `prepare`, `afterClone`
   * and `init`: the monitor also uses it to enter a donor's mount namespace, to take a mount out of it, or to leave its
   * private one, and to return.
   */
  joinNamespaces: { code: 10, fields: { slot: 'u32', flags: 'u32' } },
  /**
   * unshare(2). The root of a new cgroup namespace is the cgroup of the caller at this moment, so the step comes after
   * cgroupEnter or a clone into a cgroup.
   */
  unshare: { code: 11, fields: { flags: 'u32' } },
  /**
   * Sets the offset of a clock in the time namespace that this process's children will be in; after
   * unshare(CLONE_NEWTIME).
   */
  timeOffset: { code: 12, fields: { clock: 'str', seconds: 'i64', nanoseconds: 'u32' } },
  /** clone3(2) of the container's first process; `cgroupSlot` is for CLONE_INTO_CGROUP, or NONE. */
  clone: { code: 13, fields: { flags: 'u64', cgroupSlot: 'i32' } },
  /**
   * Writes the child's uid_map and gid_map ("inside outside count" lines); `denySetgroups` 1 writes setgroups deny
   * first.
   */
  idMaps: { code: 14, fields: { uidMap: 'str', gidMap: 'str', denySetgroups: 'u32' } },
  /** Opens the child's namespace of one kind (a name under /proc/PID/ns) into a slot. */
  openChildNamespace: { code: 15, fields: { slot: 'u32', kind: 'str' } },
  /**
   * Child: asks the monitor to run the stage `awaited` (its index in STAGES: afterClone, beforePivot), or with `gate` 1
   * waits for the start command, then goes on.
   */
  awaitStage: { code: 16, fields: { awaited: 'u32', gate: 'u32' } },
  /**
   * Bind mounts this process's namespace of one kind on a file, which is created if missing, so that the namespace
   * stays (pins it).
   */
  pinNamespace: { code: 17, fields: { kind: 'str', path: 'str' } },
  /** Child in a new user namespace: becomes uid 0 and gid 0 of it before mounting. */
  becomeNamespaceRoot: { code: 18, fields: {} },
  /**
   * Lets the clone make its child in the user namespace of the slot, to which the child's new namespaces then belong. A
   * process cannot return from a user namespace, so one in between joins it and makes the child.
   */
  cloneInUserNamespace: { code: 19, fields: { slot: 'u32' } },
  /**
   * For a container that has divided the clone's cgroup, which then takes no process of its own (EBUSY): lets the clone
   * make its child in the group below it that the process of the slot (a pidfd) is in. `group` is the clone's cgroup as
   * /proc/PID/cgroup names it.
   */
  cloneBeside: { code: 121, fields: { slot: 'u32', group: 'str' } },

  // --- cgroups
  /** mkdir -p of a cgroup, which is then opened into the slot. */
  cgroupCreate: { code: 20, fields: { slot: 'u32', path: 'str' } },
  /** Writes a value, in one write(2), to a file in the directory that the slot holds. */
  writeFileAt: { code: 21, fields: { slot: 'u32', name: 'str', value: 'str' } },
  /**
   * Moves the caller (in init) or the child (in the monitor's stages) into the cgroup: writes the pid to `file` (tasks,
   * or cgroup.procs).
   */
  cgroupEnter: { code: 22, fields: { slot: 'u32', file: 'str' } },
  /** Loads an eBPF device program (64-bit instructions) and attaches it to a v2 cgroup. */
  cgroupDevices: { code: 23, fields: { slot: 'u32', program: 'bytes' } },
  /**
   * Kills what still runs in the cgroup and its children, then removes them; what is gone is success. Among the
   * hierarchies of version 1 the freezer's comes first: a frozen process does not die before it is thawed. EBUSY if a
   * process does not end for ten seconds.
   */
  cgroupRemove: { code: 24, fields: { path: 'str' } },

  /** Gives the cgroup in the slot to this user and group of the host: its directory, and those of these files that exist. */
  cgroupOwner: { code: 26, fields: { slot: 'u32', files: 'strs', uid: 'u32', gid: 'u32' } },

  /**
   * cgroup v1 cpuset: fills empty cpuset.cpus and cpuset.mems of each directory, from the hierarchy's mount point down
   * to `path`, with those of its parent: no process can enter a group in which they are empty.
   */
  cpusetInherit: { code: 25, fields: { path: 'str' } },

  // --- mounts
  /** mount(2) of "/" with propagation flags (MS_PRIVATE, MS_SLAVE, ... and MS_REC). */
  rootPropagation: { code: 30, fields: { flags: 'u64' } },
  /**
   * fsopen, fsconfig ("key=value", or "flag"), fsmount: a detached mount in the slot; `attributes` are MOUNT_ATTR_*
   * bits.
   */
  mountFs: { code: 31, fields: { slot: 'u32', type: 'str', options: 'strs', attributes: 'u64' } },
  /** open_tree(OPEN_TREE_CLONE) of a host path: a detached bind mount in the slot. */
  openTree: { code: 32, fields: { slot: 'u32', path: 'str', recursive: 'u32' } },
  /**
   * mount_setattr(2) on the slot's mount; `usernsSlot` is for MOUNT_ATTR_IDMAP, or NONE. `propagation` is an MS_* flag,
   * or 0.
   */
  mountAttributes: {
    code: 33,
    fields: { slot: 'u32', set: 'u64', clear: 'u64', propagation: 'u64', recursive: 'u32', usernsSlot: 'i32' },
  },
  /**
   * move_mount onto a host path (the staging directory of a root, a mount point of the engine); the path must exist.
   */
  attachMount: { code: 34, fields: { slot: 'u32', path: 'str' } },
  /**
   * move_mount onto a path that is resolved inside the root slot. `create` says how a missing target is made (parents
   * 0755, files 0644). Symlinks never lead out of the root; /proc and magic links are refused as the resolver's rules
   * say.
   */
  attachInRoot: { code: 35, fields: { slot: 'u32', rootSlot: 'u32', target: 'str', create: 'u32' } },
  /** pivot_root to the slot's mount; detaches the old root, and ends with the working directory at "/". */
  pivotRoot: { code: 36, fields: { rootSlot: 'u32' } },
  /**
   * Hides a path, read-only: a file under the host's /dev/null inode, a directory under an empty read-only tmpfs;
   * missing is success.
   */
  maskPath: { code: 37, fields: { rootSlot: 'u32', path: 'str' } },
  /** Makes a path read-only with a bind mount of itself; missing is success. */
  readonlyPath: { code: 38, fields: { rootSlot: 'u32', path: 'str' } },
  /** umount2 (MNT_DETACH, no symlink) of a host path; not mounted is success. */
  unmount: { code: 39, fields: { path: 'str' } },
  /** Remounts the root itself read-only (mount_setattr on "/", not recursive), after pivotRoot. */
  readonlyRoot: { code: 40, fields: {} },
  /**
   * Copies the content of a directory in the root into the tmpfs in the slot before that is attached (tmpcopyup);
   * bounded.
   */
  copyUp: { code: 41, fields: { slot: 'u32', rootSlot: 'u32', path: 'str' } },
  /** Sets the propagation of "/" after pivot_root (rootfsPropagation). */
  setRootPropagation: { code: 42, fields: { flags: 'u64' } },
  /** open_tree(OPEN_TREE_CLONE) of a path inside the root slot (a bind of a part of the container's own tree). */
  openTreeInRoot: { code: 43, fields: { slot: 'u32', rootSlot: 'u32', path: 'str', recursive: 'u32' } },

  /**
   * Mounts an overlay with more lower layers than one option holds, detached, into the slot. With `append` each layer
   * is given by itself (`lowerdir+`, Linux 6.8); without it, and where the kernel does not know that option, mount(2)
   * mounts the overlay on the directory `frame` for a moment, which must be visible in this mount namespace only.
   */
  mountLayers: {
    code: 44,
    fields: { slot: 'u32', lowerDirs: 'strs', options: 'strs', append: 'u32', frame: 'str' },
  },

  // --- files inside a root (resolved beneath the root slot) or, with `rootSlot` of a host directory, on the host
  makeDirectory: { code: 50, fields: { rootSlot: 'u32', path: 'str', mode: 'u32', uid: 'u32', gid: 'u32' } },
  makeNode: {
    code: 51,
    fields: { rootSlot: 'u32', path: 'str', mode: 'u32', major: 'u32', minor: 'u32', uid: 'u32', gid: 'u32' },
  },
  makeSymlink: { code: 52, fields: { rootSlot: 'u32', path: 'str', target: 'str' } },
  /** Creates or replaces a regular file (never through a symlink as last component). */
  makeFile: { code: 53, fields: { rootSlot: 'u32', path: 'str', mode: 'u32', content: 'bytes' } },
  /**
   * Writes to the file in `slot`: `first`, the lines of the root's file at `path` (none if it is missing), then the
   * lines of `last`. `ids` 1 is for lines of /etc/passwd and /etc/group: a line of `last` is left out if an earlier
   * line has the same third field (the id), and a fourth field that names a group is replaced by the group's number.
   */
  extendFile: {
    code: 59,
    fields: { slot: 'u32', rootSlot: 'u32', path: 'str', first: 'str', last: 'strs', ids: 'u32' },
  },
  setXattr: { code: 54, fields: { rootSlot: 'u32', path: 'str', name: 'str', value: 'bytes' } },
  /** Removes a file or socket on the host; missing is success. */
  removeFile: { code: 55, fields: { path: 'str' } },
  /**
   * Removes a record on the host of what is to be undone. The record stays if a step of the teardown or the sweep has
   * failed before. Missing is success.
   */
  removeRecord: { code: 120, fields: { path: 'str' } },
  /** Removes a directory tree on the host without following links; missing is success. */
  removeTree: { code: 56, fields: { path: 'str' } },

  // --- the process
  hostname: { code: 60, fields: { name: 'str' } },
  domainname: { code: 61, fields: { name: 'str' } },
  /** `key` is a path below /proc/sys with slashes; written through a private procfs handle. */
  sysctl: { code: 62, fields: { key: 'str', value: 'str' } },
  linkUp: { code: 63, fields: { name: 'str' } },
  /**
   * setrlimit(2). In init: of the caller. In afterClone and beforePivot: of the child, from outside, with the monitor's
   * rights.
   */
  rlimit: { code: 64, fields: { resource: 'u32', soft: 'u64', hard: 'u64' } },
  /**
   * Raises a hard limit to at least this value and leaves the soft limit, so that `rlimit`, which may only lower it in
   * a user namespace, can come later. Applies to the process that rlimit applies to.
   */
  raiseLimit: { code: 119, fields: { resource: 'u32', hard: 'u64' } },
  /** Sets oom_score_adj of the caller in init, of the child in the monitor's stages. */
  oomScoreAdj: { code: 65, fields: { value: 'i32' } },
  /** Umask of the command. Init itself works with umask 0; without this step the command has 0022. */
  umask: { code: 66, fields: { mask: 'u32' } },
  personality: { code: 67, fields: { persona: 'u64' } },
  /** sched_setattr(2) on the process that rlimit applies to. */
  scheduler: {
    code: 68,
    fields: {
      policy: 'u32',
      flags: 'u64',
      nice: 'i32',
      priority: 'u32',
      runtime: 'u64',
      deadline: 'u64',
      period: 'u64',
    },
  },
  /** ioprio_set(2) on the process that rlimit applies to. */
  ioPriority: { code: 69, fields: { class: 'u32', level: 'u32' } },
  /** CPU list as in cpuset(7), for sched_setaffinity(2). */
  cpuAffinity: { code: 70, fields: { cpus: 'str' } },
  /** Joins a new session keyring of this name (keyctl KEYCTL_JOIN_SESSION_KEYRING). */
  sessionKeyring: { code: 71, fields: { name: 'str' } },
  /**
   * Opens a pty in the root's devpts: the child opens it, sends the master to the monitor, and makes it its controlling
   * terminal and descriptors 0-2; `console` 1 also bind mounts it on /dev/console. Needs settings `stdio` with terminal
   * 1.
   */
  terminal: { code: 72, fields: { rootSlot: 'u32', rows: 'u32', columns: 'u32', console: 'u32' } },
  /** setsid(2). */
  newSession: { code: 73, fields: {} },
  /** Gives the pipes that the clone makes for the standard streams to this user and group of the host. */
  streamOwner: { code: 75, fields: { uid: 'u32', gid: 'u32' } },
  /** Moves a slot's descriptor to this number in the command (3 and up); everything else is closed on exec. */
  exposeFd: { code: 74, fields: { slot: 'u32', fd: 'u32' } },

  // --- identity and security
  /**
   * Looks up "user[:group]" (names or numbers; "" is 0:0) in the root's /etc/passwd and /etc/group, and keeps uid, gid,
   * supplementary groups and home for later steps. `groups` adds names or numbers. A number that has no line is taken
   * as that uid, with group 0.
   */
  lookUpUser: { code: 80, fields: { rootSlot: 'u32', user: 'str', groups: 'strs' } },
  /** Takes these ids instead of a look-up. */
  useIds: { code: 81, fields: { uid: 'u32', gid: 'u32', groups: 'u32s' } },
  /**
   * setgroups, setresgid and setresuid to the ids kept, with the permitted capabilities kept for `capabilities`. The
   * command's pipes and terminal are given to its user.
   */
  setIds: { code: 82, fields: {} },
  /** Drops all capabilities that are not in the mask (bit = capability number) from the bounding set. */
  boundingCapabilities: { code: 83, fields: { mask: 'u64' } },
  /** Sets the capability sets (capset) and the ambient set, if the user is one that `applies` names. */
  capabilities: {
    code: 84,
    fields: { applies: 'u32', effective: 'u64', permitted: 'u64', inheritable: 'u64', ambient: 'u64' },
  },
  noNewPrivileges: { code: 85, fields: {} },
  /** Installs a compiled BPF filter; `flags` are SECCOMP_FILTER_FLAG_* bits. */
  seccomp: { code: 86, fields: { flags: 'u32', filter: 'bytes' } },
  apparmor: { code: 87, fields: { profile: 'str' } },
  /** SELinux label for exec. */
  selinux: { code: 88, fields: { label: 'str' } },

  // --- hooks and exec
  /**
   * Runs an OCI hook: its stdin is stateBefore + the container's pid in decimal + stateAfter. `timeoutMs` 0: no limit.
   * ETIMEDOUT, or ECHILD with the hook's output.
   */
  hook: {
    code: 90,
    fields: { path: 'str', args: 'strs', env: 'strs', timeoutMs: 'u32', stateBefore: 'bytes', stateAfter: 'bytes' },
  },
  /**
   * chdir; with `create` 1 a missing directory is made (owned by the ids kept). Fails if the directory lies outside the
   * root.
   */
  workingDirectory: { code: 91, fields: { path: 'str', create: 'u32' } },
  /**
   * Forks: PID 1 stays as a tiny init that reaps children and forwards signals, and the child goes on with the next
   * step. Best last before exec: PID 1 keeps the ids, capabilities and filter that it has by then.
   */
  becomeInit: { code: 92, fields: {} },
  /**
   * execve; a file without "/" is looked up in PATH of `env`. With `setHome` 1, HOME is added from the user look-up if
   * env has none.
   */
  exec: { code: 93, fields: { args: 'strs', env: 'strs', setHome: 'u32' } },
  /**
   * In place of `exec`: runs no program, reaps the processes that are reparented to it, and ends with exit code 0 after
   * SIGTERM, SIGINT or SIGQUIT.
   */
  pause: { code: 94, fields: {} },

  // --- another OCI runtime
  /**
   * Runs a program of the host to its end, with /dev/null as its stdin. `timeoutMs` 0: no limit. ETIMEDOUT, or ECHILD
   * with the program's output.
   */
  runProgram: { code: 96, fields: { path: 'str', args: 'strs', env: 'strs', timeoutMs: 'u32' } },
  /**
   * In place of `clone`: runs the `create` command of an OCI runtime, whose container gets the streams of the settings,
   * and takes the process that `pidFile` names as the first process; it becomes a child of the monitor. `console` is
   * the name of a socket in the run directory to which the runtime sends the terminal's master; "" without a terminal.
   * The `afterClone` stage lets the container go on, with `gate` 1 only after the start command.
   */
  adopt: {
    code: 97,
    fields: { path: 'str', args: 'strs', env: 'strs', pidFile: 'str', console: 'str', gate: 'u32' },
  },

  // --- networks
  /**
   * Makes a new network namespace, which no process has entered yet, in the slot. A slot that holds one keeps it: a
   * restarted container stays in its own.
   */
  networkNamespace: { code: 110, fields: { slot: 'u32' } },
  /**
   * Opens a netlink socket of a protocol (NETLINK_ROUTE 0, NETLINK_NETFILTER 12) into the slot, in the network
   * namespace of `namespaceSlot`; NONE is the caller's.
   */
  netlinkSocket: { code: 111, fields: { slot: 'u32', protocol: 'u32', namespaceSlot: 'i32' } },
  /**
   * Sends messages, as one, on the netlink socket in the slot. Fails with the first errno among the replies that is not
   * in `accepted`; `words[N]` describes message number N (nlmsg_seq) in the error. Before sending, numbers are written
   * into the bytes: at `linkOffsets` the indexes of the links named in `links`, at `slotOffsets` the descriptor numbers
   * of `slots`. The first `probe` bytes are requests that are sent first, alone, on the socket in `probeSlot`; whether
   * the rest is sent depends on what they find, as `condition` says. Nor is the rest sent while another process holds a
   * lock (flock(2)) on the file `unlessLocked` ('': no such file).
   */
  netlink: {
    code: 112,
    fields: {
      socketSlot: 'u32',
      words: 'strs',
      messages: 'bytes',
      linkOffsets: 'u32s',
      links: 'strs',
      slotOffsets: 'u32s',
      slots: 'u32s',
      accepted: 'u32s',
      probe: 'u32',
      probeSlot: 'u32',
      condition: 'u32',
      expected: 'bytes',
      unlessLocked: 'str',
    },
  },
  /** Like `sysctl`, in the network namespace of the slot; NONE is the caller's. */
  networkSysctl: { code: 113, fields: { namespaceSlot: 'i32', key: 'str', value: 'str' } },
  /**
   * Binds a socket to a port of the host, so that no other process takes it, and holds it until the teardown.
   * `protocol` is 6 (tcp) or 17 (udp). With `targets` the socket listens as well (tcp), and the monitor forwards
   * connections to ::1 to `targetPort` of the first of these addresses that accepts them. EADDRINUSE. A port that is
   * held already is success, and its connections go to the new targets.
   */
  holdPort: {
    code: 114,
    fields: { protocol: 'u32', address: 'str', port: 'u32', targets: 'strs', targetPort: 'u32' },
  },
  /**
   * Takes the lock of an existing file and keeps it for as long as the monitor lives. EWOULDBLOCK if another process
   * has it. A lock that is held already is success.
   */
  holdFile: { code: 117, fields: { path: 'str' } },
  /**
   * Opens a file, made if missing, and waits for its flock(2). closeSlot, or the end of the process, releases the lock.
   */
  lockFile: { code: 115, fields: { slot: 'u32', path: 'str' } },
  closeSlot: { code: 116, fields: { slot: 'u32' } },
  /**
   * Removes UDP flows to these ports of the host from the kernel's connection tracking, over the netlink socket
   * (NETLINK_NETFILTER) in the slot, so that the current rules apply to their next packets.
   */
  forgetFlows: { code: 122, fields: { socketSlot: 'u32', ports: 'u32s' } },
  /**
   * Removes the lines of a container from the files that aardvark-dns reads in `directory`, removes files that have no
   * container left, has the aardvark-dns that runs for it reload (SIGHUP), and removes `file`. If no container is left,
   * aardvark-dns is ended, and the directory and `lock` are removed. flock(2) of `lock` is held throughout; '': the
   * caller holds it. `id` '': no line is removed, and aardvark-dns reloads in any case. `file` '': none; otherwise it
   * stays under the same condition as that of `removeRecord`. A missing directory is success.
   */
  forgetNames: { code: 118, fields: { directory: 'str', lock: 'str', id: 'str', file: 'str' } },

  // --- settings: how the monitor supervises
  /**
   * The run directory (state, exit record and attach socket are relative to it), and the id, which goes into names of
   * processes.
   */
  runDirectory: { code: 100, fields: { path: 'str', id: 'str' } },
  /**
   * Standard streams: stdin, stdout and stderr are each a `streamKind`. `terminal` 1: all three are a pty. `keepStdin`
   * 1: stdin stays open while no client is attached; `stdinOnce` 1: stdin is closed when the first client that had it
   * detaches.
   */
  stdio: {
    code: 101,
    fields: {
      stdin: 'u32',
      stdout: 'u32',
      stderr: 'u32',
      stdinSlot: 'i32',
      stdoutSlot: 'i32',
      stderrSlot: 'i32',
      terminal: 'u32',
      keepStdin: 'u32',
      stdinOnce: 'u32',
    },
  },
  /** Log driver and its file. `maxBytes` 0: no limit; `maxFiles` counts the current file. */
  log: { code: 102, fields: { driver: 'u32', path: 'str', maxBytes: 'u64', maxFiles: 'u32', mode: 'u32' } },
  /** Restart policy. `maxRetries` 0: no limit; the back-off doubles from the first delay to the last. */
  restart: { code: 103, fields: { policy: 'u32', maxRetries: 'u32', firstDelayMs: 'u32', lastDelayMs: 'u32' } },
  /** Sends SIGKILL after this time from the start; the exit record says that the container timed out. */
  timeLimit: { code: 104, fields: { milliseconds: 'u64' } },
  /** The count of OOM kills: a file in the cgroup of the slot, and the key in it. */
  oomCounter: { code: 105, fields: { slot: 'u32', file: 'str', key: 'str' } },
  /** Writes the monitor's or init's pid to a file. */
  pidFile: { code: 106, fields: { which: 'u32', path: 'str' } },
  /** Kind of what the monitor supervises: a `monitorRole`. */
  role: { code: 107, fields: { kind: 'u32' } },
  /**
   * How to check the health of the container. `plan` is the plan of a monitor whose role is `check`; it finds a pidfd
   * of the container's first process as descriptor 4 and its output as 5. It is run every `intervalMs` (0: only on
   * request) and has failed after `timeoutMs`. That many `failures` in a row make the container unhealthy, or, of a
   * start-up check, restart it (0: never); that many `successes` in a row make a start-up check succeed. A failure
   * within `graceMs` of the start does not count.
   */
  healthCheck: {
    code: 108,
    fields: {
      kind: 'u32',
      plan: 'bytes',
      intervalMs: 'u64',
      timeoutMs: 'u64',
      failures: 'u32',
      successes: 'u32',
      graceMs: 'u64',
    },
  },
  /**
   * Consequences of the health checks. `onFailure` is a `failureAction`. To stop the container, `stopSignal` is sent,
   * and SIGKILL after `stopTimeoutMs`. The record keeps `logEntries` results with `outputBytes` of output each. While
   * the file `freezer` holds anything but `thawed`, no check runs ('': the container is never frozen).
   */
  health: {
    code: 109,
    fields: {
      onFailure: 'u32',
      stopSignal: 'u32',
      stopTimeoutMs: 'u64',
      logEntries: 'u32',
      outputBytes: 'u32',
      freezer: 'str',
      thawed: 'str',
    },
  },
} as const satisfies Readonly<Record<string, RecordShape>>;

export type OpName = keyof typeof OPS;

/** The operands of one step. */
export type Operands<N extends OpName> = FieldsOf<(typeof OPS)[N]>;

/** One step of a plan. The failure of an `optional` step is ignored. */
export type Step<N extends OpName = OpName> = {
  readonly [K in N]: { readonly op: K; readonly stage: Stage; readonly optional?: boolean } & Operands<K>;
}[N];

/** All steps of an operation, those of each stage in the order in which they run. */
export interface Plan {
  readonly steps: readonly Step[];
}
