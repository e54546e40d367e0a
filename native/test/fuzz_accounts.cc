// Fuzzes the look-up of any user in any bytes as a container's /etc/passwd and /etc/group.
#include <cstdint>
#include <string_view>

#include "ops/accounts.h"

namespace {

using tspod::Result;

tspod::ops::LineReader lines_of(std::string_view text) {
  return [text](const std::function<bool(std::string_view)>& use) -> Result<void> {
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = rest.find('\n');
      if (!use(rest.substr(0, end)) || end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    return {};
  };
}

/** Takes the part of `rest` up to a NUL off its front. */
std::string_view take(std::string_view& rest) {
  const size_t end = rest.find('\0');
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view user = take(rest);
  const std::string_view extra = take(rest);
  const std::string_view passwd = take(rest);
  tspod::ops::AccountQuery query = tspod::ops::parse_user_spec(user);
  if (!extra.empty()) query.extra_groups.push_back(extra);
  const auto account = tspod::ops::look_up_account(query, lines_of(passwd), lines_of(rest));
  if (!account) return 0;
  const bool has_primary = !account->groups.empty() && account->groups.front() == account->gid;
  if (!has_primary || account->uid > 0x7fffffff || account->gid > 0x7fffffff) __builtin_trap();
  return 0;
}
