// Fuzzes the reader of client messages with any bytes, in pieces of any size: nothing outside of them is
// read, and no frame is seen twice.
#include <cstdint>
#include <string_view>

#include "monitor/message_reader.h"
#include "plan/messages.gen.h"

namespace {

template <typename Message> void decode_as(std::string_view payload) {
  tspod::wire::Reader reader({reinterpret_cast<const uint8_t*>(payload.data()), payload.size()});
  Message message;
  tspod::message::decode(reader, message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = data[0] + size_t{1};
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  tspod::MessageReader reader;
  size_t events = 0;
  while (!rest.empty()) {
    std::string_view input = rest.substr(0, piece);
    rest.remove_prefix(input.size());
    for (;;) {
      const auto event = reader.next(input);
      if (event == tspod::MessageReader::Event::kBroken) return 0;
      if (event == tspod::MessageReader::Event::kNeedMore) break;
      decode_as<tspod::message::Attach>(reader.payload());
      decode_as<tspod::message::Resize>(reader.payload());
      decode_as<tspod::message::Launch>(reader.payload());
      decode_as<tspod::message::Failed>(reader.payload());
      // Each event uses at least one byte, so there are at most as many as bytes.
      if (++events > size) __builtin_trap();
    }
  }
  return 0;
}
