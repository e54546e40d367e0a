#include "addon/task_thread.h"

#include <signal.h>

namespace tspod::addon {
namespace {

/**
 * Stack size: enough for the deepest handler. musl's default of 128 KiB is too small, glibc's of 8 MiB would
 * add up.
 */
constexpr size_t kStackBytes = 512 * 1024;

}  // namespace

int TaskThread::start() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&handle_, &attributes, main, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error;
}

void TaskThread::give(Task* task) {
  next_ = task;
  wake_.release();
}

void TaskThread::end() {
  wake_.release();
  pthread_join(handle_, nullptr);
}

void* TaskThread::main(void* argument) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
  auto* self = static_cast<TaskThread*>(argument);
  // end() may be called before the thread has taken the task that it was given last.
  while (Task* task = self->next_.exchange(nullptr)) {
    if (!self->body_(task)) break;
    self->wake_.acquire();
  }
  return nullptr;
}

}  // namespace tspod::addon
