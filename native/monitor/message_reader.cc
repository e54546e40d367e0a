#include "monitor/message_reader.h"

#include <algorithm>
#include <cstring>

#include "plan/messages.gen.h"

namespace tspod {
namespace {

constexpr size_t kLengthBytes = 4;  // length field of the data in a stdin message

uint32_t read_u32(const char* at) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(at);
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

}  // namespace

MessageReader::Event MessageReader::next(std::string_view& input) {
  if (stdin_left_ > 0) return hand_on(input);
  if (!gather(input, kHeaderBytes)) return Event::kNeedMore;
  type_ = read_u32(&held_[4]);
  uint32_t length = read_u32(&held_[0]);
  if (message::Type{type_} == message::Type::kStdin) return next_stdin(input, length);
  if (length > kLargestPayload) return Event::kBroken;
  if (!gather(input, kHeaderBytes + length)) return Event::kNeedMore;
  payload_ = {&held_[kHeaderBytes], length};
  held_size_ = 0;
  return Event::kMessage;
}

MessageReader::Event MessageReader::next_stdin(std::string_view& input, uint32_t length) {
  if (length < kLengthBytes || length > message::kMaxBytes) return Event::kBroken;
  if (!gather(input, kHeaderBytes + kLengthBytes)) return Event::kNeedMore;
  stdin_left_ = read_u32(&held_[kHeaderBytes]);
  held_size_ = 0;
  if (stdin_left_ != length - kLengthBytes) return Event::kBroken;
  payload_ = {};
  return stdin_left_ == 0 ? Event::kStdinData : hand_on(input);
}

MessageReader::Event MessageReader::hand_on(std::string_view& input) {
  if (input.empty()) return Event::kNeedMore;
  payload_ = input.substr(0, stdin_left_);
  input.remove_prefix(payload_.size());
  stdin_left_ -= static_cast<uint32_t>(payload_.size());
  return Event::kStdinData;
}

bool MessageReader::gather(std::string_view& input, size_t wanted) {
  size_t count = held_size_ < wanted ? std::min(wanted - held_size_, input.size()) : 0;
  if (count > 0) std::memcpy(held_.data() + held_size_, input.data(), count);
  held_size_ += count;
  input.remove_prefix(count);
  return held_size_ >= wanted;
}

}  // namespace tspod
