// The decoder of plans, against plans that are cut short, contradict themselves, or ask for something
// forbidden.
#include "plan/plan.h"

#include <cstring>
#include <memory>

#include "plan/rules.h"
#include "test/check.h"
#include "test/plan_builder.h"

namespace tspod::test {
namespace {

using plan::Op;
using plan::Plan;
using plan::Stage;

constexpr auto kInit = static_cast<uint32_t>(Stage::kInit);

/** A plan with operands of every type. */
std::string varied_plan() {
  return PlanBuilder()
      .step(Op::kHostname, Stage::kInit, Operands().str("box"))
      .step(Op::kMountFs, Stage::kInit, Operands().u32(1).str("tmpfs").strs({"mode=0755", "size=1m"}).u64(6))
      .step(Op::kSeccomp, Stage::kInit, Operands().u32(0).bytes("12345678"), /*optional=*/true)
      .step(Op::kClone, Stage::kPrepare, Operands().u64(0).i32(-1))
      .step(Op::kUseIds, Stage::kInit, Operands().u32(1).u32(2).u32(2).u32(7).u32(8))
      .step(Op::kCgroupRemove, Stage::kTeardown, Operands().str("/sys/fs/cgroup/x"))
      .step(Op::kExec, Stage::kInit, Operands().strs({"sh", "-c", ""}).strs({}).u32(0))
      .text();
}

/**
 * Returns a copy without a spare byte around it, so that the address sanitizer sees every read out of bounds.
 */
Result<Plan, Failure> parse_copy(std::string_view text) {
  const auto copy = std::make_unique<uint8_t[]>(text.size());
  if (!text.empty()) std::memcpy(copy.get(), text.data(), text.size());
  return Plan::parse({copy.get(), text.size()});
}

TEST("plan: steps keep their order, stage, flags and operands") {
  const std::string text = varied_plan();
  const auto plan = Plan::parse(bytes_of(text));
  CHECK(static_cast<bool>(plan));
  uint32_t index = 0;
  for (const plan::StepView& step : *plan) {
    CHECK_EQUAL(step.index, index);
    CHECK_EQUAL(step.optional, index == 2);
    ++index;
  }
  CHECK_EQUAL(index, 7U);
  CHECK(plan->has(Op::kSeccomp));
  CHECK(!plan->has(Op::kTerminal));
}

TEST("plan: operands are read where they lie, strings with a NUL after them") {
  const std::string text = varied_plan();
  const auto plan = Plan::parse(bytes_of(text));
  auto at = plan->begin();
  wire::Reader reader((*++at).operands);
  plan::MountFs mount;
  plan::decode(reader, mount);
  CHECK(reader.finished());
  CHECK_EQUAL(std::string(mount.type.c_str()), "tmpfs");
  std::string options;
  for (const wire::String option : mount.options) options += std::string(option.c_str()) + ";";
  CHECK_EQUAL(options, "mode=0755;size=1m;");
}

TEST("plan: every truncation is refused") {
  const std::string text = varied_plan();
  for (size_t size = 0; size < text.size(); ++size) {
    const auto plan = parse_copy(std::string_view(text).substr(0, size));
    CHECK(!plan);
    if (!plan) CHECK_EQUAL(plan.error().err, EBADMSG);
  }
}

TEST("plan: a flip of any bit is refused or decodes within bounds") {
  const std::string text = varied_plan();
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto plan = Plan::parse(bytes_of(flipped));
    if (!plan) continue;
    size_t total = 0;
    for (const plan::StepView& step : *plan) total += step.operands.size();
    CHECK(total < flipped.size());
  }
}

void refused(const std::string& text, uint32_t step, int err, std::string_view why) {
  const auto plan = parse_copy(text);
  CHECK(!plan);
  if (plan) return;
  CHECK_EQUAL(plan.error().step, step);
  CHECK_EQUAL(plan.error().err, err);
  CHECK_EQUAL(plan.error().detail, why);
}

TEST("plan: bytes that are no plan are refused") {
  PlanBuilder builder;
  builder.magic ^= 1;
  refused(builder.text(), Failure::kNoStep, EBADMSG, "not a plan");
}

TEST("plan: another version is refused with an errno of its own") {
  PlanBuilder builder;
  builder.version += 1;
  refused(builder.text(), Failure::kNoStep, EPROTONOSUPPORT, "plan of another version");
}

TEST("plan: a count that is higher than the steps are is refused") {
  PlanBuilder builder;
  builder.step(Op::kNewSession, Stage::kInit, Operands());
  builder.count = 2;
  refused(builder.text(), 1, EBADMSG, "plan that is cut short");
}

TEST("plan: a count that is lower than the steps are is refused") {
  PlanBuilder builder;
  builder.step(Op::kNewSession, Stage::kInit, Operands());
  builder.count = 0;
  refused(builder.text(), Failure::kNoStep, EBADMSG, "bytes after the last step");
}

TEST("plan: nothing is prepared after the clone, whose child would not have it") {
  const PlanBuilder builder = PlanBuilder()
                                  .step(Op::kClone, Stage::kPrepare, Operands().u64(0).i32(-1))
                                  .step(Op::kInheritFd, Stage::kPrepare, Operands().u32(1).u32(4));
  refused(builder.text(), 1, EBADMSG, "prepares after the clone");
}

TEST("plan: a hostile count costs nothing") {
  PlanBuilder builder;
  builder.count = 0xffffffff;
  refused(builder.text(), Failure::kNoStep, EBADMSG, "bad number of steps");
}

TEST("plan: an unknown step is refused by its index") {
  const std::string text =
      PlanBuilder().step(Op::kNewSession, Stage::kInit, Operands()).raw(9999, kInit, 0, "").text();
  refused(text, 1, EBADMSG, "unknown step code");
}

TEST("plan: code 0 is no step") {
  refused(PlanBuilder().raw(0, kInit, 0, "").text(), 0, EBADMSG, "unknown step code");
}

TEST("plan: an unknown stage is refused") {
  refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kNewSession), plan::kStages, 0, "").text(), 0, EBADMSG,
          "unknown stage");
}

TEST("plan: unknown flags are refused") {
  refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kNewSession), kInit, 2, "").text(), 0, EBADMSG,
          "unknown step flags");
}

TEST("plan: operands that go on after the last field are refused") {
  refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kNewSession), kInit, 0, "x").text(), 0, EBADMSG,
          "malformed operands");
}

TEST("plan: a missing field is an error, never a default") {
  const std::string text =
      PlanBuilder().step(Op::kExec, Stage::kInit, Operands().strs({"sh"}).strs({})).text();
  refused(text, 0, EBADMSG, "malformed operands");
}

TEST("plan: a string without its NUL is refused") {
  const std::string operands("\3\0\0\0boxy", 8);
  refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kHostname), kInit, 0, operands).text(), 0, EBADMSG,
          "malformed operands");
}

TEST("plan: a NUL inside a string is refused") {
  const std::string operands("\3\0\0\0b\0x\0", 8);
  refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kHostname), kInit, 0, operands).text(), 0, EBADMSG,
          "malformed operands");
}

TEST("plan: lists and bytes that claim more than is there are refused") {
  for (const std::string& claim : {std::string("\xff\xff\xff\xff", 4), std::string("\xff\xff\xff\x3f", 4)}) {
    const std::string strings = Operands().text() + claim;
    refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kExec), kInit, 0, strings).text(), 0, EBADMSG,
            "malformed operands");
    const std::string numbers = Operands().u32(1).u32(2).text() + claim;
    refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kUseIds), kInit, 0, numbers).text(), 0, EBADMSG,
            "malformed operands");
    const std::string bytes = Operands().u32(0).text() + claim;
    refused(PlanBuilder().raw(static_cast<uint32_t>(Op::kSeccomp), kInit, 0, bytes).text(), 0, EBADMSG,
            "malformed operands");
  }
}

TEST("plan: what would change the monitor itself may only be in init") {
  const std::string text = PlanBuilder().step(Op::kSetIds, Stage::kPrepare, Operands()).text();
  refused(text, 0, EBADMSG, "step in a stage that it cannot run in");
  for (const Op op : {Op::kExec, Op::kSeccomp, Op::kCapabilities, Op::kPivotRoot, Op::kBecomeInit, Op::kPause,
                      Op::kAwaitStage}) {
    for (uint32_t stage = 0; stage < plan::kStages; ++stage) {
      CHECK_EQUAL(plan::runs_in(op, static_cast<Stage>(stage)), static_cast<Stage>(stage) == Stage::kInit);
    }
  }
}

TEST("plan: settings have no effect, so nothing with an effect may be among them") {
  CHECK(plan::runs_in(Op::kLog, Stage::kSettings));
  CHECK(!plan::runs_in(Op::kLog, Stage::kPrepare));
  CHECK(!plan::runs_in(Op::kRemoveTree, Stage::kSettings));
  CHECK(plan::runs_in(Op::kRemoveTree, Stage::kTeardown));
}

TEST("plan: what is kept of a plan is a plan of the kept stages with their old indexes") {
  std::string text = varied_plan();
  auto plan = Plan::parse(bytes_of(text));
  const plan::KeptPlan kept(*plan, {Stage::kTeardown, Stage::kPrepare});
  std::memset(text.data(), 0xee, text.size());
  std::string seen;
  for (const plan::StepView& step : kept.view())
    seen += std::string(plan::name_of(step.op)) + std::to_string(step.index) + " ";
  CHECK_EQUAL(seen, "clone3 cgroupRemove5 ");
  CHECK(!kept.view().has(Op::kExec));
}

}  // namespace
}  // namespace tspod::test
