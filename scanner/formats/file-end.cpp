#include "scanner/formats/file-end.h"

#include <algorithm>
#include <string>

namespace smime {

Bytes FileEnd::feed_piece(Bytes bytes) {
  auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(unread_, bytes.size()));
  unread_ -= taken;
  begin_piece(bytes.first(taken));
  if (unread_ == 0 && !piece_goes_on_)
    end_piece();
  return bytes.subspan(taken);
}

Bytes FileEnd::feed(Bytes bytes) {
  while (!bytes.empty()) {
    ended_ = ended_ || (ends_ && to_skip_ == 0 && unread_ == 0);
    if (ended_)
      return bytes;
    if (unread_ > 0) {
      bytes = feed_piece(bytes);
    } else if (to_skip_ > 0) {
      auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(to_skip_, bytes.size()));
      to_skip_ -= skipped;
      bytes = bytes.subspan(skipped);
    } else if (searching_) {
      bytes = bytes.subspan(search(bytes));
    } else {
      std::size_t taken = std::min(bytes.size(), wanted_ - filled_);
      std::copy_n(bytes.begin(), taken, element_ + filled_);
      filled_ += taken;
      bytes = bytes.subspan(taken);
      if (filled_ == wanted_) {
        element_size_ = wanted_;
        read({element_, element_size_});
        filled_ = kept_;
        kept_ = 0;
      }
    }
  }
  return {};
}

bool FileEnd::is_name(Bytes bytes) {
  auto is_first = [](unsigned char c) {
    return c == 0xa9 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return is_first(bytes.front()) &&
         std::all_of(bytes.begin() + 1, bytes.end(),
                     [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

namespace {

// Rich Text Format 1.9.1: the brace that closes the first one. Binary data have their length in
// front (\bin).
class RtfEnd : public FileEnd {
public:
  RtfEnd() { begin_search(); }

private:
  enum class State : unsigned char { text, backslash, word, number };

  void read(Bytes) override {}

  std::size_t search(Bytes bytes) override {
    for (std::size_t at = 0; at < bytes.size(); at++) {
      if (take(bytes[at]))
        return at + 1;
    }
    return bytes.size();
  }

  // True if the search pauses behind it.
  bool take(unsigned char c) {
    bool is_letter = (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z';
    bool is_digit = c >= '0' && c <= '9';
    if (state_ == State::backslash) {
      word_.assign(1, static_cast<char>(c));
      state_ = is_letter ? State::word : State::text;
      return false;
    }
    if (state_ == State::word && is_letter) {
      if (word_.size() < 4)
        word_ += static_cast<char>(c);
      return false;
    }
    if ((state_ == State::word || state_ == State::number) && is_digit) {
      number_ = state_ == State::word ? 0 : number_;
      number_ = std::min<std::uint64_t>(number_ * 10 + (c - '0'), INT32_MAX);
      state_ = State::number;
      return false;
    }
    bool is_binary = state_ == State::number && word_ == "bin";
    state_ = State::text;
    if (is_binary && number_ > 0) {
      // A blank ends the word; anything else is the first byte.
      skip(c == ' ' ? number_ : number_ - 1);
      return true;
    }
    return take_text(c);
  }

  bool take_text(unsigned char c) {
    if (c == '\\')
      state_ = State::backslash;
    else if (c == '{')
      depth_++;
    else if (c == '}' && depth_ > 0 && --depth_ == 0)
      end();
    return c == '}' && depth_ == 0;
  }

  State state_ = State::text;
  std::string word_;
  std::uint64_t number_ = 0;
  std::uint64_t depth_ = 0;
};

} // namespace

std::unique_ptr<FileEnd> rtf_end() { return std::make_unique<RtfEnd>(); }

} // namespace smime
