// base64 (RFC 4648 section 4) of bytes in JSON.
#ifndef SMIME_DESK_BASE64_H
#define SMIME_DESK_BASE64_H

#include <optional>
#include <string>
#include <string_view>

namespace smime::desk {

std::string to_base64(std::string_view bytes);
// Nullopt if it is not exactly what to_base64() writes.
std::optional<std::string> from_base64(std::string_view text);

} // namespace smime::desk

#endif
