#include <sched.h>
#include <sys/stat.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/remove_tree.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"
#include "ops/run.h"

namespace tspod::addon {
namespace {

/** Runs a plan that launches nothing. A step may wait for a lock. */
class PlanTask final : public Task {
 public:
  PlanTask(Napi::Env env, std::span<const uint8_t> plan, std::optional<uint32_t> wanted = {})
      : Task(env), plan_(plan.begin(), plan.end()), wanted_(wanted) {}

  void run() override { result_ = execute(); }

  Napi::Value outcome(Napi::Env env) override {
    if (result_) return result_->valid() ? to_js(env, *result_) : env.Undefined();
    const Failure& failed = result_.error();
    Napi::Object object = Napi::Object::New(env);
    object.Set("errno", failed.err);
    object.Set("syscall", "execute");
    object.Set("detail", failed.detail);
    if (failed.step != Failure::kNoStep) object.Set("step", failed.step);
    return object;
  }

 private:
  /** Runs the plan; returns the descriptor in the wanted slot, or an invalid one if none is wanted. */
  Result<UniqueFd, Failure> execute() {
    // Root, working directory and umask are shared with all threads of Node.js until here; a plan may change
    // them.
    const Result<void> own = sys::unshare(CLONE_FS);
    if (!own) return Failure{Failure::kNoStep, own.error().err, "unshare"};
    ::umask(022);  // as in the monitor: files are readable for others, whoever calls
    if (wanted_) return ops::execute_for(plan_, *wanted_);
    TRY(ops::execute(plan_));
    return UniqueFd();
  }

  std::vector<uint8_t> plan_;
  std::optional<uint32_t> wanted_;
  Result<UniqueFd, Failure> result_ = UniqueFd();
};

Napi::Value execute(const Napi::CallbackInfo& info) {
  auto task = std::make_unique<PlanTask>(info.Env(), bytes_at(info, 0));
  return environment(info).tasks.start(std::move(task), Turn::kAtOnce).promise;
}

/** (plan, slot) */
Napi::Value execute_for(const Napi::CallbackInfo& info) {
  auto task = std::make_unique<PlanTask>(info.Env(), bytes_at(info, 0), uint_at(info, 1));
  return environment(info).tasks.start(std::move(task), Turn::kAtOnce).promise;
}

class RemoveTreeTask final : public Task {
 public:
  RemoveTreeTask(Napi::Env env, std::string path) : Task(env), path_(std::move(path)) {}

  void run() override { result_ = remove_tree(path_.c_str(), &stop_); }
  void cancel() override { stop_ = true; }
  Napi::Value outcome(Napi::Env env) override { return to_js(env, std::move(result_)); }

 private:
  std::string path_;
  std::atomic<bool> stop_ = false;
  Result<void> result_;
};

Napi::Value remove_tree_async(const Napi::CallbackInfo& info) {
  return start_cancellable(info, std::make_unique<RemoveTreeTask>(info.Env(), string_at(info, 0)));
}

Napi::Value remove_tree_now(const Napi::CallbackInfo& info) {
  return to_js(info.Env(), remove_tree(string_at(info, 0).c_str()));
}

/** (path) Ends what runs in the cgroup and below, then removes all of it. */
Napi::Value remove_cgroup(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [path = string_at(info, 0)] {
    ops::Context context;
    plan::CgroupRemove step;
    step.path = path;
    return ops::cgroup_remove(context, step);
  });
}

}  // namespace

void export_plans(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "execute", execute);
  add_function(env, exports, "executeFor", execute_for);
  add_function(env, exports, "removeCgroup", remove_cgroup);
  add_function(env, exports, "removeTree", remove_tree_async);
  add_function(env, exports, "removeTreeNow", remove_tree_now);
}

}  // namespace tspod::addon
