// One run of a health check: a fork of the monitor in the role of an exec. It joins the container, runs the
// command there, and ends with it.
#pragma once

#include <sys/types.h>

#include <span>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"
#include "monitor/health_record.h"

namespace tspod {

struct CheckProcess {
  pid_t pid = 0;  // 0: there is none
  UniqueFd pidfd;
  /** The check's result arrives here. Once it is closed, the check kills all that it has started. */
  UniqueFd line;
  UniqueFd output;  // what the command writes; non-blocking

  explicit operator bool() const { return pid != 0; }
};

/** Starts the check that `plan` describes, in the container of the pidfd `container`. */
Result<CheckProcess> start_check(std::string_view plan, int container);

/** Reads what the check's process has reported of its command's end. Call after the process has ended. */
void take_result(const CheckProcess& process, CheckResult& result);

}  // namespace tspod
