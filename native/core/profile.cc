#include "core/profile.h"

#ifdef TSPOD_PROFILE

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <span>

namespace tspod::profile {
namespace {

constexpr uint32_t kMarkStage = UINT32_MAX;

/** Header of the profile file, which all monitors share. */
struct Header {
  std::atomic<uint64_t> count;
  uint64_t unused[3];
};
static_assert(sizeof(Header) == sizeof(Entry));

Header* header = nullptr;
std::span<Entry> entries;
/** Pid of the monitor, also in its children: in a PID namespace of their own getpid() would return another.
 */
uint32_t monitor = 0;

uint64_t now() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/** Adds an entry; returns null if there is no profile file or it is full. */
Entry* add(uint32_t stage, uint32_t code, uint64_t begin) {
  if (header == nullptr) return nullptr;
  const uint64_t index = header->count.fetch_add(1);
  if (index >= entries.size()) return nullptr;
  entries[index] = {monitor, stage, code, 0, begin, 0};
  return &entries[index];
}

}  // namespace

void open() {
  const uint64_t begin = now();
  const char* path = ::getenv("TSPOD_PROFILE");
  if (path == nullptr) return;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  struct stat status;
  if (file == -1 || ::fstat(file, &status) == -1) return;
  const auto size = static_cast<size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (address == MAP_FAILED || size < sizeof(Header)) return;
  header = static_cast<Header*>(address);
  entries = {static_cast<Entry*>(address) + 1, size / sizeof(Entry) - 1};
  monitor = static_cast<uint32_t>(::getpid());
  (void)add(kMarkStage, static_cast<uint32_t>(Mark::kMonitor), begin);
}

void mark(Mark mark) {
  (void)add(kMarkStage, static_cast<uint32_t>(mark), now());
}

Step::Step(uint32_t stage, uint32_t code) : entry_(add(stage, code, now())) {}

Step::~Step() {
  if (entry_ != nullptr) entry_->end = now();
}

}  // namespace tspod::profile

#endif
