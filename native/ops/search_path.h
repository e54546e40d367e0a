// The places where a command is searched.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tspod::ops {

/**
 * Returns the files to try for a command, in order: the command itself if it has a slash, else one for each
 * directory of `path` (an empty one is the working directory, as in POSIX). Without a PATH: /bin and
 * /usr/bin, as in execvp(3).
 */
inline std::vector<std::string> candidates(std::string_view file, const char* path) {
  if (file.empty()) return {};
  if (file.find('/') != std::string_view::npos) return {std::string(file)};
  std::vector<std::string> files;
  std::string_view rest(path == nullptr ? "/bin:/usr/bin" : path);
  for (;;) {
    const size_t colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    std::string candidate(directory.empty() ? "." : directory);
    candidate.append("/").append(file);
    files.push_back(std::move(candidate));
    if (colon == std::string_view::npos) return files;
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace tspod::ops
