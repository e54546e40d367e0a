/** Who enters a container, and what comes along. */
import { edit, tests } from './entry.mjs';

const NO_SESSION = [
  edit('native/addon/vfork_exec.cc', 'if (::setsid() < 0) fail(child, "setsid");', ''),
  edit('native/monitor/main.cc', '(void)::setsid();', ''),
  edit('native/ops/session.cc', 'return sys::check(::setsid(), "setsid");', 'return {};'),
];

const KEEP_DESCRIPTORS = [
  edit(
    'native/addon/vfork_exec.cc',
    'if (::syscall(SYS_close_range, first_other, ~0U, CLOSE_RANGE_CLOEXEC) < 0)',
    'if (first_other == 0)',
  ),
  edit('native/monitor/main.cc', 'TRY(sys::close_range(kEngineSocket, UINT_MAX, CLOSE_RANGE_CLOEXEC));', ''),
  edit('native/monitor/init.cc', 'if (first <= last) TRY(', 'if (first > last) TRY('),
];

const ANY_DIRECTORY = [
  edit(
    'native/ops/working_directory.cc',
    'TRY(open_in_root(root.get(), path, O_PATH | O_DIRECTORY));\n  TRY(sys::check(::fchdir',
    'TRY(sys::open(path, O_PATH | O_DIRECTORY));\n  TRY(sys::check(::fchdir',
  ),
  edit('native/ops/working_directory.cc', "if (directory[0] != '/') return", "if (directory[0] == '\\0') return"),
];

export const ENTER = [
  {
    name: 'the program that enters is on a mount of its own that cannot be written to',
    edits: [
      edit('native/addon/sealed_executable.cc', 'if (mount) return std::move(*mount);', 'if (mount) return file;'),
    ],
    tests: [
      ...tests('security/enter.test.ts', 'exec: a container that waits for the programs'),
      ...tests('launch/exec.test.ts', 'the program that entered the container'),
    ],
  },
  {
    name: 'the null device that streams are is on a mount that is read-only',
    edits: [edit('native/core/null_device.cc', '{.set = MOUNT_ATTR_RDONLY}', '{}')],
    tests: [
      ...tests('security/enter.test.ts', 'descriptors: a command in a container that has removed its null device'),
      ...tests('launch/exec.test.ts', 'exec: a stream that is the host’s null device'),
    ],
  },
  {
    name: 'the monitor is started only if nobody else may change it',
    edits: [
      edit(
        'native/addon/sealed_executable.cc',
        'if (!owner_is_trusted || others_may_write) return',
        'if (!owner_is_trusted && !others_may_write && path.empty()) return',
      ),
    ],
    tests: tests('system/native/monitor.test.ts', 'a monitor that others may change is not started'),
  },
  {
    name: 'the monitor and what it clones cannot be traced or looked into',
    edits: [edit('native/monitor/main.cc', 'TRY(sys::prctl(PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE"));', '')],
    tests: tests(
      'security/enter.test.ts',
      'exec: who enters cannot be traced',
      'exec: nor by root of a user namespace',
    ),
  },
  {
    name: 'the first process closes what it has of the monitor',
    edits: [edit('native/monitor/init.cc', 'if (first <= last) TRY(', 'if (first > last) TRY(')],
    tests: tests('launch/handshake.test.ts', 'gate: what waits there has nothing'),
  },
  {
    name: 'a working directory is looked up in the root, and must be reachable; no descriptor of the host is open',
    edits: [...ANY_DIRECTORY, ...KEEP_DESCRIPTORS],
    tests: tests('security/enter.test.ts', 'workdir: no descriptor of the host', 'workdir: that of an image'),
  },
  {
    name: 'descriptors of the caller are closed',
    edits: KEEP_DESCRIPTORS,
    tests: tests('security/enter.test.ts', 'descriptors of a careless caller'),
  },
  {
    name: 'nothing is written in /tmp',
    edits: [
      edit(
        'native/monitor/prepare.cc',
        'const pid_t self = ::getpid();',
        'const pid_t self = ::getpid();\n  (void)sys::open("/tmp/tspod-monitor.log", O_CREAT | O_WRONLY);',
      ),
    ],
    tests: tests('security/enter.test.ts', 'nothing is made under a name that can be guessed'),
  },
  {
    name: 'a container is in a session of its own, without the caller’s terminal',
    edits: NO_SESSION,
    tests: tests('security/confinement.test.ts', 'terminal: nothing is typed into the caller’s'),
  },
  {
    name: 'the log driver passthrough takes no terminal',
    edits: [
      edit(
        'src/cli/create/container.ts',
        "log?.driver === 'passthrough' && [0, 1, 2].some(isTerminal)",
        "log?.driver === ''",
      ),
      edit(
        'src/container/streams/stdio.ts',
        'if (passthrough && [0, 1, 2].some(isTerminal)) {',
        'if (passthrough && isTerminal(-1)) {',
      ),
    ],
    tests: tests('security/confinement.test.ts', 'terminal: the log driver passthrough'),
  },
  {
    name: 'a monitor listens at a path, and not at an abstract name',
    edits: [
      edit(
        'native/monitor/prepare.cc',
        'const std::string path = "/proc/self/fd/"',
        "sockaddr_un open_name{.sun_family = AF_UNIX, .sun_path = {0, 't', 's', 'p', 'o', 'd'}};\n" +
          '  const int open_socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);\n' +
          '  (void)::bind(open_socket, reinterpret_cast<sockaddr*>(&open_name), sizeof open_name.sun_family + 6);\n' +
          '  const std::string path = "/proc/self/fd/"',
      ),
      edit(
        'native/monitor/prepare.cc',
        '#include <sys/prctl.h>',
        '#include <sys/prctl.h>\n#include <sys/socket.h>\n#include <sys/un.h>',
      ),
    ],
    tests: tests('security/confinement.test.ts', 'network: host: no socket of ours'),
  },
];
