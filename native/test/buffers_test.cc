#include "monitor/buffers.h"

#include <string>

#include "test/check.h"

namespace tspod {
namespace {

TEST("queue: gives back what was put in, in order") {
  ByteQueue queue;
  CHECK(queue.empty());
  CHECK(queue.append("one"));
  CHECK(queue.append("two"));
  CHECK_EQUAL(queue.front(), "onetwo");
  queue.consume(4);
  CHECK_EQUAL(queue.front(), "wo");
  queue.consume(2);
  CHECK(queue.empty());
}

TEST("queue: nothing can be put in and taken out of an empty one") {
  ByteQueue queue;
  CHECK(queue.append(""));
  queue.consume(0);
  CHECK_EQUAL(queue.size(), 0U);
  CHECK_EQUAL(queue.front(), "");
}

TEST("queue: keeps its content while it grows and while it is used for long") {
  ByteQueue queue;
  std::string expected;
  uint32_t state = 7;
  for (int turn = 0; turn < 20'000; ++turn) {
    state = state * 1664525 + 1013904223;
    const std::string piece((state >> 16) % 700, static_cast<char>('a' + turn % 26));
    if (expected.size() < 300'000) {
      CHECK(queue.append(piece));
      expected += piece;
    }
    const size_t taken = std::min<size_t>((state >> 8) % 650, expected.size());
    queue.consume(taken);
    expected.erase(0, taken);
    CHECK(queue.front() == expected);
    if (queue.front() != expected) return;
  }
}

TEST("queue: can be moved") {
  ByteQueue first;
  CHECK(first.append("kept"));
  ByteQueue second(std::move(first));
  CHECK_EQUAL(second.front(), "kept");
}

TEST("scratch: is there when asked for, and empty after its release") {
  ScratchBuffer scratch(4096);
  CHECK(!scratch.held());
  const std::span<char> memory = scratch.get();
  CHECK_EQUAL(memory.size(), 4096U);
  memory[4095] = 'x';
  CHECK(scratch.get().data() == memory.data());
  scratch.release();
  CHECK(!scratch.held());
  CHECK_EQUAL(scratch.get()[4095], '\0');
}

}  // namespace
}  // namespace tspod
