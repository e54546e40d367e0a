// Locks on files (core/file_lock.h) for JavaScript.
#include <sys/file.h>
#include <unistd.h>

#include <atomic>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/file_lock.h"

namespace tspod::addon {
namespace {

/** Keeps a lock and returns its number, for `unlock`. */
Napi::Value keep(Napi::Env env, Result<UniqueFd> file) {
  if (!file) return failure(env, file.error());
  int number = file->get();
  env.GetInstanceData<Environment>()->locks.emplace(number, std::move(*file));
  return Napi::Number::New(env, number);
}

/**
 * Waits for a lock. The one system call that may block forever is made asynchronously cancellable: nothing
 * else can interrupt flock(2) without a signal handler of our own in someone else's program, and a handler
 * would miss a signal that arrives just before the call.
 *
 * glibc (2.36) ends a thread wherever the signal of pthread_cancel(3) meets it in a cancellation point, even
 * while cancellation is disabled: it might end in code of Node.js, holding its locks. So a thread that has
 * left the call is never cancelled, and a thread that is about to be cancelled never leaves it.
 */
class LockTask final : public Task {
 public:
  LockTask(Napi::Env env, std::string path) : Task(env), path_(std::move(path)) {}

  void run() override {
    do {
      result_ = lock_once();
    } while (result_ && !result_->valid());
  }
  void cancel() override {
    if (wait_.exchange(Wait::kCalledOff) == Wait::kCancellable) pthread_cancel(thread());
  }
  Napi::Value outcome(Napi::Env env) override { return keep(env, std::move(result_)); }

 private:
  enum class Wait { kNone, kCancellable, kCalledOff };

  /** Returns the locked file; an invalid descriptor if the path names another file by now. */
  Result<UniqueFd> lock_once() {
    file_ = TRY(open_lock_file(path_));
    result_ = Error{"flock", path_, ECANCELED};  // the result if the next line never returns
    if (int error = wait_cancellably(file_.get()); error != 0) return Error{"flock", path_, error};
    if (!TRY(is_still_named(file_, path_))) return UniqueFd();
    return std::move(file_);
  }

  /**
   * Waits for the lock and returns an errno or 0. Nothing on its stack may need a destructor: cancellation
   * skips those.
   */
  int wait_cancellably(int file) {
    Wait wait = Wait::kNone;
    if (!wait_.compare_exchange_strong(wait, Wait::kCancellable)) return ECANCELED;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
    int result;
    do {
      result = ::flock(file, LOCK_EX);
    } while (result < 0 && errno == EINTR);
    int error = result < 0 ? errno : 0;
    wait = Wait::kCancellable;
    if (!wait_.compare_exchange_strong(wait, Wait::kNone)) {
      while (true) ::pause();  // until the cancellation arrives
    }
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, nullptr);
    return error;
  }

  std::string path_;
  std::atomic<Wait> wait_ = Wait::kNone;
  /** A member, so that the file and its lock are closed with the task if the thread was cancelled. */
  UniqueFd file_;
  Result<UniqueFd> result_ = UniqueFd();
};

Napi::Value try_lock_now(const Napi::CallbackInfo& info) {
  Result<UniqueFd> file = try_file_lock(string_at(info, 0));
  if (file && !file->valid()) return info.Env().Null();
  return keep(info.Env(), std::move(file));
}

Napi::Value lock_waiting(const Napi::CallbackInfo& info) {
  return start_cancellable(info, std::make_unique<LockTask>(info.Env(), string_at(info, 0)), Turn::kAtOnce);
}

/**
 * Releases a lock. Unlocks before closing: a child that is just being spawned still has a copy of the
 * descriptor.
 */
Napi::Value unlock(const Napi::CallbackInfo& info) {
  auto held = environment(info).locks.extract(int_at(info, 0));
  check(!held.empty(), "no such lock");
  if (::flock(held.mapped().get(), LOCK_UN) < 0) return failure(info.Env(), last_error("flock"));
  return info.Env().Undefined();
}

}  // namespace

void export_locks(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "tryLock", try_lock_now);
  add_function(env, exports, "lockWaiting", lock_waiting);
  add_function(env, exports, "unlock", unlock);
}

}  // namespace tspod::addon
