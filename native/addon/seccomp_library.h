// Loads libseccomp when a filter is first compiled: a host without it can still do everything except run
// containers with a seccomp profile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/result.h"

namespace tspod::addon {

/** struct scmp_arg_cmp, as libseccomp declares it (seccomp_rule_add(3)). */
struct SeccompComparison {
  uint32_t argument;
  int operation;
  uint64_t value;
  uint64_t second_value;  // for MASKED_EQ, whose mask is `value`
};

/**
 * The functions that are used, named without their prefix. Those with a status return 0 or a negative errno.
 */
struct SeccompLibrary {
  void* (*init)(uint32_t default_action);
  void (*release)(void* filter);
  int (*merge)(void* into, void* from);
  uint32_t (*arch_native)();
  uint32_t (*arch_resolve_name)(const char* name);
  int (*arch_add)(void* filter, uint32_t architecture);
  int (*arch_remove)(void* filter, uint32_t architecture);
  int (*syscall_resolve_name)(const char* name);
  int (*rule_add_array)(void* filter, uint32_t action, int call, unsigned count,
                        const SeccompComparison* comparisons);
  int (*attr_set)(void* filter, int attribute, uint32_t value);
  int (*export_bpf)(const void* filter, int fd);
  int (*export_bpf_mem)(const void* filter, void* buffer, size_t* size);  // null before version 2.6
};

/** Returns the functions; ENOENT (with the linker's words) if libseccomp.so.2 is not installed. */
Result<const SeccompLibrary*> seccomp_library();

}  // namespace tspod::addon
