#include "monitor/message_reader.h"

#include <string>
#include <vector>

#include "plan/messages.gen.h"
#include "test/check.h"

namespace tspod {
namespace {

template <typename Message> std::string frame(const Message& message) {
  wire::Writer payload;
  encode(payload, message);
  wire::Writer whole;
  whole.number(static_cast<uint32_t>(payload.bytes().size()));
  whole.number(static_cast<uint32_t>(Message::kType));
  whole.raw(payload.bytes());
  return whole.bytes();
}

std::string stdin_frame(const std::string& data) {
  return frame(message::Stdin{.data = {reinterpret_cast<const uint8_t*>(data.data()), data.size()}});
}

/**
 * Reads pieces and returns the events: "TYPE(payload bytes)" or "+data"; "!" at the end of a broken stream.
 */
std::string read(const std::vector<std::string>& pieces) {
  MessageReader reader;
  std::string told;
  for (std::string_view piece : pieces) {
    while (true) {
      const MessageReader::Event event = reader.next(piece);
      if (event == MessageReader::Event::kNeedMore) break;
      if (event == MessageReader::Event::kBroken) return told + "!";
      if (event == MessageReader::Event::kStdinData) told += reader.payload();
      if (event == MessageReader::Event::kMessage) {
        told += "<" + std::to_string(reader.type()) + ":" + std::to_string(reader.payload().size()) + ">";
      }
    }
  }
  return told;
}

TEST("messages: are told apart, wherever reads end") {
  const std::string stream = frame(message::Attach{1, 1, 0}) + stdin_frame("hello") +
                             frame(message::Resize{24, 80}) + stdin_frame("") + stdin_frame(" world") +
                             frame(message::StdinEnd{}) + frame(message::Stop{});
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    CHECK_EQUAL(read({stream.substr(0, cut), stream.substr(cut)}), "<3:12>hello<6:8> world<5:0><7:0>");
  }
  std::vector<std::string> bytes;
  for (const char c : stream) bytes.emplace_back(1, c);
  CHECK_EQUAL(read(bytes), "<3:12>hello<6:8> world<5:0><7:0>");
}

TEST("messages: input of any length is handed on without being held") {
  const std::string data(3'000'000, 'd');
  CHECK(read({stdin_frame(data)}) == data);
}

TEST("messages: one that is longer than any may be breaks the stream") {
  wire::Writer header;
  header.number(uint32_t{129});
  header.number(static_cast<uint32_t>(message::Type::kResize));
  CHECK_EQUAL(read({header.bytes()}), "!");
  wire::Writer input;
  input.number(message::kMaxBytes + 1);
  input.number(static_cast<uint32_t>(message::Type::kStdin));
  CHECK_EQUAL(read({input.bytes()}), "!");
}

TEST("messages: input whose lengths contradict each other breaks the stream") {
  std::string bytes = stdin_frame("hello");
  bytes[8] = 6;
  CHECK_EQUAL(read({bytes}), "!");
  wire::Writer empty;
  empty.number(uint32_t{0});
  empty.number(static_cast<uint32_t>(message::Type::kStdin));
  CHECK_EQUAL(read({empty.bytes()}), "!");
}

}  // namespace
}  // namespace tspod
