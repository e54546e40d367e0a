#include "monitor/record.h"

#include "monitor/oom.h"
#include "test/check.h"

namespace tspod {
namespace {

TEST("record: state tells processes by pid and start time") {
  const StateRecord record{.monitor = {12, 345},
                           .init = {13, 346},
                           .status = ContainerStatus::kRunning,
                           .started_ns = 7,
                           .restarts = 2};
  CHECK_EQUAL(format_state(record), "monitor 12 345\ninit 13 346\nstatus running\nstarted 7\nrestarts 2\n");
}

TEST("record: state names the network namespace that the monitor holds, if there is one") {
  CHECK(format_state({.network_namespace = 4026532345}).ends_with("restarts 0\nnetwork 4026532345\n"));
  CHECK(format_state({}).find("network") == std::string::npos);
}

TEST("record: each status has its word") {
  CHECK(format_state({.status = ContainerStatus::kCreated}).find("status created\n") != std::string::npos);
  CHECK(format_state({.status = ContainerStatus::kWaiting}).find("status waiting\n") != std::string::npos);
}

TEST("record: exit has its lines in their order") {
  const ExitRecord record{.code = 137,
                          .signal = 9,
                          .oom_killed = true,
                          .timed_out = false,
                          .started_ns = 1,
                          .finished_ns = 2,
                          .restarts = 3,
                          .health = "",
                          .error = ""};
  CHECK_EQUAL(format_exit(record),
              "code 137\nsignal 9\noom 1\ntimedout 0\nstarted 1\nfinished 2\nrestarts 3\n");
}

TEST("record: an error stays on one line and within the space that was taken for it") {
  ExitRecord record;
  record.error = "two\nlines\tand more";
  CHECK(format_exit(record).ends_with("\nerror two lines and more\n"));
  record.error = std::string(5000, 'e');
  CHECK_EQUAL(format_exit(record).size(), kMaxExitRecordBytes);
}

TEST("oom: the counter is found by its whole name") {
  const std::string_view v2 = "low 0\noom 4\noom_kill 3\noom_group_kill 0\n";
  CHECK_EQUAL(find_counter(v2, "oom_kill"), 3U);
  CHECK_EQUAL(find_counter(v2, "oom"), 4U);
  CHECK_EQUAL(find_counter("oom_kill_disable 0\nunder_oom 0\noom_kill 12", "oom_kill"), 12U);
  CHECK_EQUAL(find_counter("oom_killer 5\n", "oom_kill"), 0U);
  CHECK_EQUAL(find_counter("", "oom_kill"), 0U);
}

}  // namespace
}  // namespace tspod
