// The file that a log is in: opened safely, rotated by size, and whole records only, also on a full disk.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"
#include "ops/settings.h"

namespace tspod {

class LogFile {
 public:
  /**
   * Opens the file for appending, or makes it. ELOOP if it is a symlink, EINVAL if it is not a regular file:
   * what is at the path may have been put there by somebody else. Of `max_files`, older ones are PATH.1 (the
   * youngest), PATH.2 and so on.
   */
  static Result<LogFile> open(ops::LogSettings settings);

  /** How much of what was asked for is in the file, in whole records, and why not all of it. */
  struct Appended {
    size_t bytes = 0;
    int err = 0;
  };

  /**
   * Appends records, each of which ends with a newline; goes on in a new file where the current one would get
   * too long.
   */
  Appended append(std::string_view records);

  /** Closes the file and opens what is at the path now. If that cannot be opened the old file stays in use.
   */
  Result<void> reopen();

 private:
  static constexpr uint32_t kMostFiles = 100;
  using Shifted = std::bitset<kMostFiles>;  // numbers that files have got which had a smaller one

  Result<UniqueFd> open_current() const;
  Result<void> use(UniqueFd file);
  size_t fitting(std::string_view records) const;
  Result<void> rotate();
  Result<void> shift_old_files(Shifted& shifted) const;
  void shift_back(const Shifted& shifted) const;
  Result<UniqueFd> make_empty(const char* name) const;
  std::string numbered(uint32_t number) const;
  Appended write_records(std::string_view records);
  void cut_off(size_t bytes);

  ops::LogSettings settings_;
  UniqueFd directory_;
  std::string name_;
  UniqueFd file_;
  uint64_t size_ = 0;
};

}  // namespace tspod
