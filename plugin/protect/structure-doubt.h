// Whether mail readers may see different parts in one message: where they do, nobody can say
// which bytes a reader takes for the signed part. Pure.
#ifndef SMIME_STRUCTURE_DOUBT_H
#define SMIME_STRUCTURE_DOUBT_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace smime {

// A Content-Type field as RFC 2045 has it, with nothing that readers are known to take in
// different ways: no comment, no parameter that is given twice or in pieces, a boundary that
// keeps to RFC 2046.
struct PlainContentType {
  // In lower case.
  std::string type;
  std::string subtype;
  // Without quotes; empty if there is none.
  std::string boundary;
};

// value: without line ends. Nullopt if it is anything else. Of what is no multipart only the
// media type counts.
std::optional<PlainContentType> parse_plain_content_type(std::string_view value);

// Content-Transfer-Encoding: whether the bytes are the content itself. value may be empty.
bool is_identity_encoding(std::string_view value);

// Longer lines of a header some readers cut.
inline constexpr std::size_t max_plain_header_line = 8192;

// One line of a header. name: up to the colon, white space included; value: what is behind it,
// or all of a continuation line. Whether every reader takes it for that line of that field.
bool is_plain_header_line(std::string_view name, std::string_view value, bool is_continuation);

// Looks at every line of a message that one reader or another may take for a delimiter: those
// that begin with one, or would if a CR alone ended the line before. Pieces may be of any size.
class DelimiterSearch {
public:
  // Declared by a multipart whose body begins at offset. False if another one has it.
  bool add(const std::string &boundary, std::uint64_t offset);
  bool empty() const { return boundaries_.empty(); }
  void update(std::span<const unsigned char> bytes);
  // Once all bytes were given: each line was a delimiter for all readers or for none, and each
  // multipart was closed.
  bool is_plain();

private:
  struct State {
    std::uint64_t body;
    bool is_closed = false;
  };

  static std::size_t next_of_interest(std::string_view text);
  void take(std::string_view text);
  void end_line(bool by_cr);
  void look_at(State &state, std::string_view rest, bool by_cr);

  std::map<std::string, State, std::less<>> boundaries_;
  std::set<std::size_t> lengths_;
  // Of the line that is being read, as much as counts; nothing if it is no delimiter.
  std::string line_;
  bool may_be_delimiter_ = true;
  std::uint64_t line_offset_ = 0;
  std::uint64_t offset_ = 0;
  bool behind_cr_ = false;
  bool pending_cr_ = false;
  bool is_plain_ = true;
};

// The lines of a message's header that tell its structure, whatever ends a line for a reader.
std::string structure_lines(std::string_view header);

} // namespace smime

#endif
