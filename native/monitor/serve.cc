#include "monitor/serve.h"

#include <utility>

#include "core/profile.h"
#include "core/socket.h"
#include "core/sys.h"
#include "ops/run.h"

namespace tspod {
namespace {

Result<void, Failure> take_settings(Monitor& monitor, wire::Bytes plan_bytes) {
  monitor.plan = TRY(plan::Plan::parse(plan_bytes));
  monitor.network_slot = find_network_slot(monitor.plan);
  monitor.context.settings = &monitor.settings;
  return ops::run_stage(monitor.plan, plan::Stage::kSettings, monitor.context);
}

Result<void> open_run_directory(Monitor& monitor) {
  const std::string& path = monitor.settings.run_directory;
  if (!path.empty()) monitor.run_directory = TRY(sys::open(path.c_str(), O_PATH | O_DIRECTORY));
  return prepare_supervision(monitor);
}

}  // namespace

int report_failure(const Monitor& monitor, const Failure& failure) {
  wire::Writer payload;
  const message::Failed failed{.step = failure.step, .errno_ = failure.err, .detail = failure.detail};
  message::encode(payload, failed);
  wire::Writer frame;
  frame.number(static_cast<uint32_t>(payload.bytes().size()));
  frame.number(static_cast<uint32_t>(message::Failed::kType));
  frame.raw(payload.bytes());
  (void)send_all(monitor.engine.get(), frame.bytes());  // fails if the engine has gone
  return 1;
}

namespace {

int launch_and_supervise(Monitor& monitor) {
  const Result<void> ready = open_run_directory(monitor);
  // Nothing has been done yet, and what the plan would undo may belong to another monitor by now.
  if (!ready) return report_failure(monitor, stepless_failure(ready.error()));
  Result<Launched, Failure> launched = launch(monitor);
  profile::mark(profile::Mark::kLaunched);
  if (launched) return supervise(monitor, std::move(*launched));
  (void)tear_down(monitor);  // the failure of the launch is the one to report
  // Only after the teardown: whoever launches the container next waits until nobody listens.
  abandon_supervision(monitor);
  return report_failure(monitor, launched.error());
}

}  // namespace

int serve_plan(Monitor& monitor, wire::Bytes plan_bytes) {
  const Result<void, Failure> settings = take_settings(monitor, plan_bytes);
  if (!settings) return report_failure(monitor, settings.error());
  const int status = launch_and_supervise(monitor);
  monitor.engine.reset();
  sweep(monitor);
  return status;
}

}  // namespace tspod
