// A directory that is not there, and whether it has come meanwhile.
#ifndef SMIME_ABSENT_DIRECTORY_H
#define SMIME_ABSENT_DIRECTORY_H

#include <memory>
#include <string>

namespace smime {

class AbsentDirectory {
public:
  // Null if there is something at the path, or that cannot be told.
  static std::unique_ptr<AbsentDirectory> watch(const std::string &path);
  ~AbsentDirectory();
  AbsentDirectory(const AbsentDirectory &) = delete;
  AbsentDirectory &operator=(const AbsentDirectory &) = delete;

  // Relative to the directory above, which was opened before the sandbox and needs no path.
  // Never true if that is not there either.
  bool has_come() const;

private:
  AbsentDirectory() = default;
  int above_ = -1;
  std::string name_;
};

} // namespace smime

#endif
