#include "plugin/operator/doveconf.h"

#include <filesystem>

namespace smime {

std::string file_behind(const std::string &path) {
  std::error_code failure;
  auto file = std::filesystem::canonical(path, failure);
  return failure ? path : file.string();
}

std::vector<std::string> doveconf_command(const std::string &program, const std::string &config,
                                          const std::string &filter,
                                          const std::vector<std::string> &names) {
  std::vector<std::string> command{program, "-c", config};
  if (!filter.empty())
    command.insert(command.end(), {"-f", filter});
  command.insert(command.end(), names.begin(), names.end());
  return command;
}

} // namespace smime
