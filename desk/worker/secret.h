// What nobody can guess, and what of it is kept: a digest.
#ifndef SMIME_DESK_SECRET_H
#define SMIME_DESK_SECRET_H

#include <cstddef>
#include <string>
#include <string_view>

namespace smime::desk {

// So many bytes from the kernel, in hexadecimal. Throws std::runtime_error if it gives none.
std::string random_hex(std::size_t bytes);

inline constexpr std::size_t secret_size = 32;

// SHA-256 in hexadecimal. Secrets have 256 bits of chance: a slow hash would add nothing.
std::string digest_of(std::string_view secret);

} // namespace smime::desk

#endif
