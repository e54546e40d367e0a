// Reads, without copying, and writes the encoding of src/util/wire.ts.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tspod::wire {

static_assert(std::endian::native == std::endian::little,
              "the wire is little endian, and so is every host we support");

using Bytes = std::span<const uint8_t>;

/**
 * A view of a string that is followed by a NUL, so that it can be given to the kernel in place. Valid for as
 * long as the bytes it was read from.
 */
class String {
 public:
  constexpr String() = default;
  String(const std::string& text) : data_(text.c_str()), size_(static_cast<uint32_t>(text.size())) {}
  constexpr String(const char* data, uint32_t size) : data_(data), size_(size) {}

  constexpr const char* c_str() const { return data_; }
  constexpr std::string_view view() const { return {data_, size_}; }
  constexpr bool empty() const { return size_ == 0; }
  std::string str() const { return std::string(view()); }

 private:
  const char* data_ = "";
  uint32_t size_ = 0;
};

/** A list of strings, decoded anew on each walk; its bytes were checked when it was read. */
class Strings {
 public:
  class Iterator {
   public:
    explicit Iterator(const uint8_t* at) : at_(at) {}
    String operator*() const { return {reinterpret_cast<const char*>(at_ + 4), length()}; }
    Iterator& operator++() {
      at_ += 4 + length() + 1;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    uint32_t length() const {
      uint32_t value;
      std::memcpy(&value, at_, sizeof value);
      return value;
    }
    const uint8_t* at_;
  };

  Strings() = default;
  Strings(Bytes items, uint32_t count) : items_(items), count_(count) {}

  Iterator begin() const { return Iterator(items_.data()); }
  Iterator end() const { return Iterator(items_.data() + items_.size()); }
  uint32_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::vector<std::string> copies() const {
    std::vector<std::string> all;
    for (const String item : *this) all.push_back(item.str());
    return all;
  }

 private:
  Bytes items_;
  uint32_t count_ = 0;
};

/** A list of numbers, which need not be aligned. */
class U32s {
 public:
  U32s() = default;
  explicit U32s(Bytes items) : items_(items) {}

  uint32_t size() const { return static_cast<uint32_t>(items_.size() / 4); }
  uint32_t operator[](uint32_t index) const {
    uint32_t value;
    std::memcpy(&value, items_.data() + size_t{index} * 4, sizeof value);
    return value;
  }

 private:
  Bytes items_;
};

/**
 * Takes values off the front of bytes. From the first missing or malformed value on every value is empty, and
 * finished() is false.
 */
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool finished() const { return ok_ && rest_.empty(); }
  size_t remaining() const { return rest_.size(); }

  Bytes take(size_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  template <typename Number> Number number() {
    Number value = 0;
    const Bytes bytes = take(sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  String string() {
    const uint32_t size = number<uint32_t>();
    const Bytes bytes = take(size_t{size} + 1);
    if (bytes.empty()) return {};
    // The first NUL must be the one at the end: any other would end the string early for the kernel.
    if (std::memchr(bytes.data(), 0, bytes.size()) != bytes.data() + size) {
      fail();
      return {};
    }
    return {reinterpret_cast<const char*>(bytes.data()), size};
  }

  Bytes bytes() { return take(number<uint32_t>()); }

  Strings strings() {
    const uint32_t count = number<uint32_t>();
    const Bytes before = rest_;
    for (uint32_t index = 0; index < count && ok_; ++index) (void)string();
    if (!ok_) return {};
    return {before.first(before.size() - rest_.size()), count};
  }

  U32s u32s() { return U32s(take(size_t{number<uint32_t>()} * 4)); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  Bytes rest_;
  bool ok_ = true;
};

inline void get(Reader& reader, uint32_t& value) {
  value = reader.number<uint32_t>();
}
inline void get(Reader& reader, int32_t& value) {
  value = reader.number<int32_t>();
}
inline void get(Reader& reader, uint64_t& value) {
  value = reader.number<uint64_t>();
}
inline void get(Reader& reader, int64_t& value) {
  value = reader.number<int64_t>();
}
inline void get(Reader& reader, String& value) {
  value = reader.string();
}
inline void get(Reader& reader, Bytes& value) {
  value = reader.bytes();
}
inline void get(Reader& reader, Strings& value) {
  value = reader.strings();
}
inline void get(Reader& reader, U32s& value) {
  value = reader.u32s();
}

/** Appends values to a string of bytes. */
class Writer {
 public:
  template <typename Number> void number(Number value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void raw(std::string_view bytes) { bytes_.append(bytes); }

  const std::string& bytes() const { return bytes_; }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

inline void put(Writer& writer, uint32_t value) {
  writer.number(value);
}
inline void put(Writer& writer, int32_t value) {
  writer.number(value);
}
inline void put(Writer& writer, uint64_t value) {
  writer.number(value);
}
inline void put(Writer& writer, int64_t value) {
  writer.number(value);
}
inline void put(Writer& writer, Bytes value) {
  writer.number(static_cast<uint32_t>(value.size()));
  writer.raw({reinterpret_cast<const char*>(value.data()), value.size()});
}
inline void put(Writer& writer, String value) {
  writer.number(static_cast<uint32_t>(value.view().size()));
  writer.raw(value.view());
  writer.raw({"\0", 1});
}
inline void put(Writer& writer, const Strings& value) {
  writer.number(value.size());
  for (const String item : value) put(writer, item);
}

}  // namespace tspod::wire
