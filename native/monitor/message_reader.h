// Decodes the messages of src/native/messages.ts as their bytes arrive, and holds at most one small message.
//
// A frame is u32 payload length, u32 type, payload; all little endian. All messages of clients are small
// except `stdin`, whose data is passed on piece by piece as it arrives, however long the message is.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tspod {

class MessageReader {
 public:
  enum class Event {
    kNeedMore,   // the input is used up
    kMessage,    // a whole message: type() and payload()
    kStdinData,  // a piece of a stdin message: payload()
    kBroken,     // protocol error: the connection is to be closed
  };

  /**
   * Advances to the next event in `input`, and removes what it used from the front. Views are valid until the
   * next call.
   */
  Event next(std::string_view& input);

  uint32_t type() const { return type_; }
  std::string_view payload() const { return payload_; }

 private:
  bool gather(std::string_view& input, size_t wanted);
  Event next_stdin(std::string_view& input, uint32_t length);
  Event hand_on(std::string_view& input);

  static constexpr size_t kHeaderBytes = 8;
  static constexpr size_t kLargestPayload = 128;  // of all messages but stdin: two addresses

  std::array<char, kHeaderBytes + kLargestPayload> held_{};
  size_t held_size_ = 0;
  uint32_t type_ = 0;
  uint32_t stdin_left_ = 0;
  std::string_view payload_;
};

}  // namespace tspod
