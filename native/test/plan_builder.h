// Builds plans for tests, from operands in the order of the wire.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire.h"
#include "plan/ops.gen.h"

namespace tspod::test {

/** Builds the operands of one step. */
class Operands {
 public:
  Operands& u32(uint32_t value) { return put(value); }
  Operands& i32(int32_t value) { return put(value); }
  Operands& u64(uint64_t value) { return put(value); }
  Operands& str(const std::string& value) { return put(wire::String(value)); }
  Operands& bytes(std::string_view value) {
    return put(wire::Bytes(reinterpret_cast<const uint8_t*>(value.data()), value.size()));
  }
  Operands& strs(const std::vector<std::string>& values) {
    u32(static_cast<uint32_t>(values.size()));
    for (const std::string& value : values) str(value);
    return *this;
  }

  const std::string& text() const { return writer_.bytes(); }

 private:
  template <typename Value> Operands& put(Value value) {
    wire::put(writer_, value);
    return *this;
  }

  wire::Writer writer_;
};

class PlanBuilder {
 public:
  PlanBuilder& step(plan::Op op, plan::Stage stage, const Operands& operands, bool optional = false) {
    return raw(static_cast<uint32_t>(op), static_cast<uint32_t>(stage), optional ? 1 : 0, operands.text());
  }

  /** Appends a step as bytes, valid or not. */
  PlanBuilder& raw(uint32_t code, uint32_t stage, uint32_t flags, std::string_view operands) {
    ++count;
    for (const uint32_t value : {code, stage, flags, static_cast<uint32_t>(operands.size())})
      steps_.number(value);
    steps_.raw(operands);
    return *this;
  }

  std::string text() const {
    wire::Writer plan;
    for (const uint32_t value : {magic, version, count}) plan.number(value);
    plan.raw(steps_.bytes());
    return plan.bytes();
  }

  uint32_t magic = plan::kMagic;
  uint32_t version = plan::kVersion;
  uint32_t count = 0;

 private:
  wire::Writer steps_;
};

/** Returns the bytes of a text, as the decoders take them. */
inline wire::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace tspod::test
