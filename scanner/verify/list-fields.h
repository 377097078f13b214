// Mailing lists that put an address of their own into From (for DMARC): what their fields say of
// the list and of the author. Any sender can write these fields, so they never verify anything;
// they tell a list's work from a forgery.
#ifndef SMIME_LIST_FIELDS_H
#define SMIME_LIST_FIELDS_H

#include "common/byte-sink.h"

#include <string>
#include <string_view>
#include <vector>

namespace smime {

struct ListFields {
  // "list@lists.example.org" of List-Post (RFC 2369), "list.lists.example.org" of List-Id
  // (RFC 2919), in small letters.
  std::vector<std::string> lists;
  // Addresses where lists leave the author's: Reply-To, Cc, Author (RFC 9057), and three that
  // list servers write.
  std::vector<std::string> authors;

  static constexpr std::size_t max_lists = 8;
  static constexpr std::size_t max_authors = 64;

  static bool wants(std::string_view name);
  // One whole field.
  void add(std::string_view name, Bytes value);

  // Whether from is the list's own address and author is named beside it, or from is author's
  // address as lists write it into one of theirs (alice=40example.org@dmarc.example.net).
  bool rewrote(std::string_view from, std::string_view author) const;
};

} // namespace smime

#endif
