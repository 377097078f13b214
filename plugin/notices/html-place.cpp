#include "plugin/notices/html-place.h"

#include "common/ascii.h"

namespace smime {
namespace {

// More of it is not looked at.
constexpr std::size_t enough = 16;

} // namespace

void HtmlPlace::read(std::string_view text) {
  for (char c : text)
    take(lower(c));
}

void HtmlPlace::end_tag() {
  bool opaque = tag_ == "script" || tag_ == "style";
  state_ = opaque ? State::script : State::text;
  behind_.clear();
}

void HtmlPlace::take(char c) {
  if (state_ == State::text) {
    if (c == '<') {
      state_ = State::tag;
      behind_.clear();
      tag_.clear();
    }
    return;
  }
  behind_ += c;
  if (behind_.size() > enough)
    behind_.erase(0, 1);
  bool is_name = (c >= 'a' && c <= 'z') || c == '!' || c == '-' || (c == '/' && tag_.empty());
  switch (state_) {
  case State::tag:
    if (c == '>')
      return end_tag();
    if (c == '"' || c == '\'') {
      state_ = State::quoted;
      quote_ = c;
      // The attribute's name, and the quote.
      behind_.erase(0, behind_.find_last_of(" \t\r\n") + 1);
      return;
    }
    if (is_name && behind_.size() == tag_.size() + 1)
      tag_ += c;
    if (tag_ == "!--")
      state_ = State::comment;
    return;
  case State::quoted:
    if (c == quote_)
      state_ = State::tag;
    return;
  case State::comment:
    if (ends_with("-->"))
      state_ = State::text;
    return;
  case State::script:
    // Its end tag is read as any other.
    if (ends_with(tag_) && behind_.size() > tag_.size() + 1 &&
        behind_.compare(behind_.size() - tag_.size() - 2, 2, "</") == 0) {
      state_ = State::tag;
      tag_.assign(1, '/');
    }
    return;
  case State::text: return;
  }
}

} // namespace smime
