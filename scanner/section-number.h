// IMAP section numbers (RFC 3501 section 6.4.5), one rule for scanner and
// plugin.
#ifndef SMIME_SECTION_NUMBER_H
#define SMIME_SECTION_NUMBER_H

#include <string>

namespace smime {

// The number of the index-th (from 1) child of the entity numbered parent. The
// message in a message/rfc822 part shares that part's number if it is a
// multipart.
inline std::string section_number(const std::string &parent, bool parent_is_message,
                                  unsigned index, bool multipart) {
  if (parent_is_message && multipart)
    return parent;
  return parent.empty() ? std::to_string(index) : parent + "." + std::to_string(index);
}

// The number of the message's own entity: none for a multipart.
inline std::string top_section_number(bool multipart) { return multipart ? "" : "1"; }

} // namespace smime

#endif
