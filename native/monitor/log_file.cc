#include "monitor/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/sys.h"

namespace tspod {
namespace {

constexpr int kSafely = O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
constexpr int kOpenFlags = O_WRONLY | O_APPEND | kSafely;

/** Returns the length of `bytes` up to and including its last newline. */
size_t whole_records(std::string_view bytes) {
  const size_t newline = bytes.rfind('\n');
  return newline == std::string_view::npos ? 0 : newline + 1;
}

/** Whether the file's last record is whole: a power failure may have torn it. */
bool ends_whole(int directory, const std::string& name, off_t size) {
  if (size == 0) return true;
  const Result<UniqueFd> file = sys::openat(directory, name.c_str(), O_RDONLY | kSafely);
  if (!file) return true;
  char last = '\n';
  (void)sys::retry([&] { return ::pread(file->get(), &last, 1, size - 1); });
  return last == '\n';
}

}  // namespace

Result<LogFile> LogFile::open(ops::LogSettings settings) {
  LogFile log;
  log.settings_ = std::move(settings);
  log.settings_.max_files = std::clamp(log.settings_.max_files, 1U, kMostFiles);
  const std::string& path = log.settings_.path;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size()) return Error{"open log", path, EINVAL};
  log.name_ = path.substr(slash + 1);
  log.directory_ = TRY(sys::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY));
  TRY(log.use(TRY(log.open_current())));
  return log;
}

LogFile::Appended LogFile::append(std::string_view records) {
  Appended total;
  while (!records.empty()) {
    size_t length = fitting(records);
    if (length == 0 && rotate()) length = fitting(records);
    // If no new file can be made (in a full directory, say) the old one grows: better too long than with a
    // gap.
    if (length == 0) length = records.size();
    const Appended part = write_records(records.substr(0, length));
    total.bytes += part.bytes;
    total.err = part.err;
    if (part.err != 0) return total;
    records.remove_prefix(length);
  }
  return total;
}

Result<void> LogFile::reopen() {
  return use(TRY(open_current()));
}

Result<UniqueFd> LogFile::open_current() const {
  Result<UniqueFd> file = sys::openat(directory_.get(), name_.c_str(), kOpenFlags);
  if (!file && file.error().err == ENOENT) return make_empty(name_.c_str());
  return file;
}

Result<void> LogFile::use(UniqueFd file) {
  const struct stat status = TRY(sys::fstat(file.get()));
  if (!S_ISREG(status.st_mode)) return Error{"open log", settings_.path, EINVAL};
  file_ = std::move(file);
  size_ = static_cast<uint64_t>(status.st_size);
  // Otherwise the next record would be taken for the rest of the torn one, as happens if the disk is full.
  if (!ends_whole(directory_.get(), name_, status.st_size)) (void)write_records("\n");
  return {};
}

/**
 * Returns how many bytes of whole records still fit into the current file. A record that is too long for any
 * file goes into an empty one.
 */
size_t LogFile::fitting(std::string_view records) const {
  if (settings_.max_bytes == 0 || size_ + records.size() <= settings_.max_bytes) return records.size();
  const size_t room = settings_.max_bytes > size_ ? settings_.max_bytes - size_ : 0;
  const size_t whole = whole_records(records.substr(0, room));
  return whole == 0 && size_ == 0 ? records.find('\n') + 1 : whole;
}

/**
 * Starts a new file. Readers notice by seeing that another file has the name. The new file is made before any
 * is moved, and with `max_files` 1 it replaces the old one, so that there is a file at the path all the time.
 */
Result<void> LogFile::rotate() {
  const std::string fresh = name_ + ".new";
  (void)sys::unlinkat(directory_.get(), fresh.c_str(), 0);  // left by a rotation that was cut off
  UniqueFd file = TRY(make_empty(fresh.c_str()));
  Shifted shifted;
  Result<void> placed = shift_old_files(shifted);
  if (placed) placed = sys::renameat(directory_.get(), fresh.c_str(), directory_.get(), name_.c_str());
  if (placed) return use(std::move(file));
  shift_back(shifted);
  (void)sys::unlinkat(directory_.get(), fresh.c_str(), 0);
  return placed;
}

Result<void> LogFile::shift_old_files(Shifted& shifted) const {
  const int directory = directory_.get();
  for (uint32_t number = settings_.max_files - 1; number > 0; --number) {
    const std::string younger = numbered(number - 1);
    Result<void> moved = sys::renameat(directory, younger.c_str(), directory, numbered(number).c_str());
    // The current file may have been moved away as well.
    if (!moved && moved.error().err != ENOENT) return moved;
    shifted.set(number, static_cast<bool>(moved));
  }
  return {};
}

/**
 * Renames files back after a rotation that failed: the current file has its name again, and the next attempt
 * pushes no file out.
 */
void LogFile::shift_back(const Shifted& shifted) const {
  const int directory = directory_.get();
  for (uint32_t number = 1; number < settings_.max_files; ++number) {
    if (!shifted.test(number)) continue;
    (void)sys::renameat(directory, numbered(number).c_str(), directory, numbered(number - 1).c_str());
  }
}

Result<UniqueFd> LogFile::make_empty(const char* name) const {
  UniqueFd file = TRY(sys::openat(directory_.get(), name, kOpenFlags | O_CREAT | O_EXCL, settings_.mode));
  TRY(sys::fchmod(file.get(), settings_.mode));  // whatever the umask
  return file;
}

std::string LogFile::numbered(uint32_t number) const {
  return number == 0 ? name_ : name_ + "." + std::to_string(number);
}

/** Writes to the current file. A record that was written only in part is cut off again. */
LogFile::Appended LogFile::write_records(std::string_view records) {
  size_t done = 0;
  while (done < records.size()) {
    const std::string_view rest = records.substr(done);
    const ssize_t count = sys::retry([&] { return ::write(file_.get(), rest.data(), rest.size()); });
    const int err = count == -1 ? errno : EIO;
    if (count <= 0) {
      const size_t whole = whole_records(records.substr(0, done));
      cut_off(done - whole);
      return {whole, err};
    }
    done += static_cast<size_t>(count);
    size_ += static_cast<uint64_t>(count);
  }
  return {done, 0};
}

void LogFile::cut_off(size_t bytes) {
  if (bytes == 0) return;
  // The size is read anew: somebody else may have truncated the file. If this fails a torn record stays,
  // which readers skip.
  const Result<struct stat> status = sys::fstat(file_.get());
  if (!status || status->st_size < static_cast<off_t>(bytes)) return;
  if (::ftruncate(file_.get(), status->st_size - static_cast<off_t>(bytes)) == 0) size_ -= bytes;
}

}  // namespace tspod
