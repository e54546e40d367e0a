// The file of a log: opened safely, rotated by size, with whole records only, even on a full disk.
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
   * Opens the file for appending; makes it if it is missing. ELOOP if it is a symlink, EINVAL if it is not a
   * regular file: somebody else may have put it there. With `max_files` above 1, older files are PATH.1 (the
   * youngest), PATH.2 and so on.
   */
  static Result<LogFile> open(ops::LogSettings settings);

  /** The number of bytes written, in whole records, and the errno if that is not all. */
  struct Appended {
    size_t bytes = 0;
    int err = 0;
  };

  /**
   * Appends records, each of which ends with a newline. Continues in a new file where the current one would
   * get too long.
   */
  Appended append(std::string_view records);

  /**
   * Closes the file and opens the one that is at the path now. If that cannot be opened the old file stays in
   * use.
   */
  Result<void> reopen();

 private:
  static constexpr uint32_t kMostFiles = 100;
  using Shifted = std::bitset<kMostFiles>;  // the numbers of files that were renamed from the number below

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
