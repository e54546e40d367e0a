// tspod-monitor, one for each container. It is spawned with a socket to the engine as descriptor 3, over
// which the engine says what to do.
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

/**
 * Resets what the parent has blocked or ignored: signals wait until the loop takes them, and children begin
 * with the defaults.
 */
void reset_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) (void)::signal(signal, SIG_DFL);
}

/**
 * Detaches the monitor, which outlives the process that spawned it, from that one's terminal, directory and
 * streams.
 */
Result<void> detach(Monitor& monitor) {
  // Started without an engine: descriptor 3 is not its socket, and the next open() would get that number.
  if (!S_ISSOCK(TRY(sys::fstat(kEngineSocket)).st_mode)) return Error{"fstat", "engine", ENOTSOCK};
  // What the monitor clones must not look into it: it has descriptors and memory of the host (CVE-2016-9962).
  TRY(sys::prctl(PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE"));
  TRY(sys::prctl(PR_SET_NAME, reinterpret_cast<unsigned long>("tspod-monitor"), "PR_SET_NAME"));
  TRY(sys::close_range(kEngineSocket, UINT_MAX, CLOSE_RANGE_CLOEXEC));
  (void)::setsid();  // EPERM: it leads a session already
  TRY(sys::check(::chdir("/"), "chdir", "/"));
  // The caller's umask could keep the container's users from reading their cgroup. The first process sets its
  // own.
  ::umask(022);
  // Numbered from 3 on: as a missing 0, 1 or 2 it would be closed below.
  const UniqueFd own = TRY(sys::dup_from(TRY(sys::open("/dev/null", O_RDWR)).get(), 3));
  for (int stream = 0; stream < 3; ++stream) TRY(sys::dup3(own.get(), stream, 0));
  monitor.null_device = TRY(sys::open_null_device());
  return monitor.context.proc.open();
}

struct FrameHeader {
  uint32_t length;
  message::Type type;
};

/** Reads the header of a message; false at the end of the stream. */
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

/** Reads the plan into pages of its own, where it stays until no launch can follow. */
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

/**
 * Reads the engine's first messages: perhaps `attach`, then `launch`. Returns an empty plan if the engine has
 * gone without a word.
 */
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
  if (!detached) return report_failure(monitor, stepless_failure(detached.error()));
  const Result<wire::Bytes> plan_bytes = receive_plan(monitor);
  if (!plan_bytes) return report_failure(monitor, stepless_failure(plan_bytes.error()));
  if (plan_bytes->empty()) return 0;
  profile::mark(profile::Mark::kPlan);
  return serve_plan(monitor, *plan_bytes);
}

}  // namespace
}  // namespace tspod

int main() {
  return tspod::run();
}
