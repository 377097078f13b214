// Text in whatever charset a sender names, as UTF-8 for people to read. What cannot be read
// becomes U+FFFD and stays visible; nothing is left out.
#ifndef SMIME_CHARSET_TEXT_H
#define SMIME_CHARSET_TEXT_H

#include "common/byte-sink.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace smime {

// To be called before the sandbox, in which iconv finds no module of its own any more: the charsets
// of mail are loaded, and stay. What is not among them is shown as a charset that nobody knows.
void load_charsets();

// Bytes in that charset, which may be empty or no charset, as valid UTF-8. What has no charset and
// is no UTF-8 is taken for Windows-1252, as most readers do.
std::string utf8_text(Bytes bytes, std::string_view charset);

// A header field's value with its encoded words (RFC 2047) decoded.
std::string utf8_header(std::string_view value);

// A parameter's value: one in the form of RFC 2231 (charset'language'with%20escapes), if extended,
// or with encoded words.
std::string utf8_parameter(std::string_view value, bool extended);

// Valid UTF-8 of at most so many bytes, cut between two characters. Whether it was cut.
bool cut_utf8(std::string &text, std::size_t limit);

} // namespace smime

#endif
