#include "monitor/check_process.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstring>
#include <string>
#include <utility>

#include "core/null_device.h"
#include "core/socket.h"
#include "core/sys.h"
#include "core/sys_event.h"
#include "core/sys_process.h"
#include "monitor/monitor.h"
#include "monitor/serve.h"
#include "plan/messages.gen.h"

namespace tspod {
namespace {

/** Numbers of a check's descriptors, as its plan refers to them. */
constexpr int kLine = 3;
constexpr int kContainer = 4;
constexpr int kOutput = 5;
constexpr std::array kPlaces{kLine, kContainer, kOutput};
constexpr int kFirstOther = 6;

/**
 * Exit code of a check's process that could not take its descriptors. Not expected; it helps whoever looks at
 * the process.
 */
constexpr int kNotServed = 125;

/** Moves the check's descriptors to their numbers, and closes all others of the container's monitor. */
Result<void> take_descriptors(const std::array<int, 3>& descriptors) {
  std::array<UniqueFd, 3> copies;  // above all target numbers
  for (size_t i = 0; i < copies.size(); ++i) copies[i] = TRY(sys::dup_from(descriptors[i], kFirstOther));
  for (size_t i = 0; i < copies.size(); ++i) TRY(sys::dup3(copies[i].get(), kPlaces[i], O_CLOEXEC));
  for (UniqueFd& copy : copies) copy.reset();
  return sys::close_range(kFirstOther, UINT_MAX, 0);
}

/**
 * Runs the check in a copy of the monitor, with its rights and namespaces and none of its descriptors. Of its
 * memory only the plan is still used.
 */
int serve_check(std::string_view plan, const std::array<int, 3>& descriptors) {
  if (!take_descriptors(descriptors)) return kNotServed;
  Monitor monitor;
  monitor.engine = UniqueFd(kLine);
  (void)sys::prctl(PR_SET_NAME, reinterpret_cast<unsigned long>("tspod-check"), "PR_SET_NAME");
  (void)::setsid();
  Result<UniqueFd> null_device = sys::open_null_device();
  if (!null_device) return report_failure(monitor, stepless_failure(null_device.error()));
  monitor.null_device = std::move(*null_device);
  return serve_plan(monitor, {reinterpret_cast<const uint8_t*>(plan.data()), plan.size()});
}

/** Reads one message, as report_failure() and send_message() write it: length, type, payload. */
void take_message(std::span<const char> packet, CheckResult& result) {
  wire::Reader reader({reinterpret_cast<const uint8_t*>(packet.data()), packet.size()});
  (void)reader.number<uint32_t>();
  const auto type = static_cast<message::Type>(reader.number<uint32_t>());
  if (type == message::Type::kExited) {
    message::Exited exited;
    message::decode(reader, exited);
    if (!reader.finished()) return;
    result.code = exited.code;
    result.err = 0;
  }
  if (type == message::Type::kFailed) {
    message::Failed failed;
    message::decode(reader, failed);
    if (!reader.finished()) return;
    result.err = failed.errno_;
    const char* reason = ::strerrordesc_np(failed.errno_);
    result.output = failed.detail.str();
    if (reason != nullptr) result.output.append(": ").append(reason);
  }
}

}  // namespace

Result<CheckProcess> start_check(std::string_view plan, int container) {
  SocketPair line = TRY(packet_pair());
  sys::Pipe output = TRY(sys::pipe());
  TRY(sys::set_nonblocking(line.first.get()));
  TRY(sys::set_nonblocking(output.read.get()));
  sys::Cloned cloned = TRY(sys::clone3({}));
  if (cloned.pid == 0) ::_exit(serve_check(plan, {line.second.get(), container, output.write.get()}));
  return CheckProcess{.pid = cloned.pid,
                      .pidfd = std::move(cloned.pidfd),
                      .line = std::move(line.first),
                      .output = std::move(output.read)};
}

void take_result(const CheckProcess& process, CheckResult& result) {
  std::array<char, 8192> packet;
  result.err = ECHILD;  // killed before it could report anything
  for (ssize_t count = 0; (count = sys::try_read(process.line.get(), packet)) > 0;)
    take_message({packet.data(), static_cast<size_t>(count)}, result);
}

}  // namespace tspod
