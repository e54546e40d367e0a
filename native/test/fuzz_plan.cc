// Fuzzes the decoder of plans with any bytes: it refuses or accepts them, reads nothing outside of them, and
// what it accepts can be walked.
#include <cstdint>

#include "plan/plan.h"

namespace {

/** Reads every operand, as a handler would. */
struct Look {
  uint64_t sum = 0;

  void at(uint32_t value) { sum += value; }
  void at(int32_t value) { sum += static_cast<uint32_t>(value); }
  void at(uint64_t value) { sum += value; }
  void at(int64_t value) { sum += static_cast<uint64_t>(value); }
  void at(tspod::wire::String value) { sum += std::string_view(value.c_str()).size(); }
  void at(tspod::wire::Bytes value) {
    for (const uint8_t byte : value) sum += byte;
  }
  void at(const tspod::wire::Strings& values) {
    uint32_t count = 0;
    for (const tspod::wire::String value : values) {
      at(value);
      ++count;
    }
    if (count != values.size()) __builtin_trap();
  }
  void at(const tspod::wire::U32s& values) {
    for (uint32_t index = 0; index < values.size(); ++index) at(values[index]);
  }
};

void look_at_all(const tspod::plan::Plan& plan) {
  Look look;
  for (const tspod::plan::StepView& step : plan) {
    if (!plan.has(step.op) || tspod::plan::name_of(step.op)[0] == '\0') __builtin_trap();
    tspod::plan::with_operands(
        step.op, step.operands,
        [&](const auto& operands) {
          tspod::plan::for_each_operand(operands, [&](const auto& operand) { look.at(operand); });
          return 0;
        },
        []() -> int { __builtin_trap(); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto plan = tspod::plan::Plan::parse({data, size});
  if (!plan) return 0;
  look_at_all(*plan);
  const tspod::plan::KeptPlan kept(*plan, {tspod::plan::Stage::kTeardown, tspod::plan::Stage::kInit});
  look_at_all(kept.view());
  return 0;
}
