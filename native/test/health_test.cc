#include "monitor/health.h"

#include "monitor/health_record.h"
#include "test/check.h"

namespace tspod {
namespace {

constexpr bool kPass = true;
constexpr bool kFail = false;
constexpr uint64_t kLate = 1'000'000;

CheckResult with_output(std::string output) {
  CheckResult result;
  result.output = std::move(output);
  return result;
}

TEST("health: begins as starting, one success makes it healthy") {
  HealthCounter counter({.failures = 3});
  CHECK(counter.health() == Health::kStarting);
  CHECK(counter.count(kPass, kLate) == HealthVerdict::kNone);
  CHECK(counter.health() == Health::kHealthy);
}

TEST("health: so many failures in a row make it unhealthy, each further one says so again") {
  HealthCounter counter({.failures = 2});
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kNone);
  CHECK(counter.health() == Health::kStarting);
  CHECK_EQUAL(counter.streak(), 1U);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kUnhealthy);
  CHECK(counter.health() == Health::kUnhealthy);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kUnhealthy);
  CHECK_EQUAL(counter.streak(), 3U);
}

TEST("health: a success between failures begins the count anew") {
  HealthCounter counter({.failures = 2});
  (void)counter.count(kFail, kLate);
  (void)counter.count(kPass, kLate);
  CHECK_EQUAL(counter.streak(), 0U);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kNone);
  CHECK(counter.health() == Health::kHealthy);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kUnhealthy);
  CHECK(counter.count(kPass, kLate) == HealthVerdict::kNone);
  CHECK(counter.health() == Health::kHealthy);
}

TEST("health: failures in the start period do not count, successes do") {
  HealthCounter counter({.failures = 1, .grace_ns = 100});
  CHECK(counter.count(kFail, 99) == HealthVerdict::kNone);
  CHECK_EQUAL(counter.streak(), 0U);
  CHECK(counter.health() == Health::kStarting);
  (void)counter.count(kPass, 99);
  CHECK(counter.health() == Health::kHealthy);
  CHECK(counter.count(kFail, 100) == HealthVerdict::kUnhealthy);
}

TEST("health: the regular check waits for the success of the start-up check") {
  HealthCounter counter({.failures = 1, .has_startup = true, .startup_successes = 2});
  CHECK(counter.in_startup());
  CHECK(counter.count(kPass, kLate) == HealthVerdict::kNone);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kNone);
  CHECK(counter.count(kPass, kLate) == HealthVerdict::kNone);
  CHECK(counter.in_startup());
  CHECK(counter.count(kPass, kLate) == HealthVerdict::kPassedStartup);
  CHECK(!counter.in_startup());
  CHECK(counter.health() == Health::kStarting);
  CHECK_EQUAL(counter.streak(), 0U);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kUnhealthy);
}

TEST("health: too many failures of the start-up check are told") {
  HealthCounter counter({.failures = 1, .has_startup = true, .startup_failures = 2});
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kNone);
  CHECK(counter.count(kFail, kLate) == HealthVerdict::kFailedStartup);
  CHECK(counter.health() == Health::kStarting);
}

TEST("health: a start-up check without a limit may fail for ever") {
  HealthCounter counter({.failures = 1, .has_startup = true});
  for (int i = 0; i < 1000; ++i) CHECK(counter.count(kFail, kLate) == HealthVerdict::kNone);
  CHECK(counter.count(kPass, kLate) == HealthVerdict::kPassedStartup);
}

TEST("health: a new run begins with nothing counted") {
  HealthCounter counter({.failures = 1, .has_startup = true});
  (void)counter.count(kPass, kLate);
  (void)counter.count(kFail, kLate);
  CHECK(counter.health() == Health::kUnhealthy);
  counter.begin();
  CHECK(counter.in_startup());
  CHECK(counter.health() == Health::kStarting);
  CHECK_EQUAL(counter.streak(), 0U);
}

TEST("health: the record holds the last results, each on one line") {
  HealthCounter counter({.failures = 1});
  HealthLog log(2);
  log.add({.began_ns = 1, .ended_ns = 2, .code = 0, .err = 0, .output = "gone"});
  log.add({.began_ns = 3, .ended_ns = 4, .code = 7, .err = 0, .output = "a\\b\nc\x01\x7f"});
  log.add({.began_ns = 5, .ended_ns = 6, .code = -1, .err = 110, .output = ""});
  (void)counter.count(kFail, kLate);
  CHECK_EQUAL(format_health(counter, log),
              "status unhealthy\nstreak 1\ncheck 3 4 7 0 a\\\\b\\nc\\x01\\x7f\ncheck 5 6 -1 110 \n");
}

TEST("health: a log without a limit is bounded by the bytes of its outputs") {
  HealthLog log(SIZE_MAX);
  const std::string output(HealthLog::kMaxOutputBytes / 4, 'x');
  for (int i = 0; i < 10; ++i) log.add(with_output(output));
  CHECK_EQUAL(log.results().size(), 4U);
  log.add(with_output(std::string(HealthLog::kMaxOutputBytes * 2, 'y')));
  CHECK_EQUAL(log.results().size(), 1U);
}

}  // namespace
}  // namespace tspod
