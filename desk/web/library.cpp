#include "desk/web/library.h"

#include <fstream>
#include <iterator>

namespace smime::desk {

std::optional<Library> read_library(const std::string &directory, std::string &error) {
  std::map<std::string, std::string> files;
  for (const std::string &name : library_files()) {
    std::string path = directory + "/" + name;
    std::ifstream file(path, std::ios::binary);
    files[name] = std::string(std::istreambuf_iterator<char>(file), {});
    if (!file || files[name].empty()) {
      error = path + " cannot be read (texts in smime-desk.conf names the directory)";
      return std::nullopt;
    }
  }
  auto library = library_of(files, error);
  if (!library)
    error = directory + ": " + error;
  return library;
}

} // namespace smime::desk
