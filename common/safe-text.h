// Text that others wrote, on its way to whoever reads it: a terminal, a log, HTML, a
// header field, the reply of a server. Senders choose file names, addresses and
// certificates; a scanner that was taken over chooses a whole report. No Dovecot header.
//
// Each function takes any bytes and gives valid UTF-8. Every byte of a control
// character (C0, DEL, C1), of what is no UTF-8, of what changes the direction of text
// (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), of what is not seen (zero
// width, joiners, fillers, tags) and of line and paragraph separators is written as \xNN:
// it stays visible, and does nothing. The rest stands as it is. Where there is a bound, what
// is cut off is replaced by "..." and never cuts a character.
#ifndef SMIME_SAFE_TEXT_H
#define SMIME_SAFE_TEXT_H

#include <cstddef>
#include <string>
#include <string_view>

namespace smime {

// Bounds, in bytes of the result without the "...".
inline constexpr std::size_t max_log_text = 4096;
inline constexpr std::size_t max_mail_text = 200;
inline constexpr std::size_t max_reply_text = 400;

// One value on one line of a terminal, in any format that doveadm prints; not cut, since
// programs read it as well. Applied twice it changes nothing more.
std::string terminal_text(std::string_view text);

// Several lines for a terminal: LF, CR LF and TAB stay as they are.
std::string terminal_lines(std::string_view text);

// One line of a log, or one field of an event, up to max_log_text.
std::string log_text(std::string_view text);

// One line in the text of a mail that we write, up to max_mail_text or a number of bytes.
std::string mail_text(std::string_view text);
std::string mail_text(std::string_view text, std::size_t most);

// The same for the text of an HTML element or a quoted attribute of one.
std::string html_text(std::string_view text);
std::string html_text(std::string_view text, std::size_t most);

// The text of an LMTP or IMAP reply, up to max_reply_text. It does not begin with "[", where
// IMAP has its response codes.
std::string reply_text(std::string_view text);

// The value of one of our own header fields, which text_of_header() turns back into the
// same bytes: a backslash that would be taken for the beginning of \xNN is written so as
// well. Not folded and not cut.
std::string header_text(std::string_view text);
std::string text_of_header(std::string_view value);

// What may stand in a header field that others define: printable ASCII, everything else as
// \xNN, up to a number of bytes. Not quoted.
std::string header_ascii(std::string_view text, std::size_t most = max_mail_text);

// An address in such a field: as long as one may be (RFC 5321 section 4.5.3.1), and no more
// than a line holds.
inline constexpr std::size_t max_header_address = 900;

// A line of somebody else's header that goes into the text of a mail of ours: as it was, TAB
// included, up to max_header_line.
inline constexpr std::size_t max_header_line = 990;
std::string header_line(std::string_view line);

} // namespace smime

#endif
