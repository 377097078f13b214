#include "plugin/protect/structure-doubt.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace smime {
namespace {

// RFC 2046 section 5.1.1.
constexpr std::size_t max_boundary = 70;
// Of a line that may be a delimiter: its boundary, dashes, and the white space behind that
// gateways add.
constexpr std::size_t max_delimiter_line = 256;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_all_blank(std::string_view text) { return std::all_of(text.begin(), text.end(), is_blank); }

// RFC 2045 section 5.1.
bool is_token_character(char c) {
  return c > ' ' && c < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

bool is_boundary_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

bool is_plain_boundary(std::string_view boundary) {
  return !boundary.empty() && boundary.size() <= max_boundary && !boundary.ends_with(' ') &&
         !boundary.starts_with(' ') &&
         std::all_of(boundary.begin(), boundary.end(), is_boundary_character);
}

// Takes tokens, quoted strings and separators off a field's value.
class FieldReader {
public:
  explicit FieldReader(std::string_view text) : text_(text) {}

  void skip_blanks() {
    while (!text_.empty() && is_blank(text_.front()))
      text_.remove_prefix(1);
  }
  bool at_end() const { return text_.empty(); }
  bool take(char c) {
    if (!text_.starts_with(c))
      return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view token() {
    auto end = std::find_if_not(text_.begin(), text_.end(), is_token_character);
    std::string_view result = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(result.size());
    return result;
  }
  // Without its quotes; nullopt if it does not end, or has quoted pairs.
  std::optional<std::string_view> quoted() {
    auto end = text_.find('"');
    if (end == std::string_view::npos)
      return std::nullopt;
    std::string_view result = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return result.find('\\') == std::string_view::npos ? std::optional(result) : std::nullopt;
  }

private:
  std::string_view text_;
};

// Every parameter of a multipart. Nullopt if one is not plain.
bool read_parameters(FieldReader &reader, PlainContentType &result) {
  std::set<std::string> seen;
  for (;;) {
    reader.skip_blanks();
    if (reader.at_end())
      return true;
    if (!reader.take(';'))
      return false;
    reader.skip_blanks();
    // A semicolon at the end: usual, and no parameter to anyone.
    if (reader.at_end())
      return true;
    std::string name = lower(reader.token());
    // RFC 2231: "boundary*", "boundary*0" are the boundary to some readers only.
    if (name.empty() || name.starts_with("boundary*") || !seen.insert(name).second ||
        !reader.take('='))
      return false;
    std::optional<std::string_view> value =
        reader.take('"') ? reader.quoted() : std::optional(reader.token());
    if (!value || (name == "boundary" && !is_plain_boundary(*value)))
      return false;
    if (name == "boundary")
      result.boundary = *value;
  }
}

bool names_structure(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names{
      "content-type", "content-transfer-encoding", "content-disposition", "mime-version"};
  while (!name.empty() && is_blank(name.back()))
    name.remove_suffix(1);
  return std::find(names.begin(), names.end(), lower(name)) != names.end();
}

} // namespace

std::optional<PlainContentType> parse_plain_content_type(std::string_view value) {
  FieldReader reader(value);
  PlainContentType result;
  reader.skip_blanks();
  result.type = lower(reader.token());
  if (result.type.empty() || !reader.take('/'))
    return std::nullopt;
  result.subtype = lower(reader.token());
  reader.skip_blanks();
  bool ends_here = reader.at_end();
  FieldReader behind = reader;
  if (result.subtype.empty() || (!ends_here && !behind.take(';')))
    return std::nullopt;
  if (result.type != "multipart")
    return result;
  return read_parameters(reader, result) && !result.boundary.empty() ? std::optional(result)
                                                                     : std::nullopt;
}

bool is_identity_encoding(std::string_view value) {
  FieldReader reader(value);
  reader.skip_blanks();
  std::string encoding = lower(reader.token());
  reader.skip_blanks();
  return reader.at_end() &&
         (encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary");
}

bool is_plain_header_line(std::string_view name, std::string_view value, bool is_continuation) {
  bool is_text = std::all_of(value.begin(), value.end(),
                             [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
  if (!is_text || name.size() + value.size() > max_plain_header_line)
    return false;
  // Some take a line of white space for the header's end.
  if (is_continuation)
    return !is_all_blank(value);
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != ':';
  });
}

bool DelimiterSearch::add(const std::string &boundary, std::uint64_t offset) {
  lengths_.insert(boundary.size());
  return boundaries_.try_emplace(boundary, State{offset}).second;
}

// rest: what is behind the boundary in its line.
void DelimiterSearch::look_at(State &state, std::string_view rest, bool by_cr) {
  bool closes = rest.starts_with("--");
  if (closes)
    rest.remove_prefix(2);
  if (by_cr || behind_cr_ || state.is_closed || !is_all_blank(rest) ||
      line_.size() == max_delimiter_line)
    is_plain_ = false;
  state.is_closed = state.is_closed || closes;
}

// by_cr: by a CR without LF, which ends a line for some readers.
void DelimiterSearch::end_line(bool by_cr) {
  std::string_view line = line_;
  if (line.starts_with("--")) {
    line.remove_prefix(2);
    for (std::size_t length : lengths_) {
      if (length > line.size())
        break;
      auto found = boundaries_.find(line.substr(0, length));
      if (found != boundaries_.end() && line_offset_ >= found->second.body)
        look_at(found->second, line.substr(length), by_cr);
    }
  }
  line_.clear();
  may_be_delimiter_ = true;
  behind_cr_ = by_cr;
  line_offset_ = offset_;
}

// Takes what has no line end in it.
void DelimiterSearch::take(std::string_view text) {
  offset_ += text.size();
  if (!may_be_delimiter_)
    return;
  line_ += text.substr(0, max_delimiter_line - line_.size());
  may_be_delimiter_ = std::string_view("--").starts_with(std::string_view(line_).substr(0, 2));
  if (!may_be_delimiter_)
    line_.clear();
}

// Where in text, which begins within a line that is no delimiter, the line ends behind which a
// delimiter may stand; all of it if there is none.
std::size_t DelimiterSearch::next_of_interest(std::string_view text) {
  auto ends_line = [](char c) { return c == '\n' || c == '\r'; };
  for (auto at = text.find('-', 1); at != std::string_view::npos; at = text.find('-', at + 1)) {
    if (ends_line(text[at - 1]))
      return at - 1;
  }
  // What stands behind the last byte is not known yet.
  return ends_line(text.back()) ? text.size() - 1 : text.size();
}

void DelimiterSearch::update(std::span<const unsigned char> bytes) {
  std::string_view text = as_text(bytes);
  while (!text.empty() && is_plain_) {
    if (may_be_delimiter_ && !pending_cr_ && line_.empty() && text.front() != '-')
      may_be_delimiter_ = false;
    if (!may_be_delimiter_ && !pending_cr_) {
      std::size_t skipped = next_of_interest(text);
      offset_ += skipped;
      text.remove_prefix(skipped);
      if (text.empty())
        return;
    }
    if (std::exchange(pending_cr_, false)) {
      bool is_alone = text.front() != '\n';
      if (!is_alone) {
        text.remove_prefix(1);
        offset_++;
      }
      end_line(is_alone);
      continue;
    }
    std::string_view line = text.substr(0, text.find('\n'));
    line = line.substr(0, line.find('\r'));
    take(line);
    text.remove_prefix(line.size());
    if (text.empty())
      return;
    pending_cr_ = text.front() == '\r';
    text.remove_prefix(1);
    offset_++;
    if (!pending_cr_)
      end_line(false);
  }
}

bool DelimiterSearch::is_plain() {
  end_line(pending_cr_);
  return is_plain_ && std::all_of(boundaries_.begin(), boundaries_.end(),
                                  [](const auto &entry) { return entry.second.is_closed; });
}

std::string structure_lines(std::string_view header) {
  std::string result;
  bool continues = false;
  while (!header.empty()) {
    std::string_view line = header.substr(0, header.find_first_of("\r\n"));
    header.remove_prefix(std::min(header.size(), line.size() + 1));
    if (line.empty())
      continue;
    continues =
        is_blank(line.front()) ? continues : names_structure(line.substr(0, line.find(':')));
    if (continues)
      result.append(line).append("\n");
  }
  return result;
}

} // namespace smime
