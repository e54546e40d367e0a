// Starts a program from a process with many threads, fast: without copying the page tables of Node.js, and
// without allocation in the child.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::addon {

struct ExecRequest {
  int executable = -1;  // for execveat(2)
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<int> fds;      // fds[i] becomes 3 + i
  bool keep_stderr = false;  // otherwise descriptors 0 to 2 are /dev/null
};

struct Spawned {
  pid_t pid;
  UniqueFd pidfd;
};

/** Starts the program in a new session, with no other descriptors and with default signal handling. */
Result<Spawned> vfork_exec(const ExecRequest& request);

}  // namespace tspod::addon
