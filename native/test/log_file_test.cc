#include "monitor/log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "test/check.h"

namespace tspod {
namespace {

/** A directory that is removed with the object. */
class Directory {
 public:
  Directory() {
    char path[] = "/tmp/tspod-log-test-XXXXXX";
    path_ = ::mkdtemp(path);
  }
  ~Directory() { std::filesystem::remove_all(path_); }

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  bool has(const std::string& name) const { return std::filesystem::exists(file(name)); }
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    return content.str();
  }

 private:
  std::string path_;
};

ops::LogSettings settings_for(const Directory& directory, uint64_t max_bytes = 0, uint32_t max_files = 1) {
  ops::LogSettings settings;
  settings.driver = plan::LogDriver::kK8sFile;
  settings.path = directory.file("log");
  settings.max_bytes = max_bytes;
  settings.max_files = max_files;
  settings.mode = 0640;
  return settings;
}

int error_of(const Result<LogFile>& result) {
  return result ? 0 : result.error().err;
}

TEST("log file: what follows a torn record begins a line") {
  const Directory directory;
  std::ofstream(directory.file("log"), std::ios::binary) << "whole\ntor";
  Result<LogFile> log = LogFile::open(settings_for(directory));
  CHECK(static_cast<bool>(log));
  CHECK_EQUAL(log->append("next\n").bytes, 5U);
  CHECK_EQUAL(directory.content("log"), "whole\ntor\nnext\n");
  std::ofstream(directory.file("log"), std::ios::binary) << "torn too";
  CHECK(static_cast<bool>(log->reopen()));
  CHECK(static_cast<bool>(log->reopen()));
  CHECK_EQUAL(directory.content("log"), "torn too\n");
}

TEST("log file: is made with the mode of the plan, whatever the umask") {
  const Directory directory;
  const mode_t saved = ::umask(0777);
  CHECK(static_cast<bool>(LogFile::open(settings_for(directory))));
  ::umask(saved);
  struct stat status {};
  CHECK_EQUAL(::stat(directory.file("log").c_str(), &status), 0);
  CHECK_EQUAL(status.st_mode & 07777, 0640U);
}

TEST("log file: what is there is kept, new records follow it") {
  const Directory directory;
  std::ofstream(directory.file("log")) << "old\n";
  Result<LogFile> file = LogFile::open(settings_for(directory));
  CHECK_EQUAL(file->append("new\n").bytes, 4U);
  CHECK_EQUAL(directory.content("log"), "old\nnew\n");
}

TEST("log file: symlinks, directories, fifos and devices are refused") {
  const Directory directory;
  CHECK_EQUAL(::symlink("elsewhere", directory.file("log").c_str()), 0);
  CHECK_EQUAL(error_of(LogFile::open(settings_for(directory))), ELOOP);
  CHECK(!directory.has("elsewhere"));
  ::unlink(directory.file("log").c_str());
  CHECK_EQUAL(::mkfifo(directory.file("log").c_str(), 0600), 0);
  CHECK_EQUAL(error_of(LogFile::open(settings_for(directory))), ENXIO);
  ::unlink(directory.file("log").c_str());
  CHECK_EQUAL(::mkdir(directory.file("log").c_str(), 0700), 0);
  CHECK_EQUAL(error_of(LogFile::open(settings_for(directory))), EISDIR);
  ops::LogSettings device = settings_for(directory);
  device.path = "/dev/null";
  CHECK_EQUAL(error_of(LogFile::open(device)), EINVAL);
  device.path = "relative";
  CHECK_EQUAL(error_of(LogFile::open(device)), EINVAL);
}

TEST("log file: rotation renames older files and keeps as many as allowed") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory, 10, 3));
  for (const char* record : {"first\n", "second\n", "third\n", "fourth\n"}) (void)file->append(record);
  CHECK_EQUAL(directory.content("log"), "fourth\n");
  CHECK_EQUAL(directory.content("log.1"), "third\n");
  CHECK_EQUAL(directory.content("log.2"), "second\n");
  CHECK(!directory.has("log.3"));
}

TEST("log file: one that may not have older ones is replaced") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory, 10, 1));
  (void)file->append("first\n");
  (void)file->append("second\n");
  CHECK_EQUAL(directory.content("log"), "second\n");
  CHECK(!directory.has("log.1"));
  CHECK(!directory.has("log.new"));
}

TEST("log file: many records at once are spread over files, none of them torn or too long") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory, 100, 50));
  std::string records;
  for (int i = 0; i < 100; ++i) records += "record " + std::to_string(i) + "\n";
  CHECK_EQUAL(file->append(records).bytes, records.size());
  std::string all;
  for (int number = 49; number >= 0; --number) {
    const std::string name = number == 0 ? "log" : "log." + std::to_string(number);
    const std::string content = directory.content(name);
    CHECK(content.size() <= 100);
    all += content;
  }
  CHECK_EQUAL(all, records);
}

TEST("log file: a record that is longer than a file may be gets a file of its own") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory, 10, 3));
  (void)file->append("ab\n" + std::string(30, 'x') + "\ncd\n");
  CHECK_EQUAL(directory.content("log.2"), "ab\n");
  CHECK_EQUAL(directory.content("log.1"), std::string(30, 'x') + "\n");
  CHECK_EQUAL(directory.content("log"), "cd\n");
}

/** Prevents opening any other file during its lifetime. */
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &saved_);
    const rlimit limit{0, saved_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &saved_); }

 private:
  rlimit saved_{};
};

TEST("log file: a rotation that fails moves nothing, and a later one succeeds") {
  for (const uint32_t max_files : {1U, 2U, 4U}) {
    const Directory directory;
    Result<LogFile> file = LogFile::open(settings_for(directory, 10, max_files));
    for (const char* record : {"first\n", "second\n", "third\n"}) (void)file->append(record);
    {
      const NoDescriptors none;
      for (const char* record : {"fourth\n", "fifth\n"}) CHECK_EQUAL(file->append(record).err, 0);
    }
    CHECK_EQUAL(directory.content("log"), "third\nfourth\nfifth\n");
    if (max_files > 1) CHECK_EQUAL(directory.content("log.1"), "second\n");
    if (max_files > 2) CHECK_EQUAL(directory.content("log.2"), "first\n");
    (void)file->append("sixth\n");
    CHECK_EQUAL(directory.content("log"), "sixth\n");
    if (max_files > 1) CHECK_EQUAL(directory.content("log.1"), "third\nfourth\nfifth\n");
    CHECK(!directory.has("log.new"));
  }
}

TEST("log file: one that somebody has moved away is followed by a new one when it is full") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory, 10, 2));
  (void)file->append("first\n");
  std::filesystem::rename(directory.file("log"), directory.file("moved"));
  (void)file->append("second\n");
  CHECK_EQUAL(directory.content("moved"), "first\n");
  CHECK_EQUAL(directory.content("log"), "second\n");
}

TEST("log file: reopening follows the path") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory));
  (void)file->append("one\n");
  std::filesystem::rename(directory.file("log"), directory.file("moved"));
  (void)file->append("two\n");
  CHECK(static_cast<bool>(file->reopen()));
  (void)file->append("three\n");
  CHECK_EQUAL(directory.content("moved"), "one\ntwo\n");
  CHECK_EQUAL(directory.content("log"), "three\n");
}

TEST("log file: if reopening fails the old file stays in use") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory));
  std::filesystem::rename(directory.file("log"), directory.file("moved"));
  std::filesystem::create_directory(directory.file("log"));
  CHECK(!file->reopen());
  CHECK_EQUAL(file->append("still\n").bytes, 6U);
  CHECK_EQUAL(directory.content("moved"), "still\n");
}

/** Limits the size of files to `bytes` during its lifetime: a full disk that needs no privileges. */
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &saved_);
    const rlimit limit{bytes, saved_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &saved_); }

 private:
  rlimit saved_{};
};

TEST("log file: of a write that is cut short only whole records stay") {
  const Directory directory;
  Result<LogFile> file = LogFile::open(settings_for(directory));
  {
    const FileLimit limit(10);
    const LogFile::Appended appended = file->append("one\ntwo\nthree\n");
    CHECK_EQUAL(appended.bytes, 8U);
    CHECK_EQUAL(appended.err, EFBIG);
  }
  CHECK_EQUAL(directory.content("log"), "one\ntwo\n");
  (void)file->append("four\n");
  CHECK_EQUAL(directory.content("log"), "one\ntwo\nfour\n");
}

TEST("log: what was lost on a full disk is said as soon as there is room") {
  const Directory directory;
  Log log;
  CHECK(static_cast<bool>(log.open(settings_for(directory))));
  {
    const FileLimit limit(0);
    log.write(LogStream::kStdout, "one\ntwo\n");
    log.write(LogStream::kStdout, "three\n");
  }
  log.write(LogStream::kStdout, "four\n");
  const std::string content = directory.content("log");
  CHECK(content.find(" stderr F [tspod] 3 log records (149 bytes) lost: File too large\n") ==
        LogTime::kLength + 6);
  CHECK(content.ends_with(" stdout F four\n"));
  CHECK_EQUAL(std::count(content.begin(), content.end(), '\n'), 2);
}

TEST("log: what was lost last is said at the end") {
  const Directory directory;
  Log log;
  CHECK(static_cast<bool>(log.open(settings_for(directory))));
  {
    const FileLimit limit(0);
    log.write(LogStream::kStderr, "one\n");
  }
  log.end_streams();
  CHECK(directory.content("log").ends_with("lost: File too large\n"));
}

TEST("log: without a driver nothing is written") {
  Log log;
  CHECK(static_cast<bool>(log.open({})));
  log.write(LogStream::kStdout, "nobody\n");
  log.end_streams();
  CHECK(!log.holds_memory());
}

}  // namespace
}  // namespace tspod
