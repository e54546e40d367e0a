// The result of a function that can fail: a value, or an error that names the failed call, its object and its
// errno.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tspod {

/** A failed system call (or a refusal of our own, with the errno that says it best). */
struct Error {
  const char* op = "";  // name of the call; a literal
  std::string arg;      // the object: a path, a name, words of the kernel; may be empty
  int err = 0;
};

/** A failure as it is reported to the engine: the step of the plan (kNoStep: none), errno and words. */
struct Failure {
  static constexpr uint32_t kNoStep = 0xffffffff;

  uint32_t step = kNoStep;
  int err = 0;
  std::string detail;
};

/** Returns the words of a report: "openat2 /etc/passwd". */
inline std::string describe(const Error& error) {
  return error.arg.empty() ? std::string(error.op) : std::string(error.op) + " " + error.arg;
}

/** Returns the failure for an error that belongs to no step of the plan. */
inline Failure stepless_failure(const Error& error) {
  return {Failure::kNoStep, error.err, describe(error)};
}

/** A value or an error. Not std::expected: GCC 12 does not warn when one of those is dropped, and clang 14
 * has none. */
template <typename T, typename E = Error> class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(E error) : error_(std::move(error)) {}

  explicit operator bool() const { return value_.has_value(); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  E& error() { return error_; }
  const E& error() const { return error_; }

 private:
  std::optional<T> value_;
  E error_{};
};

template <typename E> class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_.has_value(); }
  void operator*() const {}
  E& error() { return *error_; }
  const E& error() const { return *error_; }

 private:
  std::optional<E> error_;
};

/** Returns the error of a call that has just set errno. */
inline Error last_error(const char* op, std::string_view arg = {}) {
  const int err = errno;
  return Error{op, std::string(arg), err};
}

}  // namespace tspod

/**
 * Evaluates to the value of a Result; if that holds an error, returns the error from the calling function.
 */
#define TRY(expression)                      \
  ({                                         \
    auto try_result_ = (expression);         \
    if (!try_result_) [[unlikely]]           \
      return std::move(try_result_.error()); \
    *std::move(try_result_);                 \
  })
