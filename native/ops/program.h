// Runs programs of the host: a hook, or an OCI runtime.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "core/sys_process.h"
#include "core/wire.h"

namespace tspod::ops {

/** The program to run. Without arguments its path is argv[0]. */
struct Program {
  const char* kind;  // names it in errors; a literal
  const wire::String& path;
  const wire::Strings& args;
  const wire::Strings& env;
};

/** The program's standard streams: 0, 1 and 2. */
struct ProgramStreams {
  int in;
  int out;
  int err;
};

/**
 * Starts the program as a shell would: no signal blocked or ignored. It dies with this process. A failing
 * exec is an error with its errno.
 */
Result<pid_t> spawn_program(const Program& program, const ProgramStreams& streams);

/**
 * Runs the program to its end, with `input` as its stdin. ETIMEDOUT when `timeout_ms` (0: no limit) is over.
 * Unless it exits with 0: ECHILD, with how it ended and its first words on stdout or stderr.
 */
Result<void> run_program(const Program& program, int input, uint32_t timeout_ms);

/** Returns the words for how a process ended: "exit code 1", "killed by signal 9". */
std::string words_of(const sys::Ending& ending);

}  // namespace tspod::ops
