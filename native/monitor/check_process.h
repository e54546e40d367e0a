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
  UniqueFd line;  // closed, the check kills its command with all that this has started; its result comes here
  UniqueFd output;  // what the command writes; non-blocking

  explicit operator bool() const { return pid != 0; }
};

/** Starts the check that the plan describes, in the container of this pidfd. */
Result<CheckProcess> start_check(std::string_view plan, int container);

/** After the process has ended: what it said of its command's end. */
void take_result(const CheckProcess& process, CheckResult& result);

}  // namespace tspod
