// Paths in a root, against links that lead out of it. Each attack has a counterpart: the same link, used as
// images use it, must work.
#include "core/path.h"

#include <filesystem>
#include <fstream>

#include "core/sys.h"
#include "test/check.h"
#include "test/temporary_directory.h"

namespace tspod::test {
namespace {

namespace fs = std::filesystem;

/** A root beside a directory that stands for the host; the tests check whether anything got into that one. */
struct Roots {
  Roots() {
    fs::create_directories(directory.path("host/etc"));
    fs::create_directories(directory.path("root/run"));
    fs::create_directories(directory.path("root/var"));
    root = *sys::open(directory.path("root").c_str(), O_PATH | O_DIRECTORY);
  }

  void link(const std::string& target, const std::string& name) const {
    fs::create_symlink(target, directory.path("root/" + name));
  }
  bool exists(const std::string& name) const { return fs::exists(fs::symlink_status(directory.path(name))); }
  bool host_is_untouched() const {
    return fs::is_empty(directory.path("host/etc")) &&
           std::distance(fs::directory_iterator(directory.path("host")), {}) == 1;
  }
  ino_t inode(const std::string& name) const {
    return sys::fstatat(AT_FDCWD, directory.path(name).c_str())->st_ino;
  }

  TemporaryDirectory directory;
  UniqueFd root;
};

ino_t inode_of(const Result<UniqueFd>& file) {
  return file ? sys::fstat(file->get())->st_ino : 0;
}

TEST("path: an absolute link is one of the root") {
  Roots roots;
  roots.link("/run", "var/run");
  CHECK_EQUAL(inode_of(open_in_root(roots.root.get(), "/var/run", O_PATH)), roots.inode("root/run"));
}

TEST("path: dot dot ends at the root") {
  Roots roots;
  CHECK_EQUAL(inode_of(open_in_root(roots.root.get(), "../../..", O_PATH)), roots.inode("root"));
  roots.link("../../../host", "escape");
  const auto escaped = open_in_root(roots.root.get(), "escape/etc", O_PATH);
  CHECK(!escaped && escaped.error().err == ENOENT);
}

TEST("path: a link to an absolute path of the host is not followed there") {
  Roots roots;
  roots.link(roots.directory.path("host"), "escape");
  const auto escaped = open_in_root(roots.root.get(), "escape/etc", O_PATH);
  CHECK(!escaped && escaped.error().err == ENOENT);
}

TEST("path: magic links are refused") {
  const UniqueFd root = *sys::open("/", O_PATH | O_DIRECTORY);
  const auto cwd = open_in_root(root.get(), "/proc/self/cwd", O_PATH);
  CHECK(!cwd && cwd.error().err == ELOOP);
  const auto fd = open_in_root(root.get(), ("/proc/self/fd/" + std::to_string(root.get())).c_str(), O_PATH);
  CHECK(!fd && fd.error().err == ELOOP);
}

TEST("path: links that go round are ELOOP") {
  Roots roots;
  roots.link("b", "a");
  roots.link("a", "b");
  const auto looped = open_in_root(roots.root.get(), "a", O_PATH);
  CHECK(!looped && looped.error().err == ELOOP);
  CHECK(!make_directories(roots.root.get(), "a/x"));
}

TEST("path: missing directories are made, existing ones taken") {
  Roots roots;
  const auto made = make_directories(roots.root.get(), "/var/lib//x/./y/");
  CHECK_EQUAL(inode_of(made), roots.inode("root/var/lib/x/y"));
  CHECK_EQUAL(inode_of(make_directories(roots.root.get(), "var/lib/x/y")), roots.inode("root/var/lib/x/y"));
}

TEST("path: directories behind an absolute link are made in the root") {
  Roots roots;
  roots.link("/run", "var/run");
  CHECK(static_cast<bool>(make_directories(roots.root.get(), "var/run/a/b")));
  CHECK(roots.exists("root/run/a/b"));
}

TEST("path: directories behind a link out of the root are made in the root") {
  Roots roots;
  roots.link("../../host/etc", "out");
  roots.link(roots.directory.path("host/etc"), "absolute");
  CHECK(static_cast<bool>(make_directories(roots.root.get(), "out/a")));
  CHECK(static_cast<bool>(make_directories(roots.root.get(), "absolute/b")));
  CHECK(roots.host_is_untouched());
  CHECK(roots.exists("root/host/etc/a"));
  CHECK(roots.exists("root/" + roots.directory.path("host/etc/b")));
}

TEST("path: what a dangling link names is made, relative to where the link is") {
  Roots roots;
  roots.link("lib/deep", "var/dangling");
  CHECK(static_cast<bool>(make_directories(roots.root.get(), "var/dangling/x")));
  CHECK(roots.exists("root/var/lib/deep/x"));
}

TEST("path: no more directories are made than are left, behind links too") {
  Roots roots;
  uint32_t left = 3;
  CHECK(static_cast<bool>(make_directories(roots.root.get(), "var/a/b", &left)));
  CHECK(static_cast<bool>(make_directories(roots.root.get(), "var/a/b", &left)));
  CHECK_EQUAL(left, 1U);
  roots.link("c/d/e/f/g", "dangling");
  const auto made = make_directories(roots.root.get(), "dangling", &left);
  CHECK(!made && made.error().err == E2BIG);
  CHECK(!roots.exists("root/c/d/e"));
}

TEST("path: a chain of dangling links has an end") {
  Roots roots;
  for (int index = 0; index < 60; ++index)
    roots.link("l" + std::to_string(index + 1), "l" + std::to_string(index));
  const auto made = make_directories(roots.root.get(), "l0");
  CHECK(!made && made.error().err == ELOOP);
}

TEST("path: a file in the way is ENOTDIR") {
  Roots roots;
  std::ofstream(roots.directory.path("root/file")) << "x";
  const auto made = make_directories(roots.root.get(), "file/x");
  CHECK(!made && made.error().err == ENOTDIR);
}

TEST("path: a missing file is made, an existing one left as it is") {
  Roots roots;
  CHECK(static_cast<bool>(make_file_in_root(roots.root.get(), "etc/hosts")));
  CHECK(roots.exists("root/etc/hosts"));
  std::ofstream(roots.directory.path("root/etc/hosts")) << "text";
  CHECK_EQUAL(inode_of(make_file_in_root(roots.root.get(), "etc/hosts")), roots.inode("root/etc/hosts"));
  CHECK_EQUAL(fs::file_size(roots.directory.path("root/etc/hosts")), 4U);
}

TEST("path: a file behind a dangling link is made in the root") {
  Roots roots;
  roots.link("../../host/etc/passwd", "mtab");
  const auto made = make_file_in_root(roots.root.get(), "mtab");
  CHECK(static_cast<bool>(made));
  CHECK(roots.host_is_untouched());
  CHECK(roots.exists("root/host/etc/passwd"));
}

TEST("path: the place of a last component is never a link's target") {
  Roots roots;
  roots.link("/host", "dev");
  const auto place = place_in_root(roots.root.get(), "dev/null");
  CHECK(static_cast<bool>(place));
  CHECK_EQUAL(place->name, "null");
  CHECK_EQUAL(sys::fstat(place->directory.get())->st_ino, roots.inode("root/host"));
  CHECK(roots.host_is_untouched());
}

TEST("path: the root itself has no place in it") {
  Roots roots;
  for (const char* path : {"", "/", "//", ".", "..", "a/.."}) {
    const auto place = place_in_root(roots.root.get(), path);
    CHECK(!place && place.error().err == EINVAL);
  }
}

}  // namespace
}  // namespace tspod::test
