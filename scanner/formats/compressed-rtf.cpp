#include "scanner/formats/compressed-rtf.h"

#include "scanner/base/little-endian.h"

#include <algorithm>
#include <string_view>

namespace smime {
namespace {

constexpr std::uint32_t compressed = 0x75465a4c;     // LZFu
constexpr std::uint32_t not_compressed = 0x414c454d; // MELA

// What the dictionary begins with (section 2.1.2.1).
constexpr std::string_view first_words =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
static_assert(first_words.size() == 207);

} // namespace

CompressedRtf::CompressedRtf(ByteSink &text) : text_(text) {
  std::copy(first_words.begin(), first_words.end(), dictionary_.begin());
  at_ = first_words.size();
}

void CompressedRtf::feed(Bytes bytes) {
  for (unsigned char byte : bytes)
    take(byte);
  text_.feed(output_);
  output_.clear();
}

void CompressedRtf::take(unsigned char byte) {
  switch (state_) {
  case State::header: take_header(byte); break;
  case State::plain: output_.push_back(byte); break;
  case State::control:
    control_ = byte;
    items_ = 0;
    begin_item();
    break;
  case State::item: // a letter, or the first half of a reference
    if ((control_ >> items_ & 1U) == 0) {
      put(byte);
      end_item();
    } else {
      high_ = byte;
      state_ = State::reference;
    }
    break;
  case State::reference: copy(static_cast<unsigned>(high_) << 8U | byte); break;
  case State::ended:
  case State::unknown: break;
  }
}

void CompressedRtf::take_header(unsigned char byte) {
  constexpr std::size_t type_at = 8;
  header_[header_filled_++] = byte;
  if (header_filled_ < header_size)
    return;
  std::uint32_t type = le32(&header_[type_at]);
  state_ = type == compressed       ? State::control
           : type == not_compressed ? State::plain
                                    : State::unknown;
}

void CompressedRtf::begin_item() {
  constexpr unsigned items = 8;
  state_ = items_ == items ? State::control : State::item;
}

void CompressedRtf::end_item() {
  items_++;
  begin_item();
}

void CompressedRtf::put(unsigned char byte) {
  output_.push_back(byte);
  dictionary_[at_] = byte;
  at_ = (at_ + 1) % dictionary_size;
}

// Where in the dictionary, and how much; a reference to where is written next ends the text.
void CompressedRtf::copy(unsigned reference) {
  std::size_t from = reference >> 4U;
  unsigned length = (reference & 15U) + 2;
  if (from == at_) {
    state_ = State::ended;
    return;
  }
  for (unsigned i = 0; i < length; i++)
    put(dictionary_[(from + i) % dictionary_size]);
  end_item();
}

} // namespace smime
