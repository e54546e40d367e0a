/** Monitors, logs, clients. */
import { edit, tests } from './entry.mjs';

export const MONITORS = [
  {
    name: 'of a check’s output only the first bytes are kept',
    edits: [
      edit(
        'native/monitor/checking.cc',
        'checks.settings.output_bytes - std::min<size_t>(kept.size(), checks.settings.output_bytes);',
        '2 * checks.settings.output_bytes - std::min<size_t>(kept.size(), 2 * checks.settings.output_bytes);',
      ),
    ],
    tests: tests('launch/health.test.ts', 'health: of much output the first bytes are kept'),
  },
  {
    name: 'whoever is ended with a command is held, and is a child of one who is',
    edits: [
      edit(
        'native/monitor/kill_tree.cc',
        '  if (parent_of(pid) != parent.pid || !child.is_there() || !parent.is_there()) return;\n',
        '  (void)parent_of(pid);\n',
      ),
      edit(
        'native/monitor/kill_tree.cc',
        '(void)sys::pidfd_send_signal(found[i - 1].pidfd.get(), SIGKILL);',
        '(void)::kill(found[i - 1].pid, SIGKILL);',
      ),
    ],
    tests: tests('security/monitors.test.ts', 'health: a check that reaps its children'),
  },
  {
    name: 'whoever is ended with a cgroup is still listed there when its process is held',
    edits: [
      edit('native/ops/cgroup_remove.cc', '      if (!std::ranges::binary_search(listed, member.pid)) continue;\n', ''),
    ],
    tests: tests('launch/cgroups.test.ts', 'cgroupRemove: who is in the group no longer'),
  },
  {
    name: 'a client that does not read holds the output back',
    edits: [
      edit(
        'native/monitor/clients.cc',
        'client->outgoing.size() > kClientQueueBytes;',
        'client->outgoing.size() > (size_t(1) << 30);',
      ),
    ],
    tests: tests('launch/attach.test.ts', 'attach: a slow client slows the container down'),
  },
  {
    name: 'the log is no link',
    edits: [edit('native/monitor/log_file.cc', 'kSafely = O_NOFOLLOW | ', 'kSafely = ')],
    tests: tests('launch/logs.test.ts', 'logs: a symlink at the path is refused'),
  },
  {
    name: 'the log is no pipe',
    edits: [edit('native/monitor/log_file.cc', 'O_NOCTTY | O_NONBLOCK;', 'O_NOCTTY;')],
    says: 'waited \\d+ ms for',
    tests: tests('launch/logs.test.ts', 'logs: a fifo at the path is refused'),
  },
  {
    name: 'a launch message must have the length it states',
    edits: [edit('native/monitor/main.cc', 'if (!reader.finished()) return Error{"launch", {}, EBADMSG};', '')],
    tests: tests('launch/handshake.test.ts', 'a launch that claims another length is refused'),
  },
  {
    name: 'a connection is closed when its client has gone',
    edits: [
      edit(
        'native/monitor/attach.cc',
        'loop.poller.unwatch(client.watch);',
        'loop.poller.unwatch(client.watch);\n    (void)::dup(client.socket.get());',
      ),
    ],
    tests: tests('launch/attach.test.ts', 'attach: 1000 clients one after the other'),
  },
  {
    name: 'what a check had open is closed',
    edits: [
      edit(
        'native/monitor/checking.cc',
        'checks.process = CheckProcess();',
        '(void)checks.process.pidfd.release();\n  checks.process = CheckProcess();',
      ),
    ],
    tests: tests('launch/health.test.ts', 'health: checks leave no descriptor behind'),
  },
  {
    name: 'each line of the log has its own time and stream',
    edits: [
      edit(
        'native/monitor/log_format.cc',
        "if (input[length - 1] == '\\n') {\n      record.put(full_prefix);",
        'if (input[length - 1] == \'\\n\') {\n      if (!input.starts_with("20")) record.put(full_prefix);',
      ),
    ],
    tests: tests('launch/logs.test.ts', 'logs: output that looks like a record'),
  },
  {
    name: 'a record of the log has at most 16 KiB',
    edits: [edit('native/monitor/log_format.h', 'kMaxRecordContent = 16 * 1024;', 'kMaxRecordContent = 32 * 1024;')],
    tests: tests('launch/logs.test.ts', 'logs: a line of 1 MiB without a newline'),
  },
  {
    name: 'the socket of a monitor is for its user',
    edits: [edit('native/core/sys_event.cc', '::umask(0177)', '::umask(0)')],
    tests: tests('launch/attach.test.ts', 'attach: the socket is for the user alone'),
  },
];
