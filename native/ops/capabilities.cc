// The five capability sets (capabilities(7)).
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr int kMaxCapabilities = 64;

bool contains(uint64_t mask, int capability) {
  return (mask >> capability & 1) != 0;
}

Result<bool> applies_to_user(const Identity& identity, uint32_t applies) {
  const uid_t uid = identity.known ? identity.uid : ::getuid();
  switch (plan::Applies{applies}) {
    case plan::Applies::kAlways: return true;
    case plan::Applies::kToRoot: return uid == 0;
    case plan::Applies::kToOthers: return uid != 0;
  }
  return Error{"capset", "applies " + std::to_string(applies), EINVAL};
}

Result<void> set_process_sets(const plan::Capabilities& step) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto half = [&](int shift) {
    return __user_cap_data_struct{
        .effective = static_cast<uint32_t>(step.effective >> shift),
        .permitted = static_cast<uint32_t>(step.permitted >> shift),
        .inheritable = static_cast<uint32_t>(step.inheritable >> shift),
    };
  };
  const __user_cap_data_struct data[2] = {half(0), half(32)};
  return sys::check(::syscall(SYS_capset, &header, data), "capset");
}

Result<void> set_ambient(uint64_t mask) {
  TRY(sys::check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl", "PR_CAP_AMBIENT"));
  for (int capability = 0; capability < kMaxCapabilities; ++capability) {
    if (!contains(mask, capability)) continue;
    const int raised = ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    TRY(sys::check(raised, "prctl", "PR_CAP_AMBIENT " + std::to_string(capability)));
  }
  return {};
}

}  // namespace

Result<void> bounding_capabilities(Context&, const plan::BoundingCapabilities& step) {
  for (int capability = 0; capability < kMaxCapabilities; ++capability) {
    if (contains(step.mask, capability)) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return {};  // past the last capability of this kernel
    return last_error("prctl", "PR_CAPBSET_DROP " + std::to_string(capability));
  }
  return {};
}

Result<void> capabilities(Context& context, const plan::Capabilities& step) {
  if (!TRY(applies_to_user(context.identity, step.applies))) return {};
  TRY(set_process_sets(step));
  return set_ambient(step.ambient);
}

}  // namespace tspod::ops
