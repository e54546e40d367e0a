/** Masks, seccomp, devices, users and what they may, cgroups. */
import { edit, tests } from './entry.mjs';

export const CONFINEMENT = [
  {
    name: 'paths of /proc are hidden',
    edits: [edit('src/spec/confinement/masks.ts', "  '/proc/timer_list',\n", '')],
    tests: tests('security/confinement.test.ts', 'masks: all that was once forgotten'),
    isQuick: true,
  },
  {
    name: 'sockets of AF_ALG and AF_VSOCK are refused',
    edits: [edit('src/spec/confinement/seccomp.ts', 'const denied = [AF_ALG, AF_VSOCK];', 'const denied = [];')],
    tests: tests('security/confinement.test.ts', 'seccomp: no sockets of AF_ALG'),
  },
  {
    name: 'calls that are not on the list are refused',
    edits: [edit('src/spec/confinement/seccomp-default.ts', '`access chdir', '`access io_uring_setup chdir')],
    tests: [
      ...tests('security/confinement.test.ts', 'seccomp: calls that have led out'),
      ...tests('unit/spec/seccomp.test.ts', 'with ${name} capabilities'),
    ],
  },
  {
    name: 'the device cgroup denies what no rule allows',
    edits: [edit('src/plan/cgroups.ts', 'if (rules.length === 0) return;', 'if (rules.length >= 0) return;')],
    tests: tests('security/confinement.test.ts', 'devices: only those of the list'),
  },
  {
    name: 'the value of a sysctl cannot hold a second line',
    edits: [
      edit(
        'src/spec/confinement/sysctls.ts',
        'if (bad || value.length > 1024) throw',
        'if (bad && value.length > 1024) throw',
      ),
    ],
    tests: tests('security/confinement.test.ts', 'sysctls: none that smuggles another'),
  },
  {
    name: 'lists of CPUs are checked before anything is made',
    edits: [edit('src/spec/limits/resources.ts', 'if (list !== undefined && !isCpuList(list))', "if (list === '')")],
    tests: tests('security/confinement.test.ts', 'numbers: lists that would be endless'),
  },
  {
    name: 'annotations do not change what tspod does',
    edits: [
      edit(
        'src/spec/normalize.ts',
        'const privileged = options.privileged ?? false;\n  return { privileged, capAdd',
        "const privileged = options.annotations?.['io.podman.annotations.privileged'] === 'true' || (options.privileged ?? false);\n  return { privileged, capAdd",
      ),
    ],
    tests: tests('security/confinement.test.ts', 'images and callers: no label or annotation'),
  },
  {
    name: 'what is a number is not looked up as a name',
    edits: [
      edit(
        'native/ops/accounts.cc',
        'return id ? *id == number : name == text;',
        'return name == text || (id && *id == number);',
      ),
    ],
    tests: tests('system/containers/identity.test.ts', 'run and exec: users, groups'),
  },
  {
    name: 'root has no inheritable capabilities',
    edits: [
      edit(
        'src/plan/process.ts',
        'permitted: bounding,\n    inheritable: 0n,',
        'permitted: bounding,\n    inheritable: bounding,',
      ),
    ],
    tests: tests('system/containers/identity.test.ts', 'a capability that was added by name'),
  },
  {
    name: 'a user other than root has only the capabilities that were added by name',
    edits: [
      edit(
        'src/plan/process.ts',
        'const added = capabilityMask(identity.addedCapabilities);',
        'const added = bounding;',
      ),
      edit(
        'src/spec/confinement/capabilities.ts',
        'const added = addedCapabilities(config.capAdd, bounding);',
        'const added = bounding;',
      ),
    ],
    tests: tests('security/users.test.ts', 'users: one who is not root has no capabilities'),
  },
  {
    name: 'exec as another user does not get capabilities that were added by name',
    edits: [edit('src/spec/exec.ts', 'capAdd: user === config.user ? config.capAdd : []', 'capAdd: config.capAdd')],
    tests: tests('system/containers/identity.test.ts', 'exec: a capability that was added by name'),
  },
  {
    name: 'hooks in the container’s root run only after privileges have been dropped',
    edits: [
      edit('src/plan/launch.ts', '  addDrop(builder, process, request);\n', ''),
      edit(
        'src/plan/launch.ts',
        '  addProgram(builder, process, request);\n',
        '  addDrop(builder, process, request);\n  addProgram(builder, process, request);\n',
      ),
    ],
    tests: [
      ...tests('security/users.test.ts', 'users: a hook whose program is the image’s'),
      ...tests('unit/plan/launch.test.ts', 'hooks run where the specification has them'),
    ],
  },
  {
    name: 'supplementary groups of the caller are dropped',
    edits: [
      edit(
        'native/ops/identity.cc',
        'if (::setgroups(identity.groups.size(), identity.groups.data()) == 0) return {};',
        'if (!identity.groups.empty()) return {};',
      ),
    ],
    tests: tests('security/users.test.ts', 'users: groups of the caller do not come along'),
  },
  {
    name: 'files of accounts are opened without waiting',
    edits: [edit('native/ops/accounts.cc', 'O_RDONLY | O_NONBLOCK | O_NOCTTY', 'O_RDONLY | O_NOCTTY')],
    tests: tests('security/users.test.ts', 'users: files of accounts without measure'),
  },
  {
    name: 'listing processes does not block on a pipe',
    edits: [
      edit('native/addon/file.cc', 'O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK', 'O_RDONLY | O_CLOEXEC | O_NOCTTY'),
    ],
    tests: tests('security/users.test.ts', 'top: a container that makes its accounts endless'),
  },
  {
    name: 'a command has the capabilities of its container',
    edits: [
      edit(
        'src/spec/exec.ts',
        'privileged ? givenCapabilities(facts) : boundingCapabilities(config, facts)',
        'givenCapabilities(facts)',
      ),
    ],
    tests: [
      ...tests('unit/spec/exec.test.ts', 'an exec never holds more than its container'),
      ...tests('system/cli/exec.test.ts', 'exec: the rights are those of the container, or all with --privileged'),
    ],
  },
  {
    name: 'the command enters the cgroups',
    edits: [
      edit(
        'src/plan/cgroups.ts',
        "if (directory.hierarchy.version === 1) builder.add('init', 'cgroupEnter'",
        "if (directory.hierarchy.version === 0) builder.add('init', 'cgroupEnter'",
      ),
    ],
    tests: tests('system/containers/userns.test.ts', 'all processes of a container in a user namespace'),
  },
  {
    name: 'a cgroup that is divided lies below the one with the limits',
    edits: [edit('src/plan/cgroup-placement.ts', 'return `${path}/${DELEGATED}`;', 'return path;')],
    tests: tests('system/host/systemd-mode.test.ts', 'its limits are out of its reach'),
  },
  {
    name: 'cgroups in a cgroup have an end',
    edits: [edit('src/plan/cgroup-delegation.ts', 'const MOST_LEVELS = 100;', 'const MOST_LEVELS = 10_000;')],
    tests: tests('system/host/systemd-mode.test.ts', 'groups in groups come to an end'),
  },
  {
    name: 'the monitor stays out of the container’s cgroups',
    edits: [
      edit(
        'src/plan/cgroups.ts',
        'if (guardsDevices(placement, directory)) limitDevices(',
        "builder.add('prepare', 'writeFileAt', { slot, name: 'cgroup.procs', value: '0' });\n    if (guardsDevices(placement, directory)) limitDevices(",
      ),
    ],
    tests: tests('security/users.test.ts', 'memory: a container that takes all of it'),
  },
  {
    name: 'shared memory has a size',
    edits: [edit('src/spec/files/default-mounts.ts', '`size=${config.shmSizeBytes}`, ', '')],
    tests: tests('system/files/shared-memory.test.ts', 'what does not fit is refused by the kernel'),
  },
  {
    name: 'the store is closed to others',
    edits: [
      edit(
        'src/engine/open.ts',
        '{ recursive: true, mode: 0o700 }) !== undefined) chmodSync(directory, 0o700);',
        '{ recursive: true, mode: 0o755 }) !== undefined) chmodSync(directory, 0o755);',
      ),
    ],
    tests: [
      ...tests('system/containers/userns.test.ts', 'the store is closed to the container’s root'),
      ...tests('security/storage.test.ts', 'store: it is closed to others'),
    ],
  },
];
