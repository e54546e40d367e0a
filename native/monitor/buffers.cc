#include "monitor/buffers.h"

#include <sys/mman.h>

#include <cstring>

namespace tspod {
namespace {

constexpr size_t kSmallestQueue = 16 * 1024;

char* map_pages(size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : static_cast<char*>(pages);
}

}  // namespace

std::span<char> ScratchBuffer::get() {
  if (memory_ == nullptr) memory_ = map_pages(bytes_);
  return memory_ == nullptr ? std::span<char>() : std::span<char>(memory_, bytes_);
}

void ScratchBuffer::release() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
  memory_ = nullptr;
}

bool ByteQueue::append(std::string_view bytes) {
  if (bytes.empty()) return true;
  if (!make_room(bytes.size())) return false;
  std::memcpy(memory_ + tail_, bytes.data(), bytes.size());
  tail_ += bytes.size();
  return true;
}

void ByteQueue::consume(size_t count) {
  head_ += count;
  if (head_ == tail_) clear();
}

void ByteQueue::clear() {
  if (memory_ != nullptr) munmap(memory_, capacity_);
  memory_ = nullptr;
  capacity_ = head_ = tail_ = 0;
}

bool ByteQueue::make_room(size_t more) {
  if (capacity_ - tail_ >= more) return true;
  // Moving to the front is worth it only while it frees at least as much as it moves.
  if (head_ >= size() && capacity_ - size() >= more) {
    std::memmove(memory_, memory_ + head_, size());
    tail_ = size();
    head_ = 0;
    return true;
  }
  size_t wanted = capacity_ == 0 ? kSmallestQueue : capacity_;
  while (wanted - size() < more) wanted *= 2;
  char* bigger = map_pages(wanted);
  if (bigger == nullptr) return false;
  size_t held = size();
  if (memory_ != nullptr) {
    std::memcpy(bigger, memory_ + head_, held);
    munmap(memory_, capacity_);
  }
  memory_ = bigger;
  capacity_ = wanted;
  head_ = 0;
  tail_ = held;
  return true;
}

}  // namespace tspod
