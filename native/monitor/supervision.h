// State of supervision from before the first launch to the end of the monitor.
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
  UniqueFd exit_record;  // made at the beginning to reserve its space; written and renamed at the end
  StateRecord state;     // contents of the file `state`
  std::optional<winsize> window;  // of the terminal, as last requested by a client
  uint64_t oom_kills_before = 0;  // in the cgroup, when the current run began
};

}  // namespace tspod
