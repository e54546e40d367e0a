#include "addon/inside.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>

#include "core/sys.h"
#include "core/sys_process.h"

namespace tspod::addon {

namespace {

/** Returns the path of the thread's own namespace of a kind that it can leave and return to; else null. */
const char* own_path(int flag) {
  switch (flag) {
    case CLONE_NEWNET: return "/proc/thread-self/ns/net";
    case CLONE_NEWUTS: return "/proc/thread-self/ns/uts";
    case CLONE_NEWIPC: return "/proc/thread-self/ns/ipc";
    case CLONE_NEWCGROUP: return "/proc/thread-self/ns/cgroup";
    default: return nullptr;
  }
}

/** Returns the namespace that JavaScript names by a path or a descriptor. */
Result<NamespaceName> namespace_of(Napi::Value source, int flag) {
  if (source.IsString()) return NamespaceName{source.As<Napi::String>().Utf8Value(), {}, flag};
  check(source.IsNumber(), "the path or the descriptor of a namespace was expected");
  return NamespaceName{{}, TRY(sys::dup_from(source.As<Napi::Number>().Int32Value(), 3)), flag};
}

}  // namespace

Result<Namespaces> namespaces_at(const Napi::CallbackInfo& info, size_t index) {
  const std::vector<Napi::Value> sources = TRY(elements_of(info[index]));
  const std::vector<int> flags = TRY(ints_at(info, index + 1));
  check(sources.size() == flags.size(), "a flag for each namespace was expected");
  Namespaces namespaces;
  for (size_t i = 0; i < flags.size(); i++) namespaces.push_back(TRY(namespace_of(sources[i], flags[i])));
  return namespaces;
}

bool can_leave(const Namespaces& namespaces) {
  return std::all_of(namespaces.begin(), namespaces.end(),
                     [](const NamespaceName& name) { return own_path(name.flag) != nullptr; });
}

Result<void> enter(Namespaces& namespaces) {
  if (namespaces.empty()) return {};
  // All are opened before the first is joined: in another mount namespace the paths may name nothing. A file
  // that is no namespace must not block the thread.
  for (NamespaceName& name : namespaces) {
    if (name.held) continue;
    name.held = TRY(sys::open(name.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  }
  if (can_leave(namespaces)) {
    // Without /proc the thread cannot return, and is ended after its task.
    for (NamespaceName& name : namespaces) {
      if (Result<UniqueFd> own = sys::open(own_path(name.flag), O_RDONLY | O_CLOEXEC))
        name.own = std::move(*own);
    }
  } else {
    // Root and working directory are shared with Node.js until here; setns(2) requires them to be unshared
    // before it joins a mount namespace.
    TRY(sys::unshare(CLONE_FS));
  }
  for (const NamespaceName& name : namespaces) {
    Result<void> joined = sys::setns(name.held.get(), name.flag);
    if (!joined) return Error{"setns", name.path, joined.error().err};
  }
  return {};
}

Result<void> leave(const Namespaces& namespaces) {
  for (const NamespaceName& name : namespaces) TRY(sys::setns(name.own.get(), name.flag));
  return {};
}

}  // namespace tspod::addon
