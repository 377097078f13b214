// The put-back of a message's MIME header fields. Pure text: unit-tested alone.
#ifndef SMIME_HEADER_FIELDS_H
#define SMIME_HEADER_FIELDS_H

#include <optional>
#include <string>
#include <string_view>

namespace smime {

// The raw header of an edited message with its MIME header fields (RFC 2045:
// MIME-Version and Content-*) replaced by those of the original, byte for byte,
// and the empty line after it. Nullopt if the edited header is none to build on:
// it lost From or Date, which the original has (RFC 5322 section 3.6).
std::optional<std::string> merge_headers(std::string_view edited, std::string_view original);

} // namespace smime

#endif
