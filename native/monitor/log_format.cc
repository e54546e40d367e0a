#include "monitor/log_format.h"

#include <algorithm>
#include <cstring>

namespace tspod {
namespace {

constexpr std::string_view kStreamNames[] = {"stdout", "stderr"};
constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kBegin = "{\"log\":\"";
constexpr size_t kMaxEscape = 6;       // \\u0000
constexpr size_t kMaxJsonFrame = 128;  // length of a record without its content
static_assert(kMaxRecordBytes == kMaxEscape * (kMaxRecordContent + 4) + kMaxJsonFrame);

std::string_view name_of(LogStream stream) {
  return kStreamNames[static_cast<uint8_t>(stream)];
}

/** A cursor over the output; callers make sure that there is room. */
class Cursor {
 public:
  explicit Cursor(char* start) : start_(start), at_(start) {}

  void put(char c) { *at_++ = c; }
  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  size_t size() const { return static_cast<size_t>(at_ - start_); }

 private:
  char* start_;
  char* at_;
};

/**
 * Returns how much of `input` goes into the next record, including the newline that ends it if there is one.
 */
size_t record_length(std::string_view input) {
  size_t limit = std::min(input.size(), kMaxRecordContent);
  const void* newline = std::memchr(input.data(), '\n', limit);
  return newline == nullptr ? limit
                            : static_cast<size_t>(static_cast<const char*>(newline) - input.data()) + 1;
}

enum class Utf8 { kValid, kInvalid, kIncomplete };

struct Utf8Sequence {
  Utf8 kind;
  size_t length;  // of a valid character
};

/** Classifies the character at the front of `bytes` (not empty), by table 3-7 of the Unicode standard. */
Utf8Sequence classify(std::string_view bytes) {
  auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned char lead = at(0);
  if (lead < 0x80) return {Utf8::kValid, 1};
  if (lead < 0xc2 || lead > 0xf4) return {Utf8::kInvalid, 0};
  size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // The range of the second byte is narrower after some lead bytes: overlong forms, surrogates and values
  // above U+10FFFF are not UTF-8.
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (size_t i = 1; i < length; i++) {
    if (i == bytes.size()) return {Utf8::kIncomplete, 0};
    if (at(i) < low || at(i) > high) return {Utf8::kInvalid, 0};
    low = 0x80;
    high = 0xbf;
  }
  return {Utf8::kValid, length};
}

/** Characters that a JSON string contains unescaped. */
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7f; c++) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void put_unicode_escape(Cursor& out, const char* prefix, unsigned char value) {
  out.put(prefix);
  out.put(kHexDigits[value >> 4]);
  out.put(kHexDigits[value & 15]);
}

void put_invalid_byte(Cursor& out, char byte) {
  put_unicode_escape(out, "\\udc", static_cast<unsigned char>(byte));
}

void put_ascii_escaped(Cursor& out, char c) {
  switch (c) {
    case '"': out.put("\\\""); return;
    case '\\': out.put("\\\\"); return;
    case '\n': out.put("\\n"); return;
    case '\r': out.put("\\r"); return;
    case '\t': out.put("\\t"); return;
    default: put_unicode_escape(out, "\\u00", static_cast<unsigned char>(c)); return;
  }
}

/**
 * Writes `text` escaped, up to an unfinished character at its end, and returns the length of what was written
 * of it.
 */
size_t put_json_text(Cursor& out, std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    size_t run = i;
    while (run < text.size() && kPlain[static_cast<unsigned char>(text[run])]) run++;
    out.put(text.substr(i, run - i));
    i = run;
    if (i == text.size()) break;
    Utf8Sequence sequence = classify(text.substr(i));
    if (sequence.kind == Utf8::kIncomplete) return i;
    if (sequence.kind == Utf8::kInvalid) {
      put_invalid_byte(out, text[i++]);
    } else if (sequence.length == 1) {
      put_ascii_escaped(out, text[i++]);
    } else {
      out.put(text.substr(i, sequence.length));
      i += sequence.length;
    }
  }
  return i;
}

/**
 * Completes the character that was unfinished after the last call, with bytes from the front of `input`.
 * Returns false if this input does not complete it either: all of the input is then in `split`.
 */
bool put_split_character(Cursor& out, SplitCharacter& split, std::string_view& input) {
  while (split.size > 0) {
    Utf8Sequence sequence = classify({split.bytes.data(), split.size});
    if (sequence.kind == Utf8::kValid) {
      out.put({split.bytes.data(), split.size});
      split.size = 0;
    } else if (sequence.kind == Utf8::kInvalid) {
      // The byte added last does not belong to the character and goes back to the input. The bytes before it,
      // a lead byte and continuations, are no character.
      input = {input.data() - 1, input.size() + 1};
      split.size--;
      for (size_t i = 0; i < split.size; i++) put_invalid_byte(out, split.bytes[i]);
      split.size = 0;
    } else if (input.empty()) {
      return false;
    } else {
      split.bytes[split.size++] = input.front();
      input.remove_prefix(1);
    }
  }
  return true;
}

void put_json_end(Cursor& out, LogStream stream, const LogTime& time) {
  out.put("\",\"stream\":\"");
  out.put(name_of(stream));
  out.put("\",\"time\":\"");
  out.put(time.text());
  out.put("Z\"}\n");
}

void put_decimal(char* at, int width, long value) {
  for (int i = width - 1; i >= 0; i--) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

LogTime::LogTime(const timespec& realtime) {
  tm fields{};
  gmtime_r(&realtime.tv_sec, &fields);
  std::memcpy(text_.data(), "0000-00-00T00:00:00.000000000", kLength);
  put_decimal(&text_[0], 4, fields.tm_year + 1900);
  put_decimal(&text_[5], 2, fields.tm_mon + 1);
  put_decimal(&text_[8], 2, fields.tm_mday);
  put_decimal(&text_[11], 2, fields.tm_hour);
  put_decimal(&text_[14], 2, fields.tm_min);
  put_decimal(&text_[17], 2, fields.tm_sec);
  put_decimal(&text_[20], 9, realtime.tv_nsec);
}

size_t format_k8s_records(std::string_view& input, LogStream stream, const LogTime& time,
                          std::span<char> out) {
  // "TIME+00:00 stdout F ": the same for every record of this call but for the last letter.
  char prefix[LogTime::kLength + 16];
  Cursor head(prefix);
  head.put(time.text());
  head.put("+00:00 ");
  head.put(name_of(stream));
  head.put(" F ");
  const std::string_view full_prefix(prefix, head.size());

  Cursor record(out.data());
  while (!input.empty()) {
    size_t length = record_length(input);
    if (record.size() + full_prefix.size() + length + 1 > out.size()) break;
    if (input[length - 1] == '\n') {
      record.put(full_prefix);
      record.put(input.substr(0, length));
    } else {
      record.put(full_prefix.substr(0, full_prefix.size() - 2));
      record.put("P ");
      record.put(input.substr(0, length));
      record.put('\n');
    }
    input.remove_prefix(length);
  }
  return record.size();
}

size_t format_json_records(std::string_view& input, LogStream stream, const LogTime& time,
                           SplitCharacter& split, std::span<char> out) {
  Cursor record(out.data());
  while (!input.empty()) {
    if (record.size() + kMaxEscape * (record_length(input) + sizeof(split.bytes)) + kMaxJsonFrame >
        out.size())
      break;
    const Cursor before = record;
    record.put(kBegin);
    if (!put_split_character(record, split, input)) return before.size();
    size_t length = record_length(input);
    size_t written = put_json_text(record, input.substr(0, length));
    if (length == input.size() && written < length) {  // an unfinished character: wait for the rest of it
      split.size = static_cast<uint8_t>(length - written);
      std::memcpy(split.bytes.data(), input.data() + written, split.size);
      written = length;
    }
    input.remove_prefix(written);
    if (record.size() == before.size() + kBegin.size()) return before.size();
    put_json_end(record, stream, time);
  }
  return record.size();
}

size_t format_json_end(LogStream stream, const LogTime& time, SplitCharacter& split, std::span<char> out) {
  if (split.size == 0) return 0;
  Cursor record(out.data());
  record.put(kBegin);
  for (size_t i = 0; i < split.size; i++) put_invalid_byte(record, split.bytes[i]);
  split.size = 0;
  put_json_end(record, stream, time);
  return record.size();
}

}  // namespace tspod
