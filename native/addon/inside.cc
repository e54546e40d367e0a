#include "addon/inside.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>

#include "core/sys.h"
#include "core/sys_process.h"

namespace tspod::addon {

Namespaces namespaces_at(const Napi::CallbackInfo& info, size_t index) {
  std::vector<std::string> paths = strings_at(info, index);
  std::vector<int> flags = ints_at(info, index + 1);
  check(paths.size() == flags.size(), "a flag for each namespace was expected");
  Namespaces namespaces;
  for (size_t i = 0; i < paths.size(); i++) namespaces.push_back({std::move(paths[i]), flags[i]});
  return namespaces;
}

Result<void> enter(const Namespaces& namespaces) {
  if (namespaces.empty()) return {};
  // All are opened before the first is joined: in another mount namespace the paths may name nothing.
  std::vector<UniqueFd> opened;
  for (const NamespaceName& name : namespaces) {
    opened.push_back(TRY(sys::open(name.path.c_str(), O_RDONLY | O_CLOEXEC)));
  }
  // Root and working directory are node's until here; setns to a mount namespace wants them unshared.
  TRY(sys::unshare(CLONE_FS));
  for (size_t i = 0; i < opened.size(); i++) {
    Result<void> joined = sys::setns(opened[i].get(), namespaces[i].flag);
    if (!joined) return Error{"setns", namespaces[i].path, joined.error().err};
  }
  return {};
}

bool keeps_mounts_busy(const Namespaces& namespaces) {
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const NamespaceName& name) { return name.flag == CLONE_NEWNS; });
}

}  // namespace tspod::addon
