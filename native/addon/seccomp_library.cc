#include "addon/seccomp_library.h"

#include <dlfcn.h>

#include <mutex>

namespace tspod::addon {
namespace {

/** Looks a function up; false if the library lacks it. */
template <class Function> bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, SeccompLibrary& functions) {
  (void)find(library, "seccomp_export_bpf_mem", functions.export_bpf_mem);
  return find(library, "seccomp_init", functions.init) &&
         find(library, "seccomp_release", functions.release) &&
         find(library, "seccomp_merge", functions.merge) &&
         find(library, "seccomp_arch_native", functions.arch_native) &&
         find(library, "seccomp_arch_resolve_name", functions.arch_resolve_name) &&
         find(library, "seccomp_arch_add", functions.arch_add) &&
         find(library, "seccomp_arch_remove", functions.arch_remove) &&
         find(library, "seccomp_syscall_resolve_name", functions.syscall_resolve_name) &&
         find(library, "seccomp_rule_add_array", functions.rule_add_array) &&
         find(library, "seccomp_attr_set", functions.attr_set) &&
         find(library, "seccomp_export_bpf", functions.export_bpf);
}

}  // namespace

Result<const SeccompLibrary*> seccomp_library() {
  static std::mutex mutex;
  static SeccompLibrary functions;
  static bool loaded = false;
  std::lock_guard hold(mutex);
  if (loaded) return &functions;
  // Never closed, so that the functions stay valid. Tried again after a failure: the library may have been
  // installed meanwhile.
  void* library = ::dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || !find_all(library, functions)) return Error{"dlopen", ::dlerror(), ENOENT};
  loaded = true;
  return &functions;
}

}  // namespace tspod::addon
