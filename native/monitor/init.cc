#include "monitor/init.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <vector>

#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/death_signal.h"
#include "ops/run.h"

namespace tspod {
namespace {

/** Exit code of a first process that never became the command; only the monitor sees it. */
constexpr int kNotExecuted = 125;

/** The launch as the first process sees it. */
class FirstProcess final : public ops::LaunchSteps {
 public:
  explicit FirstProcess(Channel channel) : channel_(std::move(channel)) {}

  Channel& channel() { return channel_; }

  Result<void> clone(ops::Context&, const plan::Clone&) override {
    return Error{"clone3", "in init", ENOTSUP};
  }

  Result<void> adopt(ops::Context&, const plan::Adopt&) override {
    return Error{"adopt", "in init", ENOTSUP};
  }

  Result<void> await_stage(ops::Context& context, const plan::AwaitStage& step) override {
    TRY(channel_.request(TRY(request_for(step))));
    return channel_.await_done(context.slots);
  }

  Result<void> hand_over_terminal(ops::Context& context, UniqueFd master) override {
    TRY(channel_.send_terminal(master.get()));
    return channel_.await_done(context.slots);
  }

  Result<void> make_way(int highest) override { return channel_.move_above(highest); }

  Result<void> check_monitor() override {
    pollfd end{channel_.fd(), 0, 0};
    const int ended = sys::retry([&] { return ::poll(&end, 1, 0); });
    return ended == 1 ? Result<void>(Error{"handshake", "the monitor has died", ECANCELED}) : Result<void>();
  }

 private:
  static Result<PacketKind> request_for(const plan::AwaitStage& step) {
    if (step.gate != 0) return PacketKind::kGatePlease;
    if (step.awaited == static_cast<uint32_t>(plan::Stage::kAfterClone)) return PacketKind::kAfterClonePlease;
    if (step.awaited == static_cast<uint32_t>(plan::Stage::kBeforePivot))
      return PacketKind::kBeforePivotPlease;
    return Error{"await", std::to_string(step.awaited), EINVAL};
  }

  Channel channel_;
};

/**
 * Closes all descriptors but 0, 1, 2 and what the steps need. What else the monitor has open (its sockets,
 * log, the other ends of the pipes) must not be within reach of anybody in the container, not even before
 * exec (CVE-2016-9962).
 */
Result<void> close_others(const ops::Context& context, int channel) {
  std::vector<int> kept{2, channel};
  if (context.proc.fd() >= 0) kept.push_back(context.proc.fd());
  context.slots.for_each([&](int fd) { kept.push_back(fd); });
  std::sort(kept.begin(), kept.end());
  for (size_t index = 0; index < kept.size(); ++index) {
    const auto first = static_cast<unsigned>(kept[index]) + 1;
    const unsigned last = index + 1 < kept.size() ? static_cast<unsigned>(kept[index + 1]) - 1 : UINT_MAX;
    if (first <= last) TRY(sys::close_range(first, last, 0));
  }
  return {};
}

/**
 * Closes procfs unless a step needs it: a privileged process of the container could reach this directory of
 * the host through us (an exec is in its pid namespace from the start).
 */
void drop_procfs(ops::Context& context, const plan::Plan& plan) {
  using plan::Op;
  for (const Op op : {Op::kSysctl, Op::kOomScoreAdj, Op::kApparmor, Op::kSelinux, Op::kHook, Op::kTimeOffset,
                      Op::kPinNamespace, Op::kOpenProcess}) {
    if (plan.has(op)) return;
  }
  context.proc.close();
}

/**
 * Sets up the first process, which begins as a copy of the monitor (not dumpable, all signals blocked) in the
 * new namespaces, with all its rights.
 */
Result<void> settle(ops::Context& context, FirstProcess& launch, const ChildStreams& streams) {
  TRY(ops::arm_death_signal());
  TRY(launch.check_monitor());  // it may have died before the signal was armed
  TRY(sys::prctl(PR_SET_NAME, reinterpret_cast<unsigned long>("tspod-launch"), "PR_SET_NAME"));
  for (int stream = 0; stream < 3; ++stream) {
    if (streams[stream] != stream) TRY(sys::dup3(streams[stream], stream, 0));
  }
  TRY(close_others(context, launch.channel().fd()));
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::umask(0);
  return {};
}

[[noreturn]] void fail_and_exit(FirstProcess& launch, const Failure& failure) {
  (void)launch.channel().send_failure(failure);  // if the monitor has died there is nobody to tell
  ::_exit(kNotExecuted);
}

}  // namespace

void run_init(Monitor& monitor, Channel channel, const ChildStreams& streams) {
  FirstProcess launch(std::move(channel));
  ops::Context& context = monitor.context;
  context.launch = &launch;
  drop_procfs(context, monitor.plan);
  const Result<void> settled = settle(context, launch, streams);
  if (!settled) fail_and_exit(launch, stepless_failure(settled.error()));
  const Result<void, Failure> run = ops::run_stage(monitor.plan, plan::Stage::kInit, context);
  if (!run) fail_and_exit(launch, run.error());
  fail_and_exit(launch, {Failure::kNoStep, EBADMSG, "plan without exec"});
}

}  // namespace tspod
