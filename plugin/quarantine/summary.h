// The lines in which a person sees what is held, and the beginnings of ids by which he
// names it. No Dovecot header.
#ifndef SMIME_QUARANTINE_SUMMARY_H
#define SMIME_QUARANTINE_SUMMARY_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smime {

// What the header of a held message says, decoded; empty where it says nothing.
struct HeldHeader {
  std::string subject;
  // As it is shown, and its first address alone.
  std::string from;
  std::string from_address;
};

// One row of the list.
struct HeldRow {
  std::string id;
  std::string time;
  std::string user;
  std::string from;
  std::string to;
  // Class names, separated by blanks.
  std::string classes;
  std::string reason;
  std::string subject;
  std::string header_from;
  std::string header_from_address;
  std::uint64_t size = 0;
  // Who asked for it; empty: nobody.
  std::string requested_by = {};
  // What became of it, and by whom; empty or a state of what is held: nothing yet.
  std::string state = {};
  std::string who = {};
};

// Columns of a terminal that a line takes, at most.
inline constexpr std::size_t summary_width = 80;

// The line above the others.
std::string summary_title();

// "8a1f03c2 11-29 02:44  1.2K alice          a@b                  encrypted": id, when (in
// UTC; a date where it is long ago), size of the original, owner, envelope sender, why. Every
// text is made harmless and cut, so that the columns stand below each other.
std::string summary_of(const HeldRow &row, std::int64_t now);

// What stands below it: the subject; the header's From where it is another than the envelope's
// sender; the recipient where that is not the owner's name or address.
std::string about_text(const HeldRow &row);

// Exactly so many columns of a terminal: made harmless, filled up with blanks or cut, with
// "..." in place of the rest.
std::string fit_columns(std::string_view text, std::size_t columns, bool right = false);

// "934", "1.2K", "56M"
std::string short_size(std::uint64_t bytes);

// How many digits of an id the lines show, and with how many one can be named.
inline constexpr std::size_t short_id = 8;
inline constexpr std::size_t min_id_prefix = 4;

// A whole id or the beginning of one, in lower case.
bool may_name_id(std::string_view text);

} // namespace smime

#endif
