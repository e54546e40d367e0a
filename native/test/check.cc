// Runs all tests of the program, or those whose titles contain the arguments; reports in TAP.

#include "test/check.h"

#include <cstdio>
#include <cstring>

namespace tspod::test {
namespace {

int failures_of_this_test = 0;

bool is_wanted(const Test& test, int argc, char** argv) {
  if (argc < 2) return true;
  for (int i = 1; i < argc; ++i) {
    if (std::strstr(test.title, argv[i]) != nullptr) return true;
  }
  return false;
}

}  // namespace

std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

void fail(const char* file, int line, const std::string& what) {
  ++failures_of_this_test;
  std::printf("  # %s:%d: %s\n", file, line, what.c_str());
}

}  // namespace tspod::test

int main(int argc, char** argv) {
  using namespace tspod::test;
  int count = 0;
  int failed = 0;
  for (const Test& test : all_tests()) {
    if (!is_wanted(test, argc, argv)) continue;
    failures_of_this_test = 0;
    test.run();
    std::printf("%s %d - %s\n", failures_of_this_test == 0 ? "ok" : "not ok", ++count, test.title);
    failed += failures_of_this_test == 0 ? 0 : 1;
  }
  std::printf("1..%d\n", count);
  return failed == 0 ? 0 : 1;
}
