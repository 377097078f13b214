#include "scanner/verify/absent-directory.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {

std::unique_ptr<AbsentDirectory> AbsentDirectory::watch(const std::string &path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 || errno != ENOENT)
    return nullptr;
  std::unique_ptr<AbsentDirectory> absent(new AbsentDirectory);
  std::string rest = path;
  while (rest.size() > 1 && rest.back() == '/')
    rest.pop_back();
  auto slash = rest.rfind('/');
  if (slash == std::string::npos)
    return nullptr;
  absent->name_ = rest.substr(slash + 1);
  absent->above_ =
      open(slash == 0 ? "/" : rest.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  return absent;
}

AbsentDirectory::~AbsentDirectory() {
  if (above_ >= 0)
    (void)close(above_);
}

bool AbsentDirectory::has_come() const {
  struct stat status {};
  return above_ >= 0 && fstatat(above_, name_.c_str(), &status, 0) == 0;
}

} // namespace smime
