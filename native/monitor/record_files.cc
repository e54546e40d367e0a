#include "monitor/record_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys.h"

namespace tspod {
namespace {

constexpr const char* kExit = "exit";
constexpr const char* kNewExit = "exit.new";
constexpr const char* kNewEnd = "end.new";

constexpr int kMakeEmpty = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;

Result<void> write_at_start(int fd, std::string_view bytes) {
  const ssize_t count = sys::retry([&] { return ::pwrite(fd, bytes.data(), bytes.size(), 0); });
  if (count == -1) return last_error("pwrite");
  if (static_cast<size_t>(count) != bytes.size()) return Error{"pwrite", {}, ENOSPC};
  return {};
}

Result<void> replace_with(int fd, std::string_view bytes) {
  TRY(write_at_start(fd, bytes));
  return sys::check(::ftruncate(fd, static_cast<off_t>(bytes.size())), "ftruncate");
}

/** A record's file, which is replaced by renaming a new one over it. */
struct RecordFile {
  const char* name;
  const char* new_name;
};

constexpr RecordFile kStateFile{"state", "state.new"};
constexpr RecordFile kHealthFile{"health", "health.new"};

Result<void> replace_record(int run_directory, const RecordFile& record, std::string_view text) {
  const UniqueFd file = TRY(sys::openat(run_directory, record.new_name, kMakeEmpty, 0600));
  TRY(write_at_start(file.get(), text));
  return sys::renameat(run_directory, record.new_name, run_directory, record.name);
}

/**
 * Overwrites the file in place, for a full disk. The record is less than a page and written in one call: as
 * good as replaced.
 */
Result<void> overwrite_record(int run_directory, const RecordFile& record, std::string_view text) {
  const UniqueFd file = TRY(sys::openat(run_directory, record.name, O_WRONLY | O_NOFOLLOW));
  return replace_with(file.get(), text);
}

bool is_full(int err) {
  return err == ENOSPC || err == EDQUOT;
}

}  // namespace

Result<void> write_state(int run_directory, const StateRecord& record) {
  const std::string text = format_state(record);
  Result<void> replaced = replace_record(run_directory, kStateFile, text);
  if (replaced || !is_full(replaced.error().err)) return replaced;
  (void)sys::unlinkat(run_directory, kStateFile.new_name, 0);
  // If there is no file yet, the lack of space is the error.
  if (!overwrite_record(run_directory, kStateFile, text)) return replaced;
  return {};
}

Result<void> write_health(int run_directory, std::string_view text) {
  Result<void> replaced = replace_record(run_directory, kHealthFile, text);
  if (!replaced) (void)sys::unlinkat(run_directory, kHealthFile.new_name, 0);
  return replaced;
}

Result<UniqueFd> reserve_exit_record(int run_directory) {
  const Result<void> removed = sys::unlinkat(run_directory, kExit, 0);
  if (!removed && removed.error().err != ENOENT) return removed.error();
  UniqueFd file = TRY(sys::openat(run_directory, kNewExit, kMakeEmpty, 0600));
  TRY(write_at_start(file.get(), std::string(kMaxExitRecordBytes, '\n')));
  return file;
}

Result<void> publish_exit_record(int run_directory, const UniqueFd& reserved, const ExitRecord& record) {
  const std::string text = format_exit(record);
  TRY(replace_with(reserved.get(), text));
  return sys::renameat(run_directory, kNewExit, run_directory, kExit);
}

Result<void> publish_end_record(int run_directory, const ExitRecord& record) {
  const std::string name = "end-" + std::to_string(record.restarts % kMaxEndRecords);
  const UniqueFd file = TRY(sys::openat(run_directory, kNewEnd, kMakeEmpty, 0600));
  TRY(write_at_start(file.get(), format_exit(record)));
  return sys::renameat(run_directory, kNewEnd, run_directory, name.c_str());
}

void remove_records(int run_directory) {
  for (const char* name : {kStateFile.name, kStateFile.new_name, kHealthFile.name, kHealthFile.new_name,
                           kNewExit, kNewEnd, "attach"}) {
    (void)sys::unlinkat(run_directory, name, 0);  // ENOENT: missing, or the directory is gone
  }
}

/**
 * Overwrites the file in its place. It may lie where a container writes: one that has made a fifo or a link
 * of it gets an error, and the monitor does not wait.
 */
Result<void> write_pid_file(const std::string& path, int32_t pid) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  const UniqueFd file = TRY(sys::open(path.c_str(), kFlags, 0644));
  const struct stat status = TRY(sys::fstat(file.get()));
  if (!S_ISREG(status.st_mode)) return Error{"open pid file", path, EINVAL};
  return replace_with(file.get(), std::to_string(pid) + "\n");
}

}  // namespace tspod
