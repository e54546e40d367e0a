#include "monitor/log_format.h"

#include <string>
#include <vector>

#include "test/check.h"

namespace tspod {
namespace {

const LogTime kTime(timespec{1700000000, 5});
const std::string kStamp = "2023-11-14T22:13:20.000000005";

std::string k8s(std::string_view input, LogStream stream = LogStream::kStdout, size_t room = 256 * 1024) {
  std::vector<char> out(room);
  std::string records;
  while (!input.empty()) records.append(out.data(), format_k8s_records(input, stream, kTime, out));
  return records;
}

/** Formats each piece in a separate call, as if it had been read that way. */
std::string json(const std::vector<std::string>& pieces) {
  std::vector<char> out(256 * 1024);
  SplitCharacter split;
  std::string records;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      records.append(out.data(), format_json_records(piece, LogStream::kStdout, kTime, split, out));
    }
  }
  records.append(out.data(), format_json_end(LogStream::kStdout, kTime, split, out));
  return records;
}

std::string json_record(const std::string& escaped) {
  return "{\"log\":\"" + escaped + "\",\"stream\":\"stdout\",\"time\":\"" + kStamp + "Z\"}\n";
}

/** Returns what the container wrote, according to a k8s-file log. */
std::string content_of_k8s(const std::string& records) {
  const size_t prefix = kStamp.size() + std::string("+00:00 stdout F ").size();
  std::string content;
  for (size_t at = 0; at < records.size();) {
    const size_t end = records.find('\n', at);
    const bool full = records[at + prefix - 2] == 'F';
    content += records.substr(at + prefix, end - at - prefix) + (full ? "\n" : "");
    at = end + 1;
  }
  return content;
}

/** Decodes the escapes of json-file, lone surrogates included. */
std::string content_of_json(const std::string& records) {
  std::string content;
  for (size_t at = 0; at < records.size(); at = records.find('\n', at) + 1) {
    for (size_t i = at + 8; records[i] != '"'; ++i) {
      if (records[i] != '\\') {
        content += records[i];
        continue;
      }
      const char kind = records[++i];
      if (kind == 'u') {
        content += static_cast<char>(std::stoi(records.substr(i + 3, 2), nullptr, 16));
        i += 4;
      } else {
        content += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
      }
    }
  }
  return content;
}

std::string all_bytes(size_t count) {
  std::string bytes;
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST("time: is written in UTC with nine digits of a second") {
  CHECK_EQUAL(kTime.text(), kStamp);
  CHECK_EQUAL(LogTime(timespec{951782399, 999999999}).text(), "2000-02-28T23:59:59.999999999");
}

TEST("k8s: a line is one full record, with the stream's name") {
  CHECK_EQUAL(k8s("hello\n"), kStamp + "+00:00 stdout F hello\n");
  CHECK_EQUAL(k8s("oh\n", LogStream::kStderr), kStamp + "+00:00 stderr F oh\n");
  CHECK_EQUAL(k8s("\n\n"), kStamp + "+00:00 stdout F \n" + kStamp + "+00:00 stdout F \n");
}

TEST("k8s: what does not end with a newline is a partial record") {
  CHECK_EQUAL(k8s("a\nb"), kStamp + "+00:00 stdout F a\n" + kStamp + "+00:00 stdout P b\n");
}

TEST("k8s: output that looks like a record stays content") {
  const std::string fake = kStamp + "+00:00 stderr F not me\n";
  CHECK_EQUAL(k8s(fake), kStamp + "+00:00 stdout F " + fake);
}

TEST("k8s: nothing is written for nothing") {
  CHECK_EQUAL(k8s(""), "");
}

TEST("k8s: a long line is split into parts of the size that a record may have") {
  const std::string line(2 * kMaxRecordContent + 3, 'x');
  const std::string records = k8s(line + "\n");
  CHECK_EQUAL(content_of_k8s(records), line + "\n");
  CHECK_EQUAL(std::count(records.begin(), records.end(), '\n'), 3);
}

TEST("k8s: keeps every byte, wherever reads and buffers end") {
  const std::string text =
      "one\n\ntwo \xff\r three\n" + all_bytes(50) + "\n\n" + std::string(5, '\0') + "end";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string records = k8s(text.substr(0, cut)) + k8s(text.substr(cut));
    CHECK_EQUAL(content_of_k8s(records), text);
  }
  const std::string much = all_bytes(200'000);
  CHECK(content_of_k8s(k8s(much, LogStream::kStdout, kMaxRecordBytes)) == much);
}

TEST("k8s: a line of just the longest content, and one around it, lose nothing") {
  for (size_t size = kMaxRecordContent - 2; size <= kMaxRecordContent + 2; ++size) {
    const std::string line = std::string(size, 'y') + "\n";
    CHECK(content_of_k8s(k8s(line)) == line);
  }
}

TEST("json: a line is one record that ends with an escaped newline") {
  CHECK_EQUAL(json({"hello\n"}), json_record("hello\\n"));
  CHECK_EQUAL(json({"part"}), json_record("part"));
}

TEST("json: quotes, backslashes and control characters are escaped") {
  CHECK_EQUAL(json({std::string("\"\\\t\r\x01\x1f\x7f\0\n", 9)}),
              json_record("\\\"\\\\\\t\\r\\u0001\\u001f\\u007f\\u0000\\n"));
}

TEST("json: UTF-8 is written as it is") {
  CHECK_EQUAL(json({"\u00e9 \u20ac \U0001f600\n"}), json_record("\u00e9 \u20ac \U0001f600\\n"));
}

TEST("json: each byte that is not UTF-8 is one lone surrogate") {
  CHECK_EQUAL(json({"\xff\xfe\n"}), json_record("\\udcff\\udcfe\\n"));
  CHECK_EQUAL(json({"\xc0\xaf\n"}), json_record("\\udcc0\\udcaf\\n"));             // overlong
  CHECK_EQUAL(json({"\xed\xa0\x80\n"}), json_record("\\udced\\udca0\\udc80\\n"));  // a surrogate
  CHECK_EQUAL(json({"\xf4\x90\x80\x80\n"}),
              json_record("\\udcf4\\udc90\\udc80\\udc80\\n"));          // above U+10FFFF
  CHECK_EQUAL(json({"\xe2\x82\n"}), json_record("\\udce2\\udc82\\n"));  // cut off by the newline
}

TEST("json: a character that two reads share is not torn") {
  CHECK_EQUAL(json({"a\xf0\x9f", "\x98", "\x80z\n"}), json_record("a") + json_record("\U0001f600z\\n"));
  CHECK_EQUAL(json({"\xe2", "\x82", "\xac"}), json_record("\u20ac"));
}

TEST("json: a character that the stream ends in is written as the bytes it had") {
  CHECK_EQUAL(json({"a\xf0\x9f"}), json_record("a") + json_record("\\udcf0\\udc9f"));
}

TEST("json: a character that is not continued is written as the bytes it had") {
  CHECK_EQUAL(json({"\xf0\x9f", "z\n"}), json_record("\\udcf0\\udc9fz\\n"));
  CHECK_EQUAL(json({"\xf0", "\n"}), json_record("\\udcf0\\n"));
}

TEST("json: keeps every byte, wherever reads end") {
  const std::string text = "one\n\u20ac\U0001f600 \xf0\x9f\n\xe2\x82\xff\n" + all_bytes(60) + "\xf0\x9f\x98";
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      const std::string records =
          json({text.substr(0, first), text.substr(first, second - first), text.substr(second)});
      if (content_of_json(records) == text) continue;
      CHECK_EQUAL(content_of_json(records), text);
      return;
    }
  }
}

TEST("json: keeps every byte of long lines of anything") {
  const std::string much = all_bytes(100'000) + std::string(40'000, '\0') + "\n";
  CHECK(content_of_json(json({much})) == much);
}

TEST("json: a character at the border of two records stays whole") {
  std::string text(kMaxRecordContent - 1, 'a');
  text += "\u20ac\n";
  const std::string records = json({text});
  CHECK(content_of_json(records) == text);
  CHECK(records.find("\\udc") == std::string::npos);
}

}  // namespace
}  // namespace tspod
