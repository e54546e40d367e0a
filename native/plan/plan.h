// A launch plan as it came over the wire: checked once, then read in place.
#pragma once

#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/wire.h"
#include "plan/ops.gen.h"

namespace tspod::plan {

/** Maximum number of steps in a plan. */
inline constexpr uint32_t kMaxSteps = 65536;

/** One step, whose operands have been checked. */
struct StepView {
  uint32_t index = 0;  // in the plan, for reports
  Op op{};
  Stage stage{};
  bool optional = false;  // its failure is ignored
  wire::Bytes operands;
};

/** The steps of a plan, in order. A view: the bytes must outlive it. */
class Plan {
 public:
  class Iterator {
   public:
    Iterator(const uint8_t* at, const uint32_t* indexes, uint32_t position)
        : at_(at), indexes_(indexes), position_(position) {}
    StepView operator*() const;
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const uint8_t* at_;
    const uint32_t* indexes_;
    uint32_t position_;
  };

  Plan() = default;

  /**
   * Parses a plan. Checks everything that can be checked without carrying a step out: magic, version, counts,
   * codes, stages, whether a step may run in its stage, and that each step has exactly its operands. EBADMSG
   * for bytes that are no plan, EPROTONOSUPPORT for one of another version.
   */
  static Result<Plan, Failure> parse(wire::Bytes bytes);

  Iterator begin() const { return {steps_.data(), indexes_, 0}; }
  Iterator end() const { return {steps_.data() + steps_.size(), indexes_, 0}; }
  bool has(Op op) const { return ops_.test(static_cast<uint32_t>(op)); }

 private:
  friend class KeptPlan;
  static constexpr size_t kOpCodes = 128;

  wire::Bytes steps_;
  const uint32_t* indexes_ = nullptr;  // of the steps in the original plan; null: 0, 1, 2, ...
  std::bitset<kOpCodes> ops_;
};

/**
 * A copy of some stages of a plan: what is still to be done when the bytes of the whole plan are released.
 */
class KeptPlan {
 public:
  KeptPlan() = default;
  KeptPlan(const Plan& plan, std::initializer_list<Stage> stages);

  /** Returns a view of the copy, valid as long as this object stays in place. */
  Plan view() const;

 private:
  std::vector<uint8_t> steps_;
  std::vector<uint32_t> indexes_;
  std::bitset<Plan::kOpCodes> ops_;
};

}  // namespace tspod::plan
