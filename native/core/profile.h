// Where the time of a launch goes: what each step took, and when the stages of a monitor's life began.
// Compiled in only with TSPOD_PROFILE, for `npm run bench -- --profile`; elsewhere these calls are nothing.
#pragma once

#include <cstdint>

namespace tspod::profile {

/** What scripts/bench/profile reads, by number. */
enum class Mark : uint32_t { kMonitor, kPlan, kLaunched, kEnded, kTornDown };

#ifdef TSPOD_PROFILE

/** One line of the file, times in nanoseconds of CLOCK_MONOTONIC. `end` stays 0 for a step that does not
 * return. */
struct Entry {
  uint32_t monitor;
  uint32_t stage;
  uint32_t code;
  uint32_t unused;
  uint64_t begin;
  uint64_t end;
};

/** Maps the file that the variable TSPOD_PROFILE names; its processes to be have it, too. Without one nothing
 * is written. */
void open();

void mark(Mark mark);

/** A step, from here to the end of the block. */
class Step {
 public:
  Step(uint32_t stage, uint32_t code);
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step();

 private:
  Entry* entry_;
};

#else

inline void open() {}

inline void mark(Mark) {}

class Step {
 public:
  Step(uint32_t, uint32_t) {}
};

#endif

}  // namespace tspod::profile
