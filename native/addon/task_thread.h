// A thread for tasks (addon/task.h).
#pragma once

#include <pthread.h>

#include <atomic>
#include <semaphore>

namespace tspod::addon {

class Task;

/**
 * A thread that runs one task, and waits for another as long as the body asks for it. It gets no signals: the
 * program's handlers are not meant for our threads.
 */
class TaskThread {
 public:
  /**
   * Runs a task on the thread; returns whether the thread shall wait for another. The thread may be cancelled
   * in it.
   */
  using Body = bool (*)(Task*);

  TaskThread(Body body, Task* first) : body_(body), next_(first) {}
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;

  /** Starts the thread; returns the error of pthread_create(3), or 0. */
  int start();
  /** Gives the thread its next task. It must be waiting for one, or about to. */
  void give(Task* task);
  /** Ends and joins the thread, which must be waiting, or running a task after which it ends. */
  void end();
  pthread_t handle() const { return handle_; }

 private:
  static void* main(void* thread);

  Body body_;
  std::atomic<Task*> next_;
  std::counting_semaphore<2> wake_{0};  // one for a task, one for the end
  pthread_t handle_{};
};

}  // namespace tspod::addon
