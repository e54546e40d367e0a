// The poller of the monitor's loop.
#include "monitor/poller.h"

#include "core/sys.h"
#include "test/check.h"

namespace tspod::test {
namespace {

TEST("poller: what could not be watched is soon to be tried again, whatever else happens") {
  Result<Poller> poller = Poller::make();
  CHECK(poller);
  Watch nowhere{Source::kClient};
  CHECK(!poller->watch(nowhere, kReadable));
  const auto ignored = [](const Event&) {};
  const uint64_t begun = sys::clock_ns(CLOCK_MONOTONIC);
  const Result<bool> happened = poller->wait(-1, ignored);
  CHECK(happened && !*happened);
  const uint64_t waited_ms = (sys::clock_ns(CLOCK_MONOTONIC) - begun) / 1'000'000;
  CHECK(waited_ms + 1 >= Poller::kRetryMs);
}

TEST("poller: a limit that is shorter holds") {
  Result<Poller> poller = Poller::make();
  Watch nowhere{Source::kClient};
  CHECK(poller && !poller->watch(nowhere, kReadable));
  const Result<bool> happened = poller->wait(0, [](const Event&) {});
  CHECK(happened && !*happened);
}

}  // namespace
}  // namespace tspod::test
