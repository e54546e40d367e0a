// What supervising keeps from before the first launch to the end of the monitor.
#pragma once

#include <sys/ioctl.h>

#include <optional>

#include "core/unique_fd.h"
#include "monitor/log.h"
#include "monitor/record.h"

namespace tspod {

struct Supervision {
  Log log;
  UniqueFd listener;     // the attach socket; invalid for an exec
  UniqueFd exit_record;  // written at the end under another name, with its space taken at the beginning
  StateRecord state;     // what the file `state` says
  std::optional<winsize> window;  // of the terminal, as a client asked for last
  uint64_t oom_kills_before = 0;  // in the cgroup when the current run began
};

}  // namespace tspod
