#include "monitor/serve.h"

#include <utility>

#include "core/profile.h"
#include "core/socket.h"
#include "core/sys.h"
#include "ops/run.h"

namespace tspod {
namespace {

Failure failure_of(const Error& error) {
  return {Failure::kNoStep, error.err, describe(error)};
}

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
  (void)send_all(monitor.engine.get(), frame.bytes());  // an engine that has gone wants no report
  return 1;
}

namespace {

int launch_and_supervise(Monitor& monitor) {
  const Result<void> ready = open_run_directory(monitor);
  // Nothing was done yet, and what the plan would undo may be another monitor's by now.
  if (!ready) return report_failure(monitor, failure_of(ready.error()));
  Result<Launched, Failure> launched = launch(monitor);
  profile::mark(profile::Mark::kLaunched);
  if (launched) return supervise(monitor, std::move(*launched));
  (void)tear_down(monitor);  // the launch's failure is the one to tell
  // Not before: whoever launches the container next waits for who listens.
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
