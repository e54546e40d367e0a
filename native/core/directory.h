// Reads the entries of a directory without heap allocation, through a buffer of one page.
#pragma once

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "core/sys.h"

namespace tspod {

struct DirectoryEntry {
  const char* name;
  unsigned char type;  // DT_*; DT_UNKNOWN where the file system does not say
};

/**
 * Calls `use(const DirectoryEntry&) -> Result<void>` for each entry except "." and "..", from the start of
 * the directory. Entries may be removed meanwhile. The descriptor's own offset is used: two walks on one
 * descriptor must not overlap.
 */
template <typename Use> Result<void> for_each_entry(int directory, Use&& use) {
  TRY(sys::check(::lseek(directory, 0, SEEK_SET), "lseek"));
  alignas(dirent64) char buffer[4096];
  for (;;) {
    const long size = ::syscall(SYS_getdents64, directory, buffer, sizeof buffer);
    if (size == -1) return last_error("getdents64");
    if (size == 0) return {};
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") TRY(use(DirectoryEntry{entry->d_name, entry->d_type}));
    }
  }
}

}  // namespace tspod
