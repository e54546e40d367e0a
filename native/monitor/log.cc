#include "monitor/log.h"

#include <ctime>
#include <string>

#include "core/sys.h"

namespace tspod {
namespace {

LogTime now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return LogTime(time);
}

}  // namespace

Result<void> Log::open(const ops::LogSettings& settings) {
  if (settings.driver == plan::LogDriver::kNone) return {};
  file_ = TRY(LogFile::open(settings));
  driver_ = settings.driver;
  return {};
}

void Log::write(LogStream stream, std::string_view text) {
  if (!file_ || text.empty()) return;
  const std::span<char> out = scratch_.get();
  if (out.empty()) {
    lost_because_ = ENOMEM;
    lost_bytes_ += text.size();
    ++lost_records_;
    return;
  }
  const LogTime time = now();
  while (!text.empty()) append({out.data(), format(text, stream, time, out)});
}

void Log::end_streams() {
  if (!file_) return;
  const std::span<char> out = scratch_.get();
  if (out.empty()) return;
  const LogTime time = now();
  for (const LogStream stream : {LogStream::kStdout, LogStream::kStderr}) {
    append({out.data(), format_json_end(stream, time, split_of(stream), out)});
  }
  (void)append_remark();  // the last attempt: on a disk that is still full the remark is lost
}

Result<void> Log::reopen() {
  return file_ ? file_->reopen() : Result<void>();
}

size_t Log::format(std::string_view& text, LogStream stream, const LogTime& time, std::span<char> out) {
  if (driver_ == plan::LogDriver::kK8sFile) return format_k8s_records(text, stream, time, out);
  return format_json_records(text, stream, time, split_of(stream), out);
}

void Log::append(std::string_view records) {
  if (records.empty()) return;
  LogFile::Appended appended;
  if (append_remark()) appended = file_->append(records);
  if (appended.bytes == records.size()) return;
  if (appended.err != 0) lost_because_ = appended.err;
  const std::string_view lost = records.substr(appended.bytes);
  lost_bytes_ += lost.size();
  for (const char c : lost) lost_records_ += c == '\n';
}

/**
 * Writes a remark on lost records, if there are any. Returns false if the remark cannot be written: then
 * nothing else may be written either, to keep the order.
 */
bool Log::append_remark() {
  if (lost_records_ == 0) return true;
  const std::string remark = "[tspod] " + std::to_string(lost_records_) + " log records (" +
                             std::to_string(lost_bytes_) +
                             " bytes) lost: " + ::strerrordesc_np(lost_because_) + "\n";
  std::string_view text = remark;
  char record[kMaxRemarkBytes];
  SplitCharacter none;
  const LogTime time = now();
  const size_t size = driver_ == plan::LogDriver::kK8sFile
                          ? format_k8s_records(text, LogStream::kStderr, time, record)
                          : format_json_records(text, LogStream::kStderr, time, none, record);
  const LogFile::Appended appended = file_->append({record, size});
  if (appended.bytes != size) return false;
  lost_records_ = lost_bytes_ = 0;
  return true;
}

}  // namespace tspod
