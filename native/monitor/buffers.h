// Buffers that take no memory while the monitor is idle: their pages are mapped when there is something to
// hold and unmapped when there is not.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace tspod {

/** A fixed-size scratch buffer that takes no memory until it is touched, and none after release(). */
class ScratchBuffer {
 public:
  explicit ScratchBuffer(size_t bytes) : bytes_(bytes) {}
  ~ScratchBuffer() { release(); }
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;

  /** Returns the buffer; empty if the system has no memory left. */
  std::span<char> get();
  void release();
  bool held() const { return memory_ != nullptr; }

 private:
  char* memory_ = nullptr;
  size_t bytes_;
};

/**
 * A queue of bytes waiting to be written. It grows as needed: its user sets the bound by asking size() before
 * producing more. It unmaps its memory when it runs empty.
 */
class ByteQueue {
 public:
  ByteQueue() = default;
  ~ByteQueue() { clear(); }
  ByteQueue(ByteQueue&& other) noexcept { swap(other); }
  ByteQueue& operator=(ByteQueue&& other) noexcept {
    swap(other);
    return *this;
  }
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  size_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  std::string_view front() const { return {memory_ + head_, size()}; }

  /** Appends all of `bytes`; false (and nothing appended) if there is no memory for them. */
  [[nodiscard]] bool append(std::string_view bytes);
  /** Removes `count` bytes from the front. */
  void consume(size_t count);
  void clear();

 private:
  bool make_room(size_t more);
  void swap(ByteQueue& other) {
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
  }

  char* memory_ = nullptr;
  size_t capacity_ = 0;
  size_t head_ = 0;
  size_t tail_ = 0;
};

}  // namespace tspod
