// Measures where the time of a launch goes: how long each step took, and when the stages of a monitor's life
// began. Compiled in only with TSPOD_PROFILE, for `npm run bench -- --profile`; otherwise these functions are
// empty.
#pragma once

#include <cstdint>

namespace tspod::profile {

/** Stages of a monitor's life; scripts/bench/profile reads them by number. */
enum class Mark : uint32_t { kMonitor, kPlan, kLaunched, kEnded, kTornDown };

#ifdef TSPOD_PROFILE

/**
 * One record of the profile file, with times in ns of CLOCK_MONOTONIC. `end` stays 0 for a step that does not
 * return.
 */
struct Entry {
  uint32_t monitor;
  uint32_t stage;
  uint32_t code;
  uint32_t unused;
  uint64_t begin;
  uint64_t end;
};

/**
 * Maps the file that the environment variable TSPOD_PROFILE names; processes forked later share the mapping.
 * Without the variable nothing is recorded.
 */
void open();

void mark(Mark mark);

/** Records a step, from construction to the end of the block. */
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
