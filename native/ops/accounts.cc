#include "ops/accounts.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>

#include "core/path.h"
#include "core/sys.h"

namespace tspod::ops {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;
constexpr size_t kMaxLineBytes = 64 << 10;
constexpr uint32_t kHighestId = 0x7fffffff;
constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

/** Parses a number as printing it writes it: no sign, no leading zero. */
std::optional<uint32_t> parse_id(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint32_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole && id <= kHighestId ? std::optional(id) : std::nullopt;
}

/**
 * Whether the text may be a name. Text that begins like a number never is, even if a line of the file has
 * that name.
 */
bool may_be_name(std::string_view text) {
  const char first = text.empty() ? '0' : text.front();
  return !(first >= '0' && first <= '9') && first != '-' && first != '+';
}

/** A name or a number; which of the two is decided once. */
struct Key {
  std::string_view text;
  std::optional<uint32_t> id;

  bool matches(std::string_view name, uint32_t number) const { return id ? *id == number : name == text; }
};

Result<Key> parse_key(std::string_view text, const char* what) {
  const std::optional<uint32_t> id = parse_id(text);
  if (!id && !may_be_name(text)) return Error{what, std::string(text), EINVAL};
  return Key{text, id};
}

bool lists_member(std::string_view members, std::string_view name) {
  while (!members.empty()) {
    const size_t comma = members.find(',');
    if (members.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) return false;
    members.remove_prefix(comma + 1);
  }
  return false;
}

/** Finds the user's line; returns its name, empty if the user is a number that has no line. */
Result<std::string> find_user(const Key& user, const LineReader& passwd, Account& account) {
  std::string name;
  bool found = false;
  TRY(passwd([&](std::string_view line) {
    std::array<std::string_view, 7> fields;  // name, password, uid, gid, comment, home, shell
    if (!split_fields(line, fields)) return true;
    const std::optional<uint32_t> uid = parse_id(fields[2]);
    const std::optional<uint32_t> gid = parse_id(fields[3]);
    if (!uid || !gid || !user.matches(fields[0], *uid)) return true;
    found = true;
    name = fields[0];
    account.uid = *uid;
    account.gid = *gid;
    if (fields[5].starts_with('/')) account.home = fields[5];
    return false;
  }));
  if (!found && !user.id) return Error{"user", std::string(user.text), ENOENT};
  if (!found) account.uid = *user.id;
  return name;
}

/**
 * Collects from /etc/group the groups of the query and, if no primary group was given, those that have the
 * user as a member.
 */
class GroupCollector {
 public:
  GroupCollector(std::optional<Key> primary, std::vector<Key> extra, std::string_view member)
      : primary_(primary), extra_(std::move(extra)), found_(extra_.size()), member_(primary ? "" : member) {}

  bool take(std::string_view line) {
    std::array<std::string_view, 4> fields;  // name, password, gid, members
    if (!split_fields(line, fields)) return true;
    const std::optional<uint32_t> gid = parse_id(fields[2]);
    if (!gid) return true;
    if (primary_ && !primary_gid_ && primary_->matches(fields[0], *gid)) primary_gid_ = *gid;
    for (size_t index = 0; index < extra_.size(); ++index) {
      if (!found_[index] && extra_[index].matches(fields[0], *gid)) found_[index] = *gid;
    }
    if (!member_.empty() && lists_member(fields[3], member_)) groups_.push_back(*gid);
    return groups_.size() < kMaxGroups;
  }

  Result<void> finish(Account& account) {
    if (primary_) account.gid = TRY(resolve(*primary_, primary_gid_));
    for (size_t index = 0; index < extra_.size(); ++index)
      groups_.push_back(TRY(resolve(extra_[index], found_[index])));
    std::sort(groups_.begin(), groups_.end());
    groups_.erase(std::unique(groups_.begin(), groups_.end()), groups_.end());
    std::erase(groups_, account.gid);
    groups_.insert(groups_.begin(), account.gid);
    if (groups_.size() > kMaxGroups) groups_.resize(kMaxGroups);
    account.groups = std::move(groups_);
    return {};
  }

 private:
  static Result<gid_t> resolve(const Key& key, std::optional<gid_t> found) {
    if (found) return *found;
    if (key.id) return *key.id;
    return Error{"group", std::string(key.text), ENOENT};
  }

  std::optional<Key> primary_;
  std::optional<gid_t> primary_gid_;
  std::vector<Key> extra_;
  std::vector<std::optional<gid_t>> found_;
  std::string_view member_;
  std::vector<gid_t> groups_;
};

}  // namespace

AccountQuery parse_user_spec(std::string_view spec) {
  const size_t colon = spec.find(':');
  if (colon == std::string_view::npos) return {.user = spec, .group = {}, .extra_groups = {}};
  return {.user = spec.substr(0, colon), .group = spec.substr(colon + 1), .extra_groups = {}};
}

Result<Account> look_up_account(const AccountQuery& query, const LineReader& passwd,
                                const LineReader& group) {
  const Key user = TRY(parse_key(query.user.empty() ? "0" : query.user, "user"));
  std::optional<Key> primary;
  if (!query.group.empty()) primary = TRY(parse_key(query.group, "group"));
  std::vector<Key> extra;
  for (const std::string_view name : query.extra_groups) extra.push_back(TRY(parse_key(name, "group")));

  Account account;
  const std::string name = TRY(find_user(user, passwd, account));
  GroupCollector collector(primary, std::move(extra), name);
  TRY(group([&](std::string_view line) { return collector.take(line); }));
  TRY(collector.finish(account));
  return account;
}

LineReader lines_in_root(int root, const char* path) {
  return [root, path](const std::function<bool(std::string_view)>& line) -> Result<void> {
    const Result<UniqueFd> file = open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) return file.error().err == ENOENT ? Result<void>() : file.error();
    Result<void> read = for_each_line(file->get(), line);
    if (!read) read.error().arg = std::string("/") + path + ": " + read.error().arg;
    return read;
  };
}

Result<void> for_each_line(int file, const std::function<bool(std::string_view)>& line) {
  // A static buffer: the container's first process calls this shortly before exec, and only the pages that
  // are read into take memory.
  static std::array<char, kMaxLineBytes> buffer;
  const struct stat status = TRY(sys::fstat(file));
  // A masked path shows the null device: as an empty file.
  if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)) return {};
  if (!S_ISREG(status.st_mode)) return Error{"read", "not a regular file", EINVAL};

  size_t held = 0;
  for (size_t total = 0;;) {
    const size_t count = TRY(sys::read(file, std::span(buffer).subspan(held)));
    total += count;
    if (total > kMaxFileBytes) return Error{"read", "file too long", EFBIG};
    held += count;
    std::string_view rest(buffer.data(), held);
    for (size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      if (!line(rest.substr(0, end))) return {};
    }
    if (count == 0) {
      if (!rest.empty())
        (void)line(rest);  // the last line may lack a newline; nothing follows that could be stopped
      return {};
    }
    if (rest.size() == buffer.size()) return Error{"read", "line too long", EFBIG};
    std::memmove(buffer.data(), rest.data(), rest.size());
    held = rest.size();
  }
}

}  // namespace tspod::ops
