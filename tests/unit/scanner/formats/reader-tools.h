// Gives content to a reader in pieces of several sizes, and says what it found.
#ifndef SMIME_READER_TOOLS_H
#define SMIME_READER_TOOLS_H

#include "scanner/inspection/inspection.h"
#include "tests/unit/test-tools.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace smime {

inline Bytes as_octets(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

// What a reader has to find inside of what it reads.
inline constexpr std::string_view hidden_message =
    "-----BEGIN PGP MESSAGE-----\r\n\r\nabcd\r\n-----END PGP MESSAGE-----\r\n";

using MakeReader = std::function<std::unique_ptr<ByteSink>(Inspection &, const Place &)>;

inline Report read_in_pieces(const MakeReader &make, std::string_view content, std::size_t piece,
                             const Limits &limits = {}) {
  Inspection inspection(limits, test_tools());
  Place place;
  place.path = "1";
  {
    auto reader = make(inspection, place);
    for (std::size_t at = 0; at < content.size(); at += piece)
      reader->feed(as_octets(content.substr(at, piece)));
    reader->finish();
  }
  return inspection.finish(content.size());
}

// Whether it is found however the content is cut, each time or never.
inline bool finds_message(const MakeReader &make, std::string_view content) {
  bool whole =
      read_in_pieces(make, content, content.size()).classes.has(MessageClass::pgp_encrypted);
  for (std::size_t piece : {1UL, 2UL, 7UL, 100UL}) {
    if (read_in_pieces(make, content, piece).classes.has(MessageClass::pgp_encrypted) != whole)
      return !whole;
  }
  return whole;
}

inline std::string le16_text(unsigned number) {
  return {static_cast<char>(number & 255U), static_cast<char>(number >> 8U & 255U)};
}

inline std::string le32_text(unsigned number) {
  return le16_text(number & 0xffffU) + le16_text(number >> 16U);
}

} // namespace smime

#endif
