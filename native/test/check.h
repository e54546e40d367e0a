// A minimal test framework that says what failed. A test is `TEST("a sentence") { ... }`; check.cc runs them
// all.
#pragma once

#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace tspod::test {

struct Test {
  const char* title;
  void (*run)();
};

/** All tests of the program, filled before main(). */
std::vector<Test>& all_tests();

/** Counts a failure of the current test, which goes on. */
void fail(const char* file, int line, const std::string& what);

struct Registration {
  Registration(const char* title, void (*run)()) { all_tests().push_back({title, run}); }
};

template <typename A, typename B>
void check_equal(const A& actual, const B& expected, const char* file, int line) {
  if (actual == expected) return;
  std::ostringstream words;
  words << "got      " << actual << "\n    expected " << expected;
  fail(file, line, words.str());
}

}  // namespace tspod::test

#define TSPOD_JOIN_(a, b) a##b
#define TSPOD_JOIN(a, b) TSPOD_JOIN_(a, b)

#define TEST(title) TSPOD_TEST_(title, TSPOD_JOIN(test_, __LINE__), TSPOD_JOIN(registration_, __LINE__))
#define TSPOD_TEST_(title, function, registration)                        \
  static void function();                                                 \
  static const ::tspod::test::Registration registration{title, function}; \
  static void function()

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) ::tspod::test::fail(__FILE__, __LINE__, #condition); \
  } while (false)

#define CHECK_EQUAL(actual, expected) ::tspod::test::check_equal((actual), (expected), __FILE__, __LINE__)
