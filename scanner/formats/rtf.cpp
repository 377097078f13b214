#include "scanner/formats/rtf.h"

#include "common/ascii.h"
#include "scanner/formats/ole-object.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace smime {
namespace {

constexpr std::size_t max_word = 32;
// Readers end where braces nest deeper than they are; we only count.
constexpr unsigned no_depth = 0;

int hex_value(unsigned char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20U;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_letter(unsigned char c) { return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z'; }

class RtfReader : public ByteSink {
public:
  RtfReader(Inspection &inspection, const Place &place) : inspection_(inspection), place_(place) {}

  void feed(Bytes bytes) override;
  void finish() override { end_object(); }

private:
  enum class State : unsigned char { text, backslash, word, number, quoted };

  void take(unsigned char c);
  void take_text(unsigned char c);
  void take_after_backslash(unsigned char c);
  void end_word(unsigned char c);
  Bytes take_binary(Bytes bytes);
  void add(unsigned char byte);
  void flush();
  void end_object();
  bool in_object() const { return object_ != nullptr && ignored_depth_ == no_depth; }

  Inspection &inspection_;
  Place place_;
  State state_ = State::text;
  std::string word_;
  std::uint64_t number_ = 0;
  unsigned quoted_left_ = 0;
  std::uint64_t binary_left_ = 0;
  std::uint64_t depth_ = 0;
  // The group that is the object, and one inside that readers skip.
  std::uint64_t object_depth_ = no_depth;
  std::uint64_t ignored_depth_ = no_depth;
  std::unique_ptr<OleObject> object_;
  std::vector<unsigned char> decoded_;
  int high_ = -1;
};

void RtfReader::feed(Bytes bytes) {
  while (!bytes.empty() && !inspection_.stopped()) {
    if (binary_left_ > 0) {
      bytes = take_binary(bytes);
      continue;
    }
    take(bytes.front());
    bytes = bytes.subspan(1);
  }
  flush();
}

// Data behind \bin, which may hold any byte.
Bytes RtfReader::take_binary(Bytes bytes) {
  auto size = static_cast<std::size_t>(std::min<std::uint64_t>(binary_left_, bytes.size()));
  if (in_object()) {
    flush();
    object_->feed(bytes.first(size));
  }
  binary_left_ -= size;
  return bytes.subspan(size);
}

void RtfReader::take(unsigned char c) {
  switch (state_) {
  case State::text: take_text(c); break;
  case State::backslash: take_after_backslash(c); break;
  case State::word:
    if (is_letter(c)) {
      if (word_.size() < max_word)
        word_ += static_cast<char>(c);
    } else if (c >= '0' && c <= '9') {
      state_ = State::number;
      number_ = c - '0';
    } else if (c != '-') {
      end_word(c);
    }
    break;
  case State::number:
    if (c >= '0' && c <= '9')
      number_ = std::min<std::uint64_t>(number_ * 10 + (c - '0'), 0x7fffffff);
    else
      end_word(c);
    break;
  case State::quoted:
    if (--quoted_left_ == 0)
      state_ = State::text;
    break;
  }
}

void RtfReader::take_text(unsigned char c) {
  if (c == '\\') {
    state_ = State::backslash;
  } else if (c == '{') {
    depth_++;
  } else if (c == '}') {
    if (object_ != nullptr && depth_ <= object_depth_)
      end_object();
    if (ignored_depth_ != no_depth && depth_ <= ignored_depth_)
      ignored_depth_ = no_depth;
    depth_ -= depth_ > 0 ? 1 : 0;
  } else if (in_object() && hex_value(c) >= 0) {
    if (high_ < 0) {
      high_ = hex_value(c);
    } else {
      add(static_cast<unsigned char>(high_ << 4 | hex_value(c)));
      high_ = -1;
    }
  }
}

void RtfReader::take_after_backslash(unsigned char c) {
  if (is_letter(c)) {
    state_ = State::word;
    word_.assign(1, static_cast<char>(c));
    number_ = 0;
    return;
  }
  state_ = State::text;
  if (c == '\'') {
    state_ = State::quoted;
    quoted_left_ = 2;
  } else if (c == '*' && object_ != nullptr && depth_ > object_depth_ &&
             ignored_depth_ == no_depth) {
    ignored_depth_ = depth_;
  }
}

// A word ends at a space, which belongs to it, or at anything else, which does not.
void RtfReader::end_word(unsigned char c) {
  state_ = State::text;
  if (word_ == "objdata") {
    end_object();
    object_ = std::make_unique<OleObject>(inspection_, place_);
    object_depth_ = depth_;
  } else if (word_ == "bin") {
    binary_left_ = number_;
  }
  if (c != ' ' && binary_left_ > 0) {
    // It is the first of the data, as readers that want no space have it.
    unsigned char byte = c;
    (void)take_binary({&byte, 1});
  } else if (c != ' ') {
    take_text(c);
  }
}

void RtfReader::add(unsigned char byte) {
  constexpr std::size_t piece = 4096;
  decoded_.push_back(byte);
  if (decoded_.size() >= piece)
    flush();
}

void RtfReader::flush() {
  if (object_ != nullptr && !decoded_.empty())
    object_->feed(decoded_);
  decoded_.clear();
}

void RtfReader::end_object() {
  flush();
  if (object_ != nullptr)
    object_->finish();
  object_.reset();
  object_depth_ = ignored_depth_ = no_depth;
  high_ = -1;
}

} // namespace

bool is_rtf(Bytes prefix) {
  static constexpr std::string_view signature = "{\\rt";
  std::string_view text = as_text(prefix);
  text.remove_prefix(std::min(text.size(), text.find_first_not_of("\xef\xbb\xbf \t\r\n")));
  return text.starts_with(signature);
}

std::unique_ptr<ByteSink> make_rtf_reader(Inspection &inspection, const Place &place) {
  return std::make_unique<RtfReader>(inspection, place);
}

} // namespace smime
