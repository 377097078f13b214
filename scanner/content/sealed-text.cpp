#include "scanner/content/sealed-text.h"

#include "common/ascii.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace smime {
namespace {

constexpr std::size_t enough_to_tell = 64;
constexpr std::size_t longest_word = 64;
// A header, a key or none, a vector, something, and a tag.
constexpr unsigned dots_of_word = 4;
constexpr std::uint64_t least_letters = 60;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '_';
}

bool has(std::string_view text, std::string_view word) {
  return memmem(text.data(), text.size(), word.data(), word.size()) != nullptr;
}

std::string_view without_front(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  return text;
}

} // namespace

void SealedText::feed(Bytes bytes) {
  std::string_view text = as_text(bytes);
  std::string joined;
  if (as_ == As::unknown) {
    first_ += text.substr(0, 2 * enough_to_tell);
    if (without_front(first_).size() < enough_to_tell && first_.size() < 2 * enough_to_tell)
      return;
    joined = std::exchange(first_, {});
    joined += text.substr(std::min<std::size_t>(text.size(), 2 * enough_to_tell));
    first_ = without_front(joined).substr(0, enough_to_tell);
    begin();
    text = without_front(joined);
  }
  if (as_ == As::word)
    take_word(text);
  else if (!missing_.empty())
    search(text);
}

void SealedText::begin() {
  std::string_view text = first_;
  as_ = As::other;
  if (text.starts_with("eyJ")) {
    as_ = As::word;
  } else if (text.starts_with('{')) {
    as_ = As::json;
    missing_ = {"\"ciphertext\"", "\"tag\"", "\"iv\""};
  } else if (text.starts_with('<') && !begins_ignoring_case(text, "<!doctype html") &&
             !begins_ignoring_case(text, "<html")) {
    as_ = As::xml;
    missing_ = {"http://www.w3.org/2001/04/xmlenc#", "CipherData>", "EncryptedData"};
  }
}

void SealedText::take_word(std::string_view text) {
  for (char c : text) {
    dots_ += c == '.' ? 1 : 0;
    letters_ += is_letter(c) ? 1 : 0;
    if (c != '.' && !is_letter(c) && !is_space(c))
      as_ = As::other;
  }
}

void SealedText::search(std::string_view text) {
  last_ += text.substr(0, longest_word);
  std::erase_if(missing_,
                [&](std::string_view word) { return has(last_, word) || has(text, word); });
  if (text.size() > longest_word)
    last_ = text.substr(text.size() - longest_word);
  else
    last_.erase(0, last_.size() - std::min(last_.size(), longest_word));
}

bool SealedText::found() const {
  if (as_ == As::word)
    return dots_ == dots_of_word && letters_ >= least_letters;
  return (as_ == As::json || as_ == As::xml) && missing_.empty();
}

} // namespace smime
