#include "monitor/restart.h"

#include "test/check.h"

namespace tspod {
namespace {

using plan::RestartPolicy;

constexpr RunOutcome kFailed{.failed = true, .lasted_ns = 1};
constexpr RunOutcome kSucceeded{.failed = false, .lasted_ns = 1};
constexpr RunOutcome kLongRun{.failed = true, .lasted_ns = kSteadyRunNs};

int64_t delay(Restarter& restarter, const RunOutcome& outcome) {
  const std::optional<uint32_t> answer = restarter.next_delay(outcome);
  return answer ? int64_t{*answer} : -1;
}

TEST("restart: policy no never does") {
  Restarter restarter;
  CHECK_EQUAL(delay(restarter, kFailed), -1);
}

TEST("restart: on-failure does after a failure, as often as allowed") {
  Restarter restarter(
      {.policy = RestartPolicy::kOnFailure, .max_retries = 2, .first_delay_ms = 10, .last_delay_ms = 100});
  CHECK_EQUAL(delay(restarter, kFailed), 10);
  CHECK_EQUAL(delay(restarter, kFailed), 20);
  CHECK_EQUAL(delay(restarter, kFailed), -1);
  CHECK_EQUAL(restarter.count(), 2U);
}

TEST("restart: another policy counts from now on, with the restarts so far") {
  Restarter restarter({.policy = RestartPolicy::kAlways, .first_delay_ms = 10, .last_delay_ms = 100});
  CHECK_EQUAL(delay(restarter, kSucceeded), 10);
  restarter.change(
      {.policy = RestartPolicy::kOnFailure, .max_retries = 2, .first_delay_ms = 10, .last_delay_ms = 100});
  CHECK_EQUAL(delay(restarter, kSucceeded), -1);
  CHECK_EQUAL(delay(restarter, kFailed), 20);
  CHECK_EQUAL(delay(restarter, kFailed), -1);
  restarter.disarm();
  restarter.change({.policy = RestartPolicy::kAlways});
  CHECK_EQUAL(delay(restarter, kFailed), -1);
}

TEST("restart: on-failure ends with a success") {
  Restarter restarter({.policy = RestartPolicy::kOnFailure});
  CHECK(delay(restarter, kFailed) > 0);
  CHECK_EQUAL(delay(restarter, kSucceeded), -1);
}

TEST("restart: always and unless-stopped do whatever the outcome") {
  for (const RestartPolicy policy : {RestartPolicy::kAlways, RestartPolicy::kUnlessStopped}) {
    Restarter restarter({.policy = policy, .max_retries = 1});
    for (int i = 0; i < 10; ++i) CHECK(delay(restarter, i % 2 == 0 ? kFailed : kSucceeded) > 0);
  }
}

TEST("restart: the delay doubles up to the last, and begins anew after a long run") {
  Restarter restarter({.policy = RestartPolicy::kAlways, .first_delay_ms = 100, .last_delay_ms = 500});
  for (const int64_t expected : {100, 200, 400, 500, 500}) CHECK_EQUAL(delay(restarter, kFailed), expected);
  CHECK_EQUAL(delay(restarter, kLongRun), 100);
  CHECK_EQUAL(delay(restarter, kFailed), 200);
}

TEST("restart: what is put off waits ever longer, and is no restart") {
  Restarter restarter(
      {.policy = RestartPolicy::kOnFailure, .max_retries = 2, .first_delay_ms = 10, .last_delay_ms = 60});
  CHECK_EQUAL(delay(restarter, kFailed), 10);
  for (const uint32_t expected : {20U, 40U, 60U, 60U}) CHECK_EQUAL(*restarter.put_off_delay(), expected);
  CHECK_EQUAL(restarter.count(), 1U);
  CHECK_EQUAL(delay(restarter, kFailed), 60);
  CHECK_EQUAL(delay(restarter, kFailed), -1);
  restarter.disarm();
  CHECK(!restarter.put_off_delay());
}

TEST("restart: delays of any size neither overflow nor vanish") {
  Restarter large(
      {.policy = RestartPolicy::kAlways, .first_delay_ms = 0xffffffff, .last_delay_ms = 0xffffffff});
  CHECK_EQUAL(delay(large, kFailed), 0xffffffffLL);
  CHECK_EQUAL(delay(large, kFailed), 0xffffffffLL);
  Restarter none({.policy = RestartPolicy::kAlways, .first_delay_ms = 0, .last_delay_ms = 0});
  CHECK_EQUAL(delay(none, kFailed), 1);
}

TEST("restart: a policy that was dropped restarts no more until it is another one") {
  Restarter restarter({.policy = RestartPolicy::kAlways, .first_delay_ms = 10, .last_delay_ms = 100});
  restarter.drop_policy();
  CHECK_EQUAL(delay(restarter, kFailed), -1);
  restarter.change({.policy = RestartPolicy::kAlways, .first_delay_ms = 10, .last_delay_ms = 100});
  CHECK_EQUAL(delay(restarter, kFailed), -1);
  CHECK_EQUAL(*restarter.forced_delay(kFailed), 10U);
  CHECK_EQUAL(*restarter.put_off_delay(), 20U);
  restarter.change({.policy = RestartPolicy::kOnFailure, .first_delay_ms = 10, .last_delay_ms = 100});
  CHECK_EQUAL(delay(restarter, kFailed), 40);
}

TEST("restart: a stop disarms it") {
  Restarter restarter({.policy = RestartPolicy::kAlways});
  restarter.disarm();
  CHECK_EQUAL(delay(restarter, kFailed), -1);
}

}  // namespace
}  // namespace tspod
