// The files that a monitor keeps in the run directory of its container, each replaced by rename(2).
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"
#include "monitor/record.h"

namespace tspod {

/** Writes `state` anew; on a full disk into the file that there is. */
Result<void> write_state(int run_directory, const StateRecord& record);

/** Writes `health` anew; on a full disk what was there may stay. */
Result<void> write_health(int run_directory, std::string_view text);

/**
 * Removes an old exit record, and makes a file with the space for the new one: a full disk can then not
 * swallow what became of the container.
 */
Result<UniqueFd> reserve_exit_record(int run_directory);

/** Writes the exit record into the reserved file and gives that its name. */
Result<void> publish_exit_record(int run_directory, const UniqueFd& reserved, const ExitRecord& record);

/**
 * Writes how a run ended that another follows: `end-N`, where N is the number of restarts before it. Whoever
 * reads one removes it; if nobody does, the oldest of kMaxEndRecords is written over.
 */
Result<void> publish_end_record(int run_directory, const ExitRecord& record);

/**
 * Removes what the functions above made, and the attach socket. What is not there is passed over. An exit
 * record stays: this is for who has published none, so it is another's.
 */
void remove_records(int run_directory);

/** Writes a process id and a newline to a file, which is made, or emptied first; never through a symlink. */
Result<void> write_pid_file(const std::string& path, int32_t pid);

}  // namespace tspod
