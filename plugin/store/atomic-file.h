// Small files of ours that are there as a whole or not at all.
#ifndef SMIME_ATOMIC_FILE_H
#define SMIME_ATOMIC_FILE_H

#include <string>
#include <string_view>
#include <sys/types.h>

namespace smime {

// Writes directory/name anew: a temporary file beside it, whose name begins with
// a dot, is written to disk and then takes the name. False with error set,
// nothing changed.
bool write_file(const std::string &directory, const std::string &name, std::string_view text,
                mode_t mode, std::string &error);

// The whole file, if it has no more than most bytes. False with error set.
bool read_file(const std::string &path, std::size_t most, std::string &text, std::string &error);

// The same where a user may have put something else in the file's place: a pipe would have us wait
// for as long as he likes.
bool read_users_file(const std::string &path, std::size_t most, std::string &text,
                     std::string &error);

} // namespace smime

#endif
