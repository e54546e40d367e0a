#include "monitor/record.h"

namespace tspod {
namespace {

constexpr std::string_view kErrorKey = "error";

void put(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append(" ").append(value).append("\n");
}

void put(std::string& text, std::string_view key, uint64_t value) {
  put(text, key, std::to_string(value));
}

void put(std::string& text, std::string_view key, const ProcessName& process) {
  put(text, key, std::to_string(process.pid) + " " + std::to_string(process.start_time));
}

std::string_view word_for(ContainerStatus status) {
  switch (status) {
    case ContainerStatus::kCreated: return "created";
    case ContainerStatus::kRunning: return "running";
    case ContainerStatus::kWaiting: return "waiting";
  }
  return "";
}

/**
 * Returns at most `most` bytes of `words` with control characters replaced by spaces, so that a value does
 * not end its line.
 */
std::string on_one_line(std::string_view words, size_t most) {
  std::string line(words.substr(0, most));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return line;
}

}  // namespace

std::string format_state(const StateRecord& record) {
  std::string text;
  put(text, "monitor", record.monitor);
  put(text, "init", record.init);
  put(text, "status", word_for(record.status));
  put(text, "started", record.started_ns);
  put(text, "restarts", record.restarts);
  if (record.network_namespace != 0) put(text, "network", record.network_namespace);
  return text;
}

std::string format_exit(const ExitRecord& record) {
  std::string text;
  put(text, "code", std::to_string(record.code));
  put(text, "signal", record.signal);
  put(text, "oom", record.oom_killed ? 1 : 0);
  put(text, "timedout", record.timed_out ? 1 : 0);
  put(text, "started", record.started_ns);
  put(text, "finished", record.finished_ns);
  put(text, "restarts", record.restarts);
  if (!record.health.empty()) put(text, "health", record.health);
  size_t room = kMaxExitRecordBytes - text.size() - kErrorKey.size() - 2;
  if (!record.error.empty()) put(text, kErrorKey, on_one_line(record.error, room));
  return text;
}

}  // namespace tspod
