// tspod-monitor: one for each container. It is spawned with a socket to the engine as descriptor 3 and is
// told by it what to do.
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <csignal>

#include "core/null_device.h"
#include "core/profile.h"
#include "core/socket.h"
#include "core/sys.h"
#include "core/sys_process.h"
#include "monitor/monitor.h"
#include "monitor/serve.h"

namespace tspod {
namespace {

constexpr int kEngineSocket = 3;

Failure failure_of(const Error& error) {
  return {Failure::kNoStep, error.err, describe(error)};
}

/** Whatever the parent blocked or ignored, signals wait until the loop takes them, and children begin with
 * the defaults. */
void reset_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) (void)::signal(signal, SIG_DFL);
}

/** The monitor outlives its creator: nothing of that one's terminal, directory or streams is kept. */
Result<void> detach(Monitor& monitor) {
  // Nobody's monitor: what is opened next would take the number.
  if (!S_ISSOCK(TRY(sys::fstat(kEngineSocket)).st_mode)) return Error{"fstat", "engine", ENOTSOCK};
  // Not to be looked into by what it will clone: descriptors and memory of the host are in it
  // (CVE-2016-9962).
  TRY(sys::prctl(PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE"));
  TRY(sys::prctl(PR_SET_NAME, reinterpret_cast<unsigned long>("tspod-monitor"), "PR_SET_NAME"));
  TRY(sys::close_range(kEngineSocket, UINT_MAX, CLOSE_RANGE_CLOEXEC));
  (void)::setsid();  // EPERM: it leads a session already
  TRY(sys::check(::chdir("/"), "chdir", "/"));
  // The caller's would take from the container's users the right to read their cgroup. The first process sets
  // its own.
  ::umask(022);
  // Numbered from 3: one that took the place of a missing 0, 1 or 2 would be closed under it.
  const UniqueFd own = TRY(sys::dup_from(TRY(sys::open("/dev/null", O_RDWR)).get(), 3));
  for (int stream = 0; stream < 3; ++stream) TRY(sys::dup3(own.get(), stream, 0));
  monitor.null_device = TRY(sys::open_null_device());
  return monitor.context.proc.open();
}

struct FrameHeader {
  uint32_t length;
  message::Type type;
};

/** False at the end of the stream. */
Result<bool> read_header(int socket, FrameHeader& header) {
  static_assert(sizeof header == 8);
  return read_exactly(socket, {reinterpret_cast<char*>(&header), sizeof header});
}

Result<void> read_attach(Monitor& monitor, uint32_t length) {
  std::array<char, 12> payload;
  if (length != payload.size()) return Error{"attach", {}, EPROTO};
  if (!TRY(read_exactly(monitor.engine.get(), payload))) return Error{"attach", {}, ECONNRESET};
  wire::Reader reader({reinterpret_cast<const uint8_t*>(payload.data()), payload.size()});
  message::decode(reader, monitor.early_attach.emplace());
  return {};
}

/** Reads the plan to where it stays: pages of their own, which go back to the kernel when no launch can
 * follow. */
Result<wire::Bytes> read_plan(Monitor& monitor, uint32_t length) {
  if (length == 0 || length > message::kMaxBytes) return Error{"launch", {}, EMSGSIZE};
  monitor.plan_bytes = TRY(Mapping::make(length));
  const std::span<uint8_t> bytes = monitor.plan_bytes.bytes();
  const bool there =
      TRY(read_exactly(monitor.engine.get(), {reinterpret_cast<char*>(bytes.data()), bytes.size()}));
  if (!there) return Error{"launch", {}, ECONNRESET};
  wire::Reader reader(bytes);
  message::Launch launch;
  message::decode(reader, launch);
  if (!reader.finished()) return Error{"launch", {}, EBADMSG};
  return launch.plan;
}

/** What the engine says first: perhaps `attach`, then `launch`. An empty plan: the engine has gone without a
 * word. */
Result<wire::Bytes> receive_plan(Monitor& monitor) {
  FrameHeader header{};
  while (TRY(read_header(monitor.engine.get(), header))) {
    if (header.type == message::Type::kLaunch) return read_plan(monitor, header.length);
    if (header.type != message::Type::kAttach) return Error{"message", "before launch", EPROTO};
    TRY(read_attach(monitor, header.length));
  }
  return wire::Bytes();
}

int run() {
  profile::open();
  reset_signals();
  Monitor monitor;
  monitor.engine = UniqueFd(kEngineSocket);
  const Result<void> detached = detach(monitor);
  if (!detached) return report_failure(monitor, failure_of(detached.error()));
  const Result<wire::Bytes> plan_bytes = receive_plan(monitor);
  if (!plan_bytes) return report_failure(monitor, failure_of(plan_bytes.error()));
  if (plan_bytes->empty()) return 0;
  profile::mark(profile::Mark::kPlan);
  return serve_plan(monitor, *plan_bytes);
}

}  // namespace
}  // namespace tspod

int main() {
  return tspod::run();
}
