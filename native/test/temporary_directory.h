// A directory that is removed after the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "core/sys.h"

namespace tspod::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "tspod-native-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    fd_ = *sys::open(path_.c_str(), O_PATH | O_DIRECTORY);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& below) const { return path_ + "/" + below; }
  int fd() const { return fd_.get(); }

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace tspod::test
