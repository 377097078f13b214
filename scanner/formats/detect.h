// What a piece of content is, by its first bytes.
#ifndef SMIME_DETECT_H
#define SMIME_DETECT_H

#include "common/byte-sink.h"
#include "scanner/formats/kinds.h"

#include <memory>
#include <string>
#include <string_view>

struct magic_set;

namespace smime {

struct Detected {
  // Null if no kind fits.
  const KindRow *kind = nullptr;
  // libmagic's media type; empty if neither it nor we know one.
  std::string type;
  // libmagic's words for people, where no kind and no type was found; "data" if it has none.
  std::string words;
};

class Detector {
public:
  // Loads libmagic's database. Returns null with error set if that fails.
  static std::unique_ptr<Detector> create(std::string &error);
  ~Detector();
  Detector(const Detector &) = delete;
  Detector &operator=(const Detector &) = delete;

  Detected detect(Bytes prefix) const;

private:
  std::string describe(Bytes prefix) const;
  explicit Detector(magic_set *magic) : magic_(magic) {}
  magic_set *magic_;
};

// A PDF header; where the label says otherwise, only at the very beginning.
bool has_pdf_header(Bytes prefix, bool labelled_text);

// No bytes that text does not have.
bool looks_like_text(Bytes prefix);

// A header field, or the empty line of an entity without any.
bool looks_like_entity(Bytes prefix);

// What stands before the message in a file that keeps one: a byte order mark, empty lines,
// the line with which Apple's .emlx begins, that of MMDF.
std::size_t before_mail(Bytes prefix);

// The beginning of a whole message, such as an .eml file or an mbox: fields that mail has, as
// far as the prefix goes, or MIME fields among it. Needs max_type_prefix bytes.
bool looks_like_mail(Bytes prefix);

// The line that stands in front of each message in MMDF's files, and behind it.
inline constexpr std::string_view mmdf_line = "\1\1\1\1\n";

// Mail in UTF-16, with or without a byte order mark.
bool looks_like_wide_mail(Bytes prefix);

// The "From " line of an mbox file.
bool looks_like_mbox(Bytes prefix);

} // namespace smime

#endif
