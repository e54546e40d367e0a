// Running a program of the host: a hook, or an OCI runtime.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "core/sys_process.h"
#include "core/wire.h"

namespace tspod::ops {

/** What is run. Without arguments its path is its name. */
struct Program {
  const char* kind;  // names it in errors; a literal
  const wire::String& path;
  const wire::Strings& args;
  const wire::Strings& env;
};

/** Its standard streams: 0, 1 and 2. */
struct ProgramStreams {
  int in;
  int out;
  int err;
};

/**
 * Starts the program as a shell would: no signal blocked or ignored. It dies with this process. The errno of
 * a failing exec is that of the error.
 */
Result<pid_t> spawn_program(const Program& program, const ProgramStreams& streams);

/**
 * Runs it to its end, with `input` as its stdin. ETIMEDOUT when the time (0: none) is over, and ECHILD with
 * how it ended and its first words on stdout or stderr unless it exited with 0.
 */
Result<void> run_program(const Program& program, int input, uint32_t timeout_ms);

/** "exit code 1", "killed by signal 9". */
std::string words_of(const sys::Ending& ending);

}  // namespace tspod::ops
