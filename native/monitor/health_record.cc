#include "monitor/health_record.h"

#include <utility>

namespace tspod {
namespace {

std::string_view word_for(Health health) {
  switch (health) {
    case Health::kStarting: return "starting";
    case Health::kHealthy: return "healthy";
    case Health::kUnhealthy: return "unhealthy";
  }
  return "";
}

void put_escaped(std::string& text, std::string_view output) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : output) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      text.append("\\\\");
    } else if (c == '\n') {
      text.append("\\n");
    } else if (byte < 0x20 || byte == 0x7f) {
      text.append({'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]});
    } else {
      text.push_back(c);
    }
  }
}

void put_result(std::string& text, const CheckResult& result) {
  text.append("check ");
  for (const uint64_t time : {result.began_ns, result.ended_ns})
    text.append(std::to_string(time)).append(" ");
  for (const int32_t number : {result.code, result.err}) text.append(std::to_string(number)).append(" ");
  put_escaped(text, result.output);
  text.push_back('\n');
}

}  // namespace

void HealthLog::add(CheckResult result) {
  output_bytes_ += result.output.size();
  results_.push_back(std::move(result));
  while (results_.size() > entries_ || (output_bytes_ > kMaxOutputBytes && results_.size() > 1)) {
    output_bytes_ -= results_.front().output.size();
    results_.pop_front();
  }
}

std::string format_health(const HealthCounter& counter, const HealthLog& log) {
  std::string text;
  text.append("status ").append(word_for(counter.health())).append("\n");
  text.append("streak ").append(std::to_string(counter.streak())).append("\n");
  for (const CheckResult& result : log.results()) put_result(text, result);
  return text;
}

std::string summarize_health(const HealthCounter& counter, const HealthLog& log) {
  if (log.results().empty()) return {};
  const CheckResult& last = log.results().back();
  std::string text(word_for(counter.health()));
  for (const uint64_t time : {last.began_ns, last.ended_ns}) text.append(" ").append(std::to_string(time));
  return text;
}

}  // namespace tspod
