// The headers that every answer has, so that a browser keeps what it shows apart from all else. No
// Dovecot header.
#ifndef SMIME_DESK_HEADERS_H
#define SMIME_DESK_HEADERS_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace smime::desk {

enum class Content : std::uint8_t {
  // Pages, files and JSON of our own; and bytes of a mail, which are to be saved.
  own,
  // HTML of a mail, in a frame of our page: no script, no form, nothing from elsewhere.
  mail_html,
};

std::vector<std::pair<std::string, std::string>> security_headers(Content content, bool html_view,
                                                                  bool secure);

} // namespace smime::desk

#endif
