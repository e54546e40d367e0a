// Writes a copy of a file of the container with lines added to it; the copy is mounted over the container's
// file.
#include <array>
#include <string>
#include <vector>

#include "core/path.h"
#include "core/sys.h"
#include "ops/accounts.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/** Buffers what is written, so that a file of many lines takes few system calls and little memory. */
class Writer {
 public:
  explicit Writer(int file) : file_(file) {}

  Result<void> add(std::string_view text) {
    held_ += text;
    return held_.size() < kChunk ? Result<void>() : flush();
  }

  Result<void> add_line(std::string_view line) {
    TRY(add(line));
    return add("\n");
  }

  Result<void> flush() {
    const Result<void> written = sys::write_all(file_, held_);
    held_.clear();
    return written;
  }

 private:
  static constexpr size_t kChunk = 64 << 10;

  int file_;
  std::string held_;
};

/** A line to add, and the id that makes it needless if another line has it. */
struct Addition {
  std::string line;
  std::string id;
  bool needless = false;
};

/** Returns the third field of a user's or group's line; empty if there is none. */
std::string_view id_of(std::string_view line) {
  std::array<std::string_view, 3> fields;
  return split_fields(line, fields) ? fields[2] : std::string_view();
}

/**
 * Returns a user's line with the name of its group replaced by the number. A line whose group does not exist
 * is unchanged: the look-up of the user will report it.
 */
std::string with_group_number(std::string_view line, int root) {
  std::array<std::string_view, 5> fields;  // name, password, uid, group, the rest
  if (!split_fields(line, fields)) return std::string(line);
  const std::string_view group = fields[3];
  if (group.empty() || group.find_first_not_of("0123456789") == std::string_view::npos)
    return std::string(line);
  const LineReader nobody = [](const std::function<bool(std::string_view)>&) { return Result<void>(); };
  const AccountQuery query{.user = "0", .group = group, .extra_groups = {}};
  const Result<Account> account = look_up_account(query, nobody, lines_in_root(root, "etc/group"));
  if (!account) return std::string(line);
  const size_t begin = static_cast<size_t>(group.data() - line.data());
  return std::string(line.substr(0, begin)) + std::to_string(account->gid) +
         std::string(line.substr(begin + group.size()));
}

std::vector<Addition> additions_of(const plan::ExtendFile& step, int root) {
  std::vector<Addition> additions;
  for (const wire::String line : step.last) {
    Addition addition{.line = std::string(line.view()), .id = {}, .needless = false};
    if (step.ids != 0) {
      addition.line = with_group_number(line.view(), root);
      addition.id = id_of(line.view());
    }
    for (const Addition& earlier : additions)
      addition.needless |= !addition.id.empty() && earlier.id == addition.id;
    additions.push_back(std::move(addition));
  }
  return additions;
}

}  // namespace

Result<void> extend_file(Context& context, const plan::ExtendFile& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  Writer writer(TRY(context.slots.get(step.slot)));
  std::vector<Addition> additions = additions_of(step, root);
  TRY(writer.add(step.first.view()));
  Result<void> written;
  TRY(lines_in_root(root, step.path.c_str())([&](std::string_view line) {
    const std::string_view id = step.ids == 0 ? std::string_view() : id_of(line);
    for (Addition& addition : additions) addition.needless |= !id.empty() && addition.id == id;
    written = writer.add_line(line);
    return static_cast<bool>(written);
  }));
  TRY(std::move(written));
  for (const Addition& addition : additions) {
    if (!addition.needless) TRY(writer.add_line(addition.line));
  }
  return writer.flush();
}

}  // namespace tspod::ops
