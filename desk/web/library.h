// Reads the templates, languages and files of the pages from their directory. No Dovecot header.
#ifndef SMIME_DESK_LIBRARY_H
#define SMIME_DESK_LIBRARY_H

#include "desk/web/desk.h"

#include <optional>
#include <string>

namespace smime::desk {

// Nullopt with error set.
std::optional<Library> read_library(const std::string &directory, std::string &error);

} // namespace smime::desk

#endif
