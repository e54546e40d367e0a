// Reads /etc/passwd and /etc/group of a container, which may be hostile: size, line length and number of
// groups are limited.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tspod::ops {

/** The account to look up: "user[:group]", and additional groups. */
struct AccountQuery {
  std::string_view user;   // name or number; empty: 0
  std::string_view group;  // name or number; empty: the user's own
  std::vector<std::string_view> extra_groups;
};

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // the gid first, no duplicates
  std::string home = "/";
};

/** Splits "user[:group]" into its parts. */
AccountQuery parse_user_spec(std::string_view spec);

/**
 * A function that calls `line` with each line of a file, without its newline, and stops when that returns
 * false.
 */
using LineReader = std::function<Result<void>(const std::function<bool(std::string_view)>& line)>;

/**
 * Looks an account up. A number is always a number and never a name (CVE-2016-3697), from 0 to 2^31 - 1 in
 * plain decimal form (CVE-2024-40635); a number without a line stands for itself, with group 0 and home "/".
 * EINVAL: neither a name nor an allowed number; ENOENT: no such name. The gid is always among the groups
 * (CVE-2022-2989).
 */
Result<Account> look_up_account(const AccountQuery& query, const LineReader& passwd, const LineReader& group);

/**
 * Calls `line` with each line of an open regular file, until it returns false. EFBIG past 64 MiB or for a
 * line past 64 KiB, EINVAL if the file is not a regular one.
 */
Result<void> for_each_line(int file, const std::function<bool(std::string_view)>& line);

/** Returns a reader of a file in the container's root, as for_each_line; a missing file has no lines. */
LineReader lines_in_root(int root, const char* path);

/** Splits a line at its colons; false if there are fewer fields than wanted. */
template <size_t Count>
bool split_fields(std::string_view line, std::array<std::string_view, Count>& fields) {
  for (size_t index = 0; index + 1 < Count; ++index) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    fields[index] = line.substr(0, colon);
    line.remove_prefix(colon + 1);
  }
  fields[Count - 1] = line.substr(0, line.find(':'));
  return true;
}

}  // namespace tspod::ops
