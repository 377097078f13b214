// What a message has inside, for people who have to judge it: its header, and its parts with what
// they say. Made by "smime-scanner --inspect --parts", behind the report and bounded by itself.
#ifndef SMIME_INSIDE_H
#define SMIME_INSIDE_H

#include "common/report.h"

namespace smime {

// What is shown, in bytes of UTF-8: of one part and of all, the text and the HTML.
inline constexpr std::size_t max_part_text = 64UL * 1024;
inline constexpr std::size_t max_part_texts = 256UL * 1024;
inline constexpr std::size_t max_part_html = 128UL * 1024;
inline constexpr std::size_t max_part_htmls = 256UL * 1024;
// Fields of the outermost header, and of each the bytes of its value.
inline constexpr std::size_t max_header_fields = 500;
inline constexpr std::size_t max_field_value = 16UL * 1024;
// Of the JSON of all parts, and of the header.
inline constexpr std::size_t max_parts_size = 4UL * 1024 * 1024;
inline constexpr std::size_t max_header_size = 512UL * 1024;

// What became of a part of the message, or of a file in one.
struct PartState {
  std::string path;
  std::string name;
  std::string type;
  // Of the scanner's table of kinds, or "unrecognised".
  std::string kind;
  // "read" (as it is, by a virus scanner), "opened" (what is in it are parts of their own),
  // "named" (in uninspectable) or "cut" (by a bound).
  std::string state;
  // Who read or opened it, or the reason.
  std::string by;
};

// A part, and a file in one. type is what it is by its bytes, where these tell.
struct InsidePart : PartState {
  // Its place among the parts, in the order in which they begin.
  std::uint64_t number = 0;
  // The media type of its label, where it has one.
  std::string declared;
  // Of the decoded bytes, if all of them were there to be read; the digest in hex.
  std::optional<std::uint64_t> size;
  std::string sha256;
  // With "--text" and "--html", in UTF-8: what it says, and its HTML as it is.
  std::string charset;
  std::optional<std::string> text;
  bool text_cut = false;
  std::optional<std::string> html;
  bool html_cut = false;
};

// A field of the outermost header, decoded.
struct HeaderField {
  std::string name;
  std::string value;
};

struct Inside {
  // At most max_header_fields; and how many there are more.
  std::vector<HeaderField> header;
  std::uint64_t header_dropped = 0;
  // At most as many as max_parts lets be found.
  std::vector<InsidePart> parts;
};

// The report's JSON with what is inside: on one line, ASCII. What has no room is left out and
// counted in "headers_dropped" and "parts_dropped".
std::string to_json(const Report &report, const Inside &inside);

// Each list by itself, of what has room.
std::string headers_to_json(const Inside &inside);
std::string parts_to_json(const Inside &inside);

// Reads what to_json() wrote of the inside. The text may come from a scanner that was taken over:
// what is not of the right kind is left out, and what is longer than its bound is cut. Returns
// nullopt and sets error if it is no JSON object.
std::optional<Inside> inside_from_json(std::string_view text, std::string &error);

} // namespace smime

#endif
