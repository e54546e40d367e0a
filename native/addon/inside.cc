#include "addon/inside.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>

#include "core/sys.h"
#include "core/sys_process.h"

namespace tspod::addon {

namespace {

/** A path or a descriptor. */
Result<NamespaceName> namespace_of(Napi::Value source, int flag) {
  if (source.IsString()) return NamespaceName{source.As<Napi::String>().Utf8Value(), {}, flag};
  check(source.IsNumber(), "the path or the descriptor of a namespace was expected");
  return NamespaceName{{}, TRY(sys::dup_from(source.As<Napi::Number>().Int32Value(), 3)), flag};
}

}  // namespace

Result<Namespaces> namespaces_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsArray(), "an array of namespaces was expected");
  Napi::Array sources = info[index].As<Napi::Array>();
  std::vector<int> flags = ints_at(info, index + 1);
  check(sources.Length() == flags.size(), "a flag for each namespace was expected");
  Namespaces namespaces;
  for (uint32_t i = 0; i < flags.size(); i++)
    namespaces.push_back(TRY(namespace_of(sources.Get(i), flags[i])));
  return namespaces;
}

Result<void> enter(Namespaces namespaces) {
  if (namespaces.empty()) return {};
  // All are opened before the first is joined: in another mount namespace the paths may name nothing. What is
  // no namespace shall hold nobody up.
  for (NamespaceName& name : namespaces) {
    if (name.held) continue;
    name.held = TRY(sys::open(name.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  }
  // Root and working directory are node's until here; setns to a mount namespace wants them unshared.
  TRY(sys::unshare(CLONE_FS));
  for (const NamespaceName& name : namespaces) {
    Result<void> joined = sys::setns(name.held.get(), name.flag);
    if (!joined) return Error{"setns", name.path, joined.error().err};
  }
  return {};
}

bool keeps_mounts_busy(const Namespaces& namespaces) {
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const NamespaceName& name) { return name.flag == CLONE_NEWNS; });
}

}  // namespace tspod::addon
