// A Content-Type field as lenient readers take it, beside lib-mail's own reading (RFC 2045
// section 5.1, RFC 2231): mail clients find a multipart where the field is not what the RFCs
// have, and each in a way of its own.
#ifndef SMIME_CONTENT_TYPE_H
#define SMIME_CONTENT_TYPE_H

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {

struct LooseType {
  // In small letters; empty if there is none.
  std::string type;
  // Names in small letters, values without quotes and escapes; the forms of RFC 2231 are put
  // together. What has no value is left out.
  std::vector<std::pair<std::string, std::string>> parameters;
  // Every boundary that some reader may take, without doubles, at most max_boundaries.
  std::vector<std::string> boundaries;
  // The field says boundary more than once, and not the same.
  bool contradicting = false;
  // A boundary is longer than any that is kept, or ends in blanks, which readers treat
  // differently.
  bool odd = false;

  bool is_multipart() const { return type.starts_with("multipart/"); }
  std::string first_boundary() const { return boundaries.empty() ? "" : boundaries.front(); }
};

inline constexpr std::size_t max_boundaries = 4;
// Of a boundary; RFC 2046 section 5.1.1 allows 70.
inline constexpr std::size_t max_kept_boundary = 1000;

// Of the field's value, which may be folded.
LooseType read_loosely(std::string_view value);

// The field that says the same to every reader, with its line end. No boundary if it is
// empty.
std::string plain_field(const LooseType &read, std::string_view boundary);

// A file name in clear: one in the form of RFC 2231 (charset'language'with%20escapes), if
// extended, or with encoded words (RFC 2047). Bytes of the charset stay as they are.
std::string decoded_name(std::string_view value, bool extended);

} // namespace smime

#endif
