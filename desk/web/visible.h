// Text of mail on its way to a page: what cannot be seen is written as \xNN, as
// common/safe-text.h has it; the rest is escaped by the templates. No Dovecot header.
#ifndef SMIME_DESK_VISIBLE_H
#define SMIME_DESK_VISIBLE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace smime::desk {

// Characters of a subject that a heading or a row shows; the whole is behind it.
inline constexpr std::size_t max_subject = 200;

// One line. Joiners (U+200C, U+200D) stay between characters that are no ASCII, where emoji and
// scripts such as Persian need them; elsewhere they only hide, and are shown.
std::string visible_line(std::string_view text);
// Several lines: line ends and TAB stay.
std::string visible_lines(std::string_view text);
// Up to so many characters, with "…" for the rest.
std::string shortened(std::string_view text, std::size_t most);

} // namespace smime::desk

#endif
