// Writes the files that a monitor keeps in its container's run directory; each is replaced by rename(2).
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"
#include "monitor/record.h"

namespace tspod {

/** Writes `state`; on a full disk it overwrites the existing file. */
Result<void> write_state(int run_directory, const StateRecord& record);

/** Writes `health`; on a full disk the old one may stay. */
Result<void> write_health(int run_directory, std::string_view text);

/**
 * Removes an old exit record, and makes a file that takes the space for the new one, so that a full disk
 * cannot prevent it from being written.
 */
Result<UniqueFd> reserve_exit_record(int run_directory);

/** Writes the exit record into the reserved file and renames that to `exit`. */
Result<void> publish_exit_record(int run_directory, const UniqueFd& reserved, const ExitRecord& record);

/**
 * Writes the end of a run that another run follows: `end-N`, where N is the number of restarts before it
 * (modulo kMaxEndRecords). Whoever reads one removes it; if nobody does, the oldest is overwritten.
 */
Result<void> publish_end_record(int run_directory, const ExitRecord& record);

/**
 * Removes what the functions above made, and the attach socket; missing files are no error. An exit record
 * stays: whoever calls this has published none, so it is another monitor's.
 */
void remove_records(int run_directory);

/** Writes a process id and a newline to a file, which is made or truncated; never through a symlink. */
Result<void> write_pid_file(const std::string& path, int32_t pid);

}  // namespace tspod
