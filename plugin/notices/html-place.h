// Where in HTML a text ends: between tags, or in something in which a value could be markup.
// No Dovecot header.
#ifndef SMIME_NOTICES_HTML_PLACE_H
#define SMIME_NOTICES_HTML_PLACE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace smime {

class HtmlPlace {
public:
  void read(std::string_view text);

  bool is_between_tags() const { return state_ == State::text; }
  // Behind href=" alone.
  bool is_link() const { return state_ == State::quoted && behind_ == "href=\""; }

private:
  enum class State : std::uint8_t { text, tag, quoted, comment, script };
  void take(char c);
  void end_tag();
  bool ends_with(std::string_view end) const { return std::string_view(behind_).ends_with(end); }

  State state_ = State::text;
  char quote_ = '"';
  // What stands behind the beginning of a tag, comment or value, as far as it is needed, in small
  // letters.
  std::string behind_;
  std::string tag_;
};

} // namespace smime

#endif
