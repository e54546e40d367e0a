// Reads /etc/passwd and /etc/group of a container, which is hostile: bounded in size, line length and number
// of groups.
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

/** What is asked for: "user[:group]", and more groups. */
struct AccountQuery {
  std::string_view user;   // name or number; empty: 0
  std::string_view group;  // name or number; empty: the user's own
  std::vector<std::string_view> extra_groups;
};

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // the gid first, none twice
  std::string home = "/";
};

/** "user[:group]" taken apart. */
AccountQuery parse_user_spec(std::string_view spec);

/** Calls `line` with each line of a file, without its newline; stops when that returns false. */
using LineReader = std::function<Result<void>(const std::function<bool(std::string_view)>& line)>;

/**
 * Looks the query up. A number is a number first and never a name (CVE-2016-3697), from 0 to 2^31 - 1 in its
 * plain decimal form (CVE-2024-40635); one that no line has is itself, with group 0 and home "/". EINVAL:
 * neither a name nor a number that may be used; ENOENT: no such name. The gid is always among the groups
 * (CVE-2022-2989).
 */
Result<Account> look_up_account(const AccountQuery& query, const LineReader& passwd, const LineReader& group);

/** The lines of an open regular file: EFBIG past 64 MiB or for a line past 64 KiB, EINVAL if it is no regular
 * file. */
Result<void> for_each_line(int file, const std::function<bool(std::string_view)>& line);

/** Reads a file of the container's root, as for_each_line; one that is not there has no lines. */
LineReader lines_in_root(int root, const char* path);

/** The fields of a line between colons; false if there are fewer than wanted. */
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
