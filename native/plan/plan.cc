#include "plan/plan.h"

#include <algorithm>
#include <cstring>

#include "plan/rules.h"

namespace tspod::plan {
namespace {

constexpr uint32_t kOptionalFlag = 1;

/** The header before the operands of each step. */
struct StepHeader {
  uint32_t code;
  uint32_t stage;
  uint32_t flags;
  uint32_t length;
};
static_assert(sizeof(StepHeader) == 16);

StepHeader header_at(const uint8_t* at) {
  StepHeader header;
  std::memcpy(&header, at, sizeof header);
  return header;
}

Failure refuse(uint32_t step, int err, const char* why) {
  return Failure{step, err, why};
}

/** Returns why a step cannot be carried out; null if it can. */
const char* problem_of(const StepHeader& header, wire::Bytes operands) {
  if (!is_op(header.code)) return "unknown step code";
  if (header.stage >= kStages) return "unknown stage";
  if ((header.flags & ~kOptionalFlag) != 0) return "unknown step flags";
  const Op op = static_cast<Op>(header.code);
  if (!runs_in(op, static_cast<Stage>(header.stage))) return "step in a stage that it cannot run in";
  const bool whole = with_operands(
      op, operands, [](const auto&) { return true; }, [] { return false; });
  return whole ? nullptr : "malformed operands";
}

}  // namespace

StepView Plan::Iterator::operator*() const {
  const StepHeader header = header_at(at_);
  return StepView{
      .index = indexes_ == nullptr ? position_ : indexes_[position_],
      .op = static_cast<Op>(header.code),
      .stage = static_cast<Stage>(header.stage),
      .optional = (header.flags & kOptionalFlag) != 0,
      .operands = {at_ + sizeof header, header.length},
  };
}

Plan::Iterator& Plan::Iterator::operator++() {
  at_ += sizeof(StepHeader) + header_at(at_).length;
  ++position_;
  return *this;
}

Result<Plan, Failure> Plan::parse(wire::Bytes bytes) {
  wire::Reader reader(bytes);
  const auto magic = reader.number<uint32_t>();
  const auto version = reader.number<uint32_t>();
  const auto count = reader.number<uint32_t>();
  if (!reader.ok() || magic != kMagic) return refuse(Failure::kNoStep, EBADMSG, "not a plan");
  if (version != kVersion) return refuse(Failure::kNoStep, EPROTONOSUPPORT, "plan of another version");
  if (count > kMaxSteps) return refuse(Failure::kNoStep, EBADMSG, "bad number of steps");

  Plan plan;
  plan.steps_ = bytes.last(reader.remaining());
  for (uint32_t index = 0; index < count; ++index) {
    const wire::Bytes head = reader.take(sizeof(StepHeader));
    if (!reader.ok()) return refuse(index, EBADMSG, "plan that is cut short");
    const StepHeader header = header_at(head.data());
    const wire::Bytes operands = reader.take(header.length);
    if (!reader.ok()) return refuse(index, EBADMSG, "plan that is cut short");
    if (const char* problem = problem_of(header, operands)) return refuse(index, EBADMSG, problem);
    // The child would not have what such a step prepares.
    if (header.stage == static_cast<uint32_t>(Stage::kPrepare) && plan.has(Op::kClone)) {
      return refuse(index, EBADMSG, "prepares after the clone");
    }
    plan.ops_.set(header.code);
  }
  if (!reader.finished()) return refuse(Failure::kNoStep, EBADMSG, "bytes after the last step");
  return plan;
}

KeptPlan::KeptPlan(const Plan& plan, std::initializer_list<Stage> stages) {
  for (const StepView& step : plan) {
    if (std::find(stages.begin(), stages.end(), step.stage) == stages.end()) continue;
    const uint8_t* first = step.operands.data() - sizeof(StepHeader);
    steps_.insert(steps_.end(), first, step.operands.data() + step.operands.size());
    indexes_.push_back(step.index);
    ops_.set(static_cast<uint32_t>(step.op));
  }
  steps_.shrink_to_fit();
  indexes_.shrink_to_fit();
}

Plan KeptPlan::view() const {
  Plan plan;
  plan.steps_ = steps_;
  plan.indexes_ = indexes_.data();
  plan.ops_ = ops_;
  return plan;
}

}  // namespace tspod::plan
