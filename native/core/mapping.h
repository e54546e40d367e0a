// Anonymous memory mapped from the kernel and unmapped as a whole: for large buffers that are needed briefly.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <span>
#include <utility>

#include "core/result.h"

namespace tspod {

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address_ != nullptr) ::munmap(address_, size_);
  }

  /** Maps zeroed pages, which take memory only when they are first written. */
  static Result<Mapping> make(size_t size) {
    void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) return last_error("mmap");
    Mapping mapping;
    mapping.address_ = address;
    mapping.size_ = size;
    return mapping;
  }

  std::span<uint8_t> bytes() { return {static_cast<uint8_t*>(address_), size_}; }
  std::span<const uint8_t> bytes() const { return {static_cast<const uint8_t*>(address_), size_}; }

 private:
  void* address_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tspod
