// A thread for tasks (addon/task.h).
#pragma once

#include <pthread.h>

#include <atomic>
#include <semaphore>

namespace tspod::addon {

class Task;

/** Does one task, and waits for the next as long as it is asked to. No signal is delivered to it: handlers of
 * the program's are not for our threads. */
class TaskThread {
 public:
  /** On the thread. Whether it shall wait for another task; it may also be cancelled in there. */
  using Body = bool (*)(Task*);

  TaskThread(Body body, Task* first) : body_(body), next_(first) {}
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;

  /** The error of pthread_create(3), or 0. */
  int start();
  /** To one that waits or is about to. */
  void give(Task* task);
  /** Waits for the end of one whose body has asked for no more, or that waits. */
  void end();
  pthread_t handle() const { return handle_; }

 private:
  static void* main(void* thread);

  Body body_;
  std::atomic<Task*> next_;
  std::counting_semaphore<2> wake_{0};  // for a task, and for the end
  pthread_t handle_{};
};

}  // namespace tspod::addon
