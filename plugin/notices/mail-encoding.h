// How text goes into a mail of ours, so that any server takes it and nothing in it is more than
// text. No Dovecot header.
#ifndef SMIME_NOTICES_MAIL_ENCODING_H
#define SMIME_NOTICES_MAIL_ENCODING_H

#include <string>
#include <string_view>

namespace smime {

// Quoted-printable (RFC 2045 section 6.7). Lines of the text end in LF or CR LF, those of the
// result in CR LF; none of them begins with a dot or "From ".
std::string quoted_printable(std::string_view text);

// The value of a header field that begins with name: as it is where it is short ASCII, else in
// encoded words (RFC 2047), folded. The text is one line of valid UTF-8, as mail_text() makes it.
std::string encoded_field(std::string_view name, std::string_view text);

// "<alice@example.org>"; a group without members where the address is none that every server
// takes in a header.
std::string address_field(std::string_view address);

} // namespace smime

#endif
