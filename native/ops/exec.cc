// The last step: replaces the process by the command.
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/null_device.h"
#include "core/sys.h"
#include "ops/death_signal.h"
#include "ops/handlers.gen.h"
#include "ops/search_path.h"

namespace tspod::ops {
namespace {

/** Strings of the plan in the form that execve(2) takes. */
class StringPointers {
 public:
  explicit StringPointers(const wire::Strings& strings) {
    pointers_.reserve(strings.size() + 2);
    for (const wire::String item : strings) pointers_.push_back(item.c_str());
  }
  void add(const char* item) { pointers_.push_back(item); }
  const std::vector<const char*>& items() const { return pointers_; }
  char* const* end_with_null() {
    pointers_.push_back(nullptr);
    return const_cast<char* const*>(pointers_.data());
  }

 private:
  std::vector<const char*> pointers_;
};

/** Returns the value of a variable; null if it is not set. */
const char* value_of(const StringPointers& environment, std::string_view name) {
  for (const char* entry : environment.items()) {
    const std::string_view text(entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=')
      return entry + name.size() + 1;
  }
  return nullptr;
}

/**
 * Replaces standard streams that are the host's /dev/null by the container's own /dev/null, if it has one.
 */
Result<void> reopen_null_streams() {
  UniqueFd own;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (!sys::is_null_device(stream)) continue;
    if (!own) {
      Result<UniqueFd> opened = sys::open("/dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
      if (!opened || !sys::is_null_device(opened->get())) return {};
      own = std::move(*opened);
    }
    TRY(sys::dup3(own.get(), stream, 0));
  }
  return {};
}

/** Moves the descriptors of the command to their numbers. All others are close-on-exec from the start. */
Result<void> place_descriptors(Context& context) {
  if (context.exposed.empty()) return {};
  int highest = 0;
  for (const ExposedFd& exposed : context.exposed) highest = std::max(highest, exposed.fd);
  // First above all the wanted numbers, then onto them: so the order of the list does not matter.
  TRY(context.launch == nullptr ? Result<void>() : context.launch->make_way(highest));
  std::vector<UniqueFd> copies;
  for (const ExposedFd& exposed : context.exposed) {
    copies.push_back(TRY(sys::dup_from(TRY(context.slots.get(exposed.slot)), highest + 1)));
  }
  for (size_t index = 0; index < copies.size(); ++index) {
    TRY(sys::dup3(copies[index].get(), context.exposed[index].fd, 0));
  }
  return {};
}

Error execute_failure(const char* file, int err) {
  return Error{"execve", file, err};
}

/** Like execvp(3), but does not pass a file without an interpreter to a shell. Returns only on failure. */
Error execute(const char* file, char* const* args, char* const* environment, const char* path) {
  const bool is_path = std::string_view(file).find('/') != std::string_view::npos;
  int refused = 0;  // EACCES for a file that was found says more than ENOENT for the others
  for (const std::string& candidate : candidates(file, path)) {
    ::execve(candidate.c_str(), args, environment);
    const int err = errno;
    if (err == EACCES) refused = err;
    const bool elsewhere = err == EACCES || err == ENOENT || err == ENOTDIR || err == ESTALE || err == ENODEV;
    if (is_path || !elsewhere) return execute_failure(candidate.c_str(), err);
  }
  return execute_failure(file, refused != 0 ? refused : ENOENT);
}

}  // namespace

Result<void> exec(Context& context, const plan::Exec& step) {
  if (step.args.empty()) return Error{"execve", "no command", EINVAL};
  StringPointers args(step.args);
  StringPointers environment(step.env);
  std::string home;
  if (step.set_home != 0 && value_of(environment, "HOME") == nullptr && !context.identity.home.empty()) {
    home = "HOME=" + context.identity.home;
    environment.add(home.c_str());
  }
  const char* path = value_of(environment, "PATH");
  const char* file = args.items().front();

  TRY(reopen_null_streams());
  TRY(place_descriptors(context));
  if (!context.umask_set) ::umask(022);
  if (context.launch != nullptr) TRY(context.launch->check_monitor());
  // A seccomp filter that was installed before may forbid this: then the command dies with its monitor.
  (void)disarm_death_signal();
  const Error failed = execute(file, args.end_with_null(), environment.end_with_null(), path);
  return failed;
}

}  // namespace tspod::ops
