// Device access in cgroup v2: an eBPF program that the kernel asks about each open and mknod (bpf(2),
// BPF_PROG_TYPE_CGROUP_DEVICE).
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr size_t kInstructionBytes = 8;
/** Maximum number of programs that the kernel attaches to one cgroup. */
constexpr size_t kMaxAttached = 64;

uint64_t address_of(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

long bpf(bpf_cmd command, bpf_attr& attributes) {
  return sys::retry([&] { return ::syscall(SYS_bpf, command, &attributes, sizeof attributes); });
}

Result<UniqueFd> load(wire::Bytes program) {
  if (program.size() % kInstructionBytes != 0) return Error{"bpf", "device program", EINVAL};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address_of(program.data());
  attributes.insn_cnt = static_cast<uint32_t>(program.size() / kInstructionBytes);
  attributes.license = address_of("Apache-2.0");
  return sys::check_fd(bpf(BPF_PROG_LOAD, attributes), "bpf", "BPF_PROG_LOAD");
}

Result<void> attach(int group, int program) {
  bpf_attr attributes{};
  attributes.target_fd = static_cast<uint32_t>(group);
  attributes.attach_bpf_fd = static_cast<uint32_t>(program);
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  return sys::check(bpf(BPF_PROG_ATTACH, attributes), "bpf", "BPF_PROG_ATTACH");
}

/** Returns the ids of the programs that are attached to the cgroup itself. */
Result<std::vector<uint32_t>> attached_to(int group) {
  std::array<uint32_t, kMaxAttached> ids{};
  bpf_attr attributes{};
  attributes.query.target_fd = static_cast<uint32_t>(group);
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = address_of(ids.data());
  attributes.query.prog_cnt = ids.size();
  TRY(sys::check(bpf(BPF_PROG_QUERY, attributes), "bpf", "BPF_PROG_QUERY"));
  return std::vector<uint32_t>(ids.begin(), ids.begin() + attributes.query.prog_cnt);
}

Result<void> detach(int group, uint32_t id) {
  bpf_attr by_id{};
  by_id.prog_id = id;
  const UniqueFd program =
      TRY(sys::check_fd(bpf(BPF_PROG_GET_FD_BY_ID, by_id), "bpf", "BPF_PROG_GET_FD_BY_ID"));
  bpf_attr attributes{};
  attributes.target_fd = static_cast<uint32_t>(group);
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  return sys::check(bpf(BPF_PROG_DETACH, attributes), "bpf", "BPF_PROG_DETACH");
}

}  // namespace

Result<void> cgroup_devices(Context& context, const plan::CgroupDevices& step) {
  const int group = TRY(context.slots.get(step.slot));
  // Access needs the consent of every program on the cgroup: those of an earlier launch, or from before an
  // update, must go. They are detached after the new one is attached, so that there is no moment without any.
  const std::vector<uint32_t> old = TRY(attached_to(group));
  const UniqueFd program = TRY(load(step.program));
  TRY(attach(group, program.get()));
  for (const uint32_t id : old) TRY(detach(group, id));
  return {};
}

}  // namespace tspod::ops
