// The monitor's side of a launch: host's namespaces, root, a session of its own.
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <csignal>

#include "core/null_device.h"
#include "core/socket.h"
#include "core/sys.h"
#include "core/sys_event.h"
#include "core/sys_process.h"
#include "monitor/adopt.h"
#include "monitor/cgroups.h"
#include "monitor/clone_in_userns.h"
#include "monitor/executed.h"
#include "monitor/handshake.h"
#include "monitor/init.h"
#include "monitor/monitor.h"
#include "ops/donors.h"
#include "ops/run.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace tspod {
namespace {

/** Like TRY, but returns a failure that belongs to no step. */
#define TRY_STEPLESS(expression)                         \
  ({                                                     \
    auto stepless_result_ = (expression);                \
    if (!stepless_result_) [[unlikely]]                  \
      return stepless_failure(stepless_result_.error()); \
    *std::move(stepless_result_);                        \
  })

/** Both ends of the container's standard streams, before the clone. */
struct Streams {
  StreamEnds ours;
  std::array<UniqueFd, 3> pipes;  // the container's ends
  ChildStreams theirs;
};

/**
 * Gives a pipe to the owner of the streams. Both ends change owner: they are one file. Anything else than a
 * pipe is left alone.
 */
Result<void> give_pipe_to_owner(const ops::Context& context, int pipe) {
  if (context.stream_owner == ops::kNoOwner) return {};
  if (!S_ISFIFO(TRY(sys::fstat(pipe)).st_mode)) return {};
  return sys::check(::fchown(pipe, context.stream_owner, context.stream_group), "fchown");
}

/** Makes one of the streams 0, 1 and 2: the container's end, and the monitor's if there is one. */
Result<void> make_stream(Monitor& monitor, Streams& streams, int number) {
  const plan::Stdio& stdio = monitor.settings.stdio;
  const std::array kinds{stdio.stdin_, stdio.stdout_, stdio.stderr_};
  const std::array slots{stdio.stdin_slot, stdio.stdout_slot, stdio.stderr_slot};
  const std::array ends{&streams.ours.in, &streams.ours.out, &streams.ours.err};
  switch (plan::StreamKind{kinds[number]}) {
    case plan::StreamKind::kNull: streams.theirs[number] = monitor.null_device.get(); return {};
    case plan::StreamKind::kPassthrough: {
      const int given = TRY(monitor.context.slots.get(slots[number]));
      streams.theirs[number] = sys::is_null_device(given) ? monitor.null_device.get() : given;
      return give_pipe_to_owner(monitor.context, given);
    }
    case plan::StreamKind::kMonitor: {
      sys::Pipe pipe = TRY(sys::pipe());
      TRY(give_pipe_to_owner(monitor.context, pipe.read.get()));
      const bool input = number == STDIN_FILENO;
      *ends[number] = std::move(input ? pipe.write : pipe.read);
      streams.pipes[number] = std::move(input ? pipe.read : pipe.write);
      streams.theirs[number] = streams.pipes[number].get();
      return {};
    }
  }
  return Error{"stdio", std::to_string(kinds[number]), EINVAL};
}

Result<Streams> make_streams(Monitor& monitor) {
  Streams streams;
  const int null_device = monitor.null_device.get();
  // The terminal is made in the container; until then there is nothing to read or write.
  streams.theirs = {null_device, null_device, null_device};
  if (monitor.settings.stdio.terminal != 0) return streams;
  for (int number = 0; number < 3; ++number) TRY(make_stream(monitor, streams, number));
  return streams;
}

/**
 * Makes later children start in the monitor's own pid and time namespaces again, if steps before the clone
 * have set others.
 */
Result<void> return_children(ops::Context& context) {
  const uint64_t returning = std::exchange(context.returning, 0);
  if ((returning & CLONE_NEWPID) != 0) {
    TRY(sys::setns(TRY(context.proc.open_namespace("self", "pid")).get(), CLONE_NEWPID));
  }
  if ((returning & CLONE_NEWTIME) != 0) {
    TRY(sys::setns(TRY(context.proc.open_namespace("self", "time")).get(), CLONE_NEWTIME));
  }
  return {};
}

/**
 * Takes the terminal and sets its size to what a client has asked for, so that the command finds that size
 * from the beginning.
 */
void show_terminal(const Monitor& monitor, Launched& launched, UniqueFd terminal) {
  launched.streams.terminal = std::move(terminal);
  const auto& window = monitor.supervision.window;
  if (window) (void)::ioctl(launched.streams.terminal.get(), TIOCSWINSZ, &*window);
}

/**
 * Clones the child where the plan says: into an existing user namespace, beside another process, or in the
 * monitor's own.
 */
Result<sys::Cloned> make_child(ops::Context& context, const sys::CloneRequest& request) {
  if (context.beside_slot != plan::kNone) return clone_beside(context, request);
  if (context.userns_slot == plan::kNone) return sys::clone3(request);
  return clone_in_userns(TRY(context.slots.get(context.userns_slot)), request, context.proc);
}

/** The launch as the monitor sees it; exists while the prepare steps run. */
class Cloning final : public ops::LaunchSteps {
 public:
  Cloning(Monitor& monitor, Launched& launched) : monitor_(monitor), launched_(launched) {}

  Channel take_channel() { return std::move(channel_); }

  Result<void> clone(ops::Context& context, const plan::Clone& step) override {
    Streams streams = TRY(make_streams(monitor_));
    SocketPair pair = TRY(packet_pair());
    const int cgroup = step.cgroup_slot == plan::kNone ? -1 : TRY(context.slots.get(step.cgroup_slot));
    sys::Cloned cloned = TRY(make_child(context, {.flags = step.flags, .cgroup = cgroup}));
    if (cloned.pid == 0) run_init(monitor_, Channel(std::move(pair.second)), streams.theirs);

    // The child runs concurrently from here on.
    context.child = cloned.pid;
    (void)context.slots.take_changed();  // the child has a copy of what is filled so far
    launched_.pid = cloned.pid;
    launched_.pidfd = std::move(cloned.pidfd);
    launched_.streams = std::move(streams.ours);
    channel_ = Channel(std::move(pair.first));
    launched_.start_time = TRY(context.proc.start_time(cloned.pid));
    TRY(return_children(context));
    return record_clone(monitor_, launched_);
  }

  Result<void> adopt(ops::Context& context, const plan::Adopt& step) override {
    Streams streams = TRY(make_streams(monitor_));
    Adopted adopted = TRY(create_by_runtime(monitor_, step, streams.theirs));
    context.child = adopted.pid;
    launched_.pid = adopted.pid;
    launched_.pidfd = std::move(adopted.pidfd);
    launched_.streams = std::move(streams.ours);
    if (adopted.terminal) show_terminal(monitor_, launched_, std::move(adopted.terminal));
    launched_.adopted = true;
    launched_.waits = step.gate != 0;
    launched_.start_time = TRY(context.proc.start_time(adopted.pid));
    return record_clone(monitor_, launched_);
  }

  Result<void> await_stage(ops::Context&, const plan::AwaitStage&) override { return outside(); }
  Result<void> hand_over_terminal(ops::Context&, UniqueFd) override { return outside(); }
  Result<void> make_way(int) override { return outside(); }
  Result<void> check_monitor() override { return outside(); }

 private:
  static Error outside() { return Error{"init step", "in the monitor", ENOTSUP}; }

  Monitor& monitor_;
  Launched& launched_;
  Channel channel_;
};

uint64_t realtime_ns() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/**
 * Returns a descriptor that becomes readable when the container is to stop. The signal itself is left to the
 * loop.
 */
UniqueFd watch_termination() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) ::sigaddset(&signals, signal);
  Result<UniqueFd> watched = sys::signalfd(signals);
  return watched ? std::move(*watched) : UniqueFd();  // else it cannot be called off
}

/**
 * Waits for a packet from the child. ECANCELED if the engine has gone, or, if there was no engine from the
 * start, if the container is to stop: another process that shares its namespaces can hold the child up.
 */
Result<void> wait_for_packet(const Monitor& monitor, const Channel& channel) {
  const UniqueFd termination = monitor.engine ? UniqueFd() : watch_termination();
  std::array<pollfd, 3> sources{pollfd{channel.fd(), POLLIN, 0}, pollfd{monitor.engine.get(), 0, 0},
                                pollfd{termination.get(), POLLIN, 0}};
  TRY(sys::check(sys::retry([&] { return ::poll(sources.data(), sources.size(), -1); }), "poll"));
  // A packet of the child counts for more than that the engine has gone.
  if (sources[0].revents != 0) return {};
  if (sources[1].revents != 0) return Error{"launch", "the engine is gone", ECANCELED};
  return sources[2].revents == 0 ? Result<void>() : Error{"launch", "called off", ECANCELED};
}

Failure death_before_exec(const sys::Ending& ending) {
  const std::string how = ending.signal != 0 ? "killed by signal " + std::to_string(ending.signal)
                                             : "exit code " + std::to_string(ending.code);
  return {Failure::kNoStep, ECHILD, "ended before exec: " + how};
}

/**
 * Finds out why the socket has ended: by exec, or by the child's death. The kernel tells them apart (a dead
 * child may not be seen as ended yet, and a short command may have ended by now). With an init of ours PID 1
 * never executes anything; its exit code says enough.
 */
Result<void, Failure> check_executed(Monitor& monitor, const Launched& launched) {
  if (monitor.plan.has(plan::Op::kBecomeInit) || monitor.plan.has(plan::Op::kPause)) return {};
  if (TRY_STEPLESS(await_executed(monitor.context.proc, launched.pid, launched.pidfd.get()))) return {};
  return death_before_exec(TRY_STEPLESS(sys::wait_for(launched.pidfd.get())));
}

/** Answers a request of the child, which may have died while it waited. */
Result<void, Failure> answer(Monitor& monitor, const Launched& launched, Channel& channel) {
  const Result<void> sent = channel.send_done(monitor.context.slots);
  if (sent) return {};
  if (sent.error().err != EPIPE) return stepless_failure(sent.error());
  return death_before_exec(TRY_STEPLESS(sys::wait_for(launched.pidfd.get())));
}

Result<void, Failure> serve_stage(Monitor& monitor, const Launched& launched, Channel& channel,
                                  plan::Stage stage) {
  TRY(ops::run_stage(monitor.plan, stage, monitor.context));
  return answer(monitor, launched, channel);
}

/** Takes the terminal that the child has sent. The child goes on when it has the answer. */
Result<void, Failure> take_terminal(Monitor& monitor, Launched& launched, Channel& channel,
                                    UniqueFd terminal) {
  show_terminal(monitor, launched, std::move(terminal));
  return answer(monitor, launched, channel);
}

/**
 * Serves the child's requests until it waits at the gate (its channel is then in `launched`) or has executed
 * the command.
 */
Result<void, Failure> serve(Monitor& monitor, Launched& launched, Channel channel, Order order) {
  for (;;) {
    TRY_STEPLESS(wait_for_packet(monitor, channel));
    Packet packet = TRY_STEPLESS(channel.receive());
    if (packet.ended) return check_executed(monitor, launched);
    if (!order.accept(packet.kind)) return Failure{Failure::kNoStep, EPROTO, "handshake out of order"};
    switch (packet.kind) {
      case PacketKind::kAfterClonePlease:
        TRY(serve_stage(monitor, launched, channel, plan::Stage::kAfterClone));
        break;
      case PacketKind::kBeforePivotPlease:
        TRY(serve_stage(monitor, launched, channel, plan::Stage::kBeforePivot));
        break;
      case PacketKind::kTerminal:
        TRY(take_terminal(monitor, launched, channel, std::move(packet.terminal)));
        break;
      case PacketKind::kGatePlease: launched.handshake = channel.take(); return {};
      case PacketKind::kFailed: return std::move(packet.failure);
      case PacketKind::kDone: break;
    }
  }
}

/** Kills and reaps the child; if it has a pid namespace of its own, its children die with it. */
void kill_child(const Launched& launched) {
  if (!launched.pidfd) return;
  (void)sys::pidfd_send_signal(launched.pidfd.get(), SIGKILL);  // ESRCH: it was reaped
  (void)sys::wait_for(launched.pidfd.get());
}

Result<void, Failure> finish(Monitor& monitor, Launched& launched) {
  if (launched.gated()) return {};
  launched.started_ns = realtime_ns();
  return ops::run_stage(monitor.plan, plan::Stage::kStarted, monitor.context);
}

/**
 * Starts a container that an OCI runtime has created: the steps after the clone include the runtime's
 * `start`.
 */
Result<void, Failure> start_adopted(Monitor& monitor, Launched& launched) {
  if (launched.gated()) return {};
  TRY(ops::run_stage(monitor.plan, plan::Stage::kAfterClone, monitor.context));
  return finish(monitor, launched);
}

Result<void, Failure> try_launch(Monitor& monitor, Launched& launched) {
  ops::Context& context = monitor.context;
  Cloning cloning(monitor, launched);
  context.launch = &cloning;
  context.donors.clear();
  context.donor_missing = false;
  context.masks_files = monitor.plan.has(plan::Op::kMaskPath);
  const Result<void, Failure> prepared = ops::run_stage(monitor.plan, plan::Stage::kPrepare, context);
  context.launch = nullptr;
  if (!prepared) return prepared.error();
  if (launched.pid == 0) return Failure{Failure::kNoStep, EBADMSG, "plan without clone"};
  TRY(ops::run_stage(monitor.plan, plan::Stage::kNetwork, context));
  TRY_STEPLESS(record_network(monitor));
  (void)context.slots.take_changed();  // these are the monitor's own
  if (launched.adopted) return start_adopted(monitor, launched);
  TRY(serve(monitor, launched, cloning.take_channel(), Order()));
  return finish(monitor, launched);
}

/**
 * Returns the monitor to its own namespaces after a launch that failed in between. Some steps move it into
 * namespaces of others, or into new ones, to take something from there or to clone its child there; later
 * steps move it back, and those are run here.
 */
void leave_namespaces(Monitor& monitor) {
  ops::Slots::Set own;  // slots with the namespaces that the monitor began in
  for (const plan::StepView& step : monitor.plan) {
    wire::Reader reader(step.operands);
    if (step.op == plan::Op::kOpenPath) {
      plan::OpenPath opened;
      plan::decode(reader, opened);
      if (opened.path.view().starts_with("/proc/self/ns/") && opened.slot < own.size()) own.set(opened.slot);
    } else if (step.op == plan::Op::kJoinNamespaces) {
      plan::JoinNamespaces joined;
      plan::decode(reader, joined);
      // Joining a namespace that it has not left does no harm, and slots that were not filled do not matter.
      if (joined.slot < own.size() && own.test(joined.slot)) (void)ops::run_step(step, monitor.context);
    }
  }
}

/** Closes descriptors that the monitor was spawned with and that only the plan's steps have used. */
void close_inherited(const plan::Plan& plan) {
  for (const plan::StepView& step : plan) {
    if (step.op != plan::Op::kInheritFd) continue;
    wire::Reader reader(step.operands);
    plan::InheritFd inherited;
    plan::decode(reader, inherited);
    ::close(static_cast<int>(inherited.fd));
  }
}

}  // namespace

Result<Launched, Failure> launch(Monitor& monitor) {
  Launched launched;
  const Result<void, Failure> done = try_launch(monitor, launched);
  if (done) return launched;
  kill_child(launched);
  // Needed for the teardown or the next launch where this one failed before the clone.
  (void)return_children(monitor.context);
  leave_namespaces(monitor);
  return done.error();
}

Result<void, Failure> open_gate(Monitor& monitor, Launched& launched) {
  Channel channel(std::move(launched.handshake));
  Order order;
  (void)order.accept(PacketKind::kGatePlease);
  launched.waits = false;
  const auto go_on = [&]() -> Result<void, Failure> {
    if (launched.adopted) return start_adopted(monitor, launched);
    TRY(answer(monitor, launched, channel));
    TRY(serve(monitor, launched, std::move(channel), order));
    return finish(monitor, launched);
  };
  const Result<void, Failure> done = go_on();
  if (!done) kill_child(launched);
  return done;
}

std::optional<uint32_t> find_network_slot(const plan::Plan& plan) {
  for (const plan::StepView& step : plan) {
    wire::Reader reader(step.operands);
    if (step.op == plan::Op::kNetworkNamespace) {
      plan::NetworkNamespace made;
      plan::decode(reader, made);
      return made.slot;
    }
    if (step.op == plan::Op::kOpenChildNamespace) {
      plan::OpenChildNamespace opened;
      plan::decode(reader, opened);
      if (opened.kind.view() == "net") return opened.slot;
    }
  }
  return std::nullopt;
}

bool lacks_donor(Monitor& monitor) {
  return ops::lacks_donor(monitor.context);
}

void forget_launch(Monitor& monitor) {
  monitor.launch_forgotten = true;
  const auto& counter = monitor.settings.oom_counter;
  ops::Slots::Set kept;
  for (const std::optional<uint32_t>& slot :
       {counter ? std::optional(counter->slot) : std::nullopt, monitor.network_slot}) {
    if (slot && *slot < kept.size()) kept.set(*slot);
  }
  monitor.context.slots.clear_except(kept);
  close_inherited(monitor.plan);
  monitor.kept = plan::KeptPlan(monitor.plan, {plan::Stage::kTeardown, plan::Stage::kSweep});
  monitor.plan = monitor.kept.view();
  monitor.plan_bytes = Mapping();
}

Result<void, Failure> tear_down(Monitor& monitor) {
  const Result<void, Failure> done = ops::run_all(monitor.plan, plan::Stage::kTeardown, monitor.context);
  monitor.context.held_ports.clear();
  // The interfaces go with it, unless another container is in the namespace: their addresses are free from
  // now on.
  if (monitor.network_slot) monitor.context.slots.close(*monitor.network_slot);
  return done;
}

void sweep(Monitor& monitor) {
  monitor.context.slots.clear();  // closes its namespaces, which end if nobody else is in them
  (void)ops::run_all(monitor.plan, plan::Stage::kSweep, monitor.context);  // a later one finds the rest
}

}  // namespace tspod
