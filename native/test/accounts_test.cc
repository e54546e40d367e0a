// Look-ups in a container's passwd and group files, also in hostile ones.
#include "ops/accounts.h"

#include <fstream>

#include "core/sys.h"
#include "ops/cpu_list.h"
#include "ops/search_path.h"
#include "test/check.h"
#include "test/temporary_directory.h"

namespace tspod::test {
namespace {

using ops::Account;
using ops::AccountQuery;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken line\n"
    "alice:x:1000:100:Alice:/home/alice:/bin/sh\n"
    "1000:x:0:0:a name like a number:/evil:/bin/sh\n"
    "big:x:4294967296:0::/:\n"
    "minus:x:-1:0::/:\n"
    "short:x:7:8\n"
    "bob:x:1001:1001::relative/home:/bin/sh";
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "users:x:100:\n"
    "wheel:x:10:root,alice\n"
    "audio:x:29:bob,alice,carol\n"
    "ali:x:30:ali\n"
    "29:x:0:\n"
    "bob:x:1001:\n";

ops::LineReader lines_of(std::string_view text) {
  return [text](const std::function<bool(std::string_view)>& use) -> Result<void> {
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = rest.find('\n');
      if (!use(rest.substr(0, end)) || end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    return {};
  };
}

Result<Account> look_up(std::string_view spec, std::vector<std::string_view> extra = {}) {
  AccountQuery query = ops::parse_user_spec(spec);
  query.extra_groups = std::move(extra);
  return ops::look_up_account(query, lines_of(kPasswd), lines_of(kGroup));
}

/** Returns "uid gid groups home", or "!errno". */
std::string show(const Result<Account>& account) {
  if (!account) return "!" + std::to_string(account.error().err);
  std::string text = std::to_string(account->uid) + " " + std::to_string(account->gid) + " ";
  for (const gid_t gid : account->groups) text += std::to_string(gid) + ",";
  return text + " " + account->home;
}

TEST("accounts: no user is root, with root's groups and home") {
  CHECK_EQUAL(show(look_up("")), "0 0 0,10, /root");
}
TEST("accounts: a name") {
  CHECK_EQUAL(show(look_up("alice")), "1000 100 100,10,29, /home/alice");
}
TEST("accounts: a number that has a line gets its group, groups and home") {
  CHECK_EQUAL(show(look_up("1001")), "1001 1001 1001,29, /");
}
TEST("accounts: a number is never a name") {
  CHECK_EQUAL(show(look_up("1000")), "1000 100 100,10,29, /home/alice");
}
TEST("accounts: a number that no line has is itself, in group 0") {
  CHECK_EQUAL(show(look_up("4242")), "4242 0 0, /");
}
TEST("accounts: a group by name takes the place of all of the user's") {
  CHECK_EQUAL(show(look_up("alice:audio")), "1000 29 29, /home/alice");
}
TEST("accounts: a group by number") {
  CHECK_EQUAL(show(look_up("1000:55")), "1000 55 55, /home/alice");
}
TEST("accounts: a number of a group is never its name") {
  CHECK_EQUAL(show(look_up("0:29")), "0 29 29, /root");
}
TEST("accounts: only a group") {
  CHECK_EQUAL(show(look_up(":users")), "0 100 100, /root");
}
TEST("accounts: nothing after the colon") {
  CHECK_EQUAL(show(look_up("alice:")), "1000 100 100,10,29, /home/alice");
}
TEST("accounts: more groups, by name and number, none twice") {
  CHECK_EQUAL(show(look_up("bob", {"wheel", "5", "29", "bob"})), "1001 1001 1001,5,10,29, /");
}
TEST("accounts: members are whole names") {
  CHECK_EQUAL(show(look_up("bob:ali")), "1001 30 30, /");
}
TEST("accounts: an unknown name") {
  CHECK_EQUAL(show(look_up("carol")), "!" + std::to_string(ENOENT));
}
TEST("accounts: an unknown group") {
  CHECK_EQUAL(show(look_up("alice:nobody")), "!" + std::to_string(ENOENT));
}
TEST("accounts: an unknown group among more") {
  CHECK_EQUAL(show(look_up("alice", {"nobody"})), "!" + std::to_string(ENOENT));
}

TEST("accounts: numbers out of range and odd forms of them are never an account") {
  for (const std::string_view user :
       {"2147483648", "4294967295", "4294967296", "10000000000000000000", "-1", "+1", "0x0", "01", "00",
        "1e3", "1000 ", "99999999999:1", "1:99999999999", "1:-1", "1:0x1", "1:01"}) {
    CHECK_EQUAL(show(look_up(user)), "!" + std::to_string(EINVAL));
  }
}

TEST("accounts: a line whose ids are out of range is no line") {
  CHECK_EQUAL(show(look_up("big")), "!" + std::to_string(ENOENT));
  CHECK_EQUAL(show(look_up("minus")), "!" + std::to_string(ENOENT));
}

TEST("accounts: the highest id") {
  CHECK_EQUAL(show(look_up("2147483647:2147483647")), "2147483647 2147483647 2147483647, /");
}

TEST("accounts: a user in a million groups gets no more than the kernel takes") {
  std::string group;
  for (int gid = 1; gid <= 1'000'000; ++gid) group += "g:x:" + std::to_string(gid) + ":alice\n";
  const auto account =
      ops::look_up_account(ops::parse_user_spec("alice"), lines_of(kPasswd), lines_of(group));
  CHECK(account && account->groups.size() == 65536 && account->groups.front() == 100);
}

/** Counts the lines of a file. */
Result<size_t> count_lines(const std::string& path, size_t stop_after = SIZE_MAX) {
  const UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  size_t count = 0;
  TRY(ops::for_each_line(file.get(), [&](std::string_view) { return ++count < stop_after; }));
  return count;
}

TEST("accounts: lines of a file, the last without a newline, across reads") {
  TemporaryDirectory directory;
  std::ofstream file(directory.path("passwd"));
  for (int line = 0; line < 20000; ++line) file << "user" << line << ":x:" << line << ":0::/:\n";
  file << "last:x:1:1::/:";
  file.close();
  CHECK_EQUAL(*count_lines(directory.path("passwd")), 20001U);
  CHECK_EQUAL(*count_lines(directory.path("passwd"), 5), 5U);
}

TEST("accounts: a line of any length more than 64 KiB is an error, before it is read") {
  TemporaryDirectory directory;
  std::ofstream(directory.path("passwd")) << std::string(70'000, 'x');
  const auto lines = count_lines(directory.path("passwd"));
  CHECK(!lines && lines.error().err == EFBIG);
}

TEST("accounts: a file of many lines has a bound as well") {
  TemporaryDirectory directory;
  std::ofstream file(directory.path("passwd"));
  const std::string line(1023, 'x');
  for (int index = 0; index < 65 * 1024; ++index) file << line << "\n";
  file.close();
  const auto lines = count_lines(directory.path("passwd"));
  CHECK(!lines && lines.error().err == EFBIG);
}

TEST("accounts: what is no regular file is not read") {
  TemporaryDirectory directory;
  CHECK_EQUAL(::mkfifo(directory.path("passwd").c_str(), 0600), 0);
  const auto lines = count_lines(directory.path("passwd"));
  CHECK(!lines && lines.error().err == EINVAL);
  const auto device = count_lines("/dev/zero");
  CHECK(!device && device.error().err == EINVAL);
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += item + " ";
  return text;
}

TEST("search path: a name is looked for in each directory, in order") {
  CHECK_EQUAL(join(ops::candidates("sh", "/usr/bin:/bin")), "/usr/bin/sh /bin/sh ");
}
TEST("search path: what has a slash is looked for nowhere") {
  CHECK_EQUAL(join(ops::candidates("./sh", "/bin")), "./sh ");
}
TEST("search path: an empty directory is the working directory") {
  CHECK_EQUAL(join(ops::candidates("sh", ":/bin:")), "./sh /bin/sh ./sh ");
}
TEST("search path: without PATH the system's own directories") {
  CHECK_EQUAL(join(ops::candidates("sh", nullptr)), "/bin/sh /usr/bin/sh ");
}
TEST("search path: an empty PATH is the working directory") {
  CHECK_EQUAL(join(ops::candidates("sh", "")), "./sh ");
}
TEST("search path: an empty name is nothing") {
  CHECK_EQUAL(join(ops::candidates("", "/bin")), "");
}

std::string cpus_of(std::string_view list) {
  const auto cpus = ops::parse_cpu_list(list);
  if (!cpus) return "no list";
  std::string text;
  for (size_t cpu = 0; cpu < cpus->size() * 64; ++cpu) {
    if (((*cpus)[cpu / 64] >> (cpu % 64) & 1) != 0) text += std::to_string(cpu) + ",";
  }
  return text;
}

TEST("cpu list: numbers and ranges") {
  CHECK_EQUAL(cpus_of("0-2,5,64"), "0,1,2,5,64,");
}
TEST("cpu list: the last CPU") {
  CHECK_EQUAL(cpus_of("8191"), "8191,");
}
TEST("cpu list: what is none") {
  for (const std::string_view list :
       {"", "a", "1-", "-1", "3-1", "1,", ",1", "1 2", "0-9223372036854775807", "8192", "1--2"}) {
    CHECK_EQUAL(cpus_of(list), "no list");
  }
}

}  // namespace
}  // namespace tspod::test
