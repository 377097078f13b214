#include "scanner/content/encoded-text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace smime {
namespace {

// Every so many bytes it is looked whether there is a run. Words have a blank or a comma within
// so many.
constexpr std::size_t step = 512;
constexpr std::size_t sample = 32;
// How far back a run may have begun.
constexpr std::size_t most_back = 2 * step;
// What is searched at once.
constexpr std::size_t block = 16384;
// Three of them are no base64 for URLs, but a line around armor.
constexpr unsigned most_dashes = 2;

// Values of base64 and its form for URLs; line ends are looked past, others end a run.
constexpr unsigned char line_end = 64;
constexpr unsigned char other = 65;

constexpr std::array<unsigned char, 256> make_values() {
  std::array<unsigned char, 256> values{};
  for (unsigned char &value : values)
    value = other;
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < letters.size(); i++)
    values[static_cast<unsigned char>(letters[i])] = static_cast<unsigned char>(i);
  values['-'] = 62;
  values['_'] = 63;
  values['\r'] = values['\n'] = line_end;
  return values;
}
constexpr std::array<unsigned char, 256> values = make_values();

constexpr std::array<unsigned char, 256> make_digits() {
  std::array<unsigned char, 256> digits{};
  for (unsigned char &digit : digits)
    digit = other;
  for (unsigned i = 0; i < 16; i++) {
    digits[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<unsigned char>(i);
    digits[static_cast<unsigned char>("0123456789ABCDEF"[i])] = static_cast<unsigned char>(i);
  }
  digits['\r'] = digits['\n'] = line_end;
  return digits;
}
constexpr std::array<unsigned char, 256> digits = make_digits();

} // namespace

EncodedText::EncodedText(Inspection &inspection, const Place &place, UnreadPieces::Of of)
    : pieces_(inspection, place, of) {}

void EncodedText::feed(Bytes bytes) {
  while (!bytes.empty()) {
    if (in_run_) {
      bytes = take_run(bytes);
      continue;
    }
    std::size_t taken = std::min(bytes.size(), most_back + block - gathered_.size());
    gathered_.insert(gathered_.end(), bytes.begin(),
                     bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (gathered_.size() == most_back + block)
      search(gathered_);
  }
}

// Of what was gathered; keeps what a run may have begun in.
void EncodedText::search(Bytes bytes) {
  std::size_t at = searched_;
  while (at + sample <= bytes.size()) {
    std::size_t next = look_at(bytes, at);
    if (in_run_ && next == bytes.size()) {
      gathered_.clear();
      searched_ = 0;
      return;
    }
    at = next;
  }
  std::size_t kept = std::min(at, bytes.size());
  kept -= std::min(kept, most_back);
  gathered_.erase(gathered_.begin(), gathered_.begin() + static_cast<std::ptrdiff_t>(kept));
  searched_ = at - kept;
}

// Returns where to look next.
std::size_t EncodedText::look_at(Bytes bytes, std::size_t at) {
  // From the end, where it is more often seen that it is none.
  for (std::size_t i = sample; i > 0; i--)
    if (values[bytes[at + i - 1]] == other)
      return at + step;
  std::size_t first = first_of_run(bytes, at, at - std::min(at, most_back));
  Bytes run = bytes.subspan(first);
  Bytes seen = run.first(at + sample - first);
  is_hex_ =
      std::all_of(seen.begin(), seen.end(), [](unsigned char c) { return digits[c] != other; });
  in_run_ = true;
  bits_ = bit_count_ = dashes_ = 0;
  Bytes rest = take_run(run);
  return std::max(at + sample, bytes.size() - rest.size());
}

// What is in front of an empty line is none of the run, nor is a word in front of the first whole
// line.
std::size_t EncodedText::first_of_run(Bytes bytes, std::size_t at, std::size_t least) {
  std::size_t first = at;
  unsigned dashes_before = 0;
  while (first > least && values[bytes[first - 1]] != other && dashes_before <= most_dashes) {
    first--;
    dashes_before = bytes[first] == '-' ? dashes_before + 1 : 0;
  }
  if (dashes_before > most_dashes)
    first += dashes_before;
  auto is_end = [&](std::size_t i) { return values[bytes[i]] == line_end; };
  const std::size_t last = at + sample;
  for (std::size_t i = last - 1; i > first; i--) {
    bool is_empty =
        bytes[i] == '\n' &&
        (bytes[i - 1] == '\n' || (i - first > 1 && bytes[i - 1] == '\r' && bytes[i - 2] == '\n'));
    if (is_empty)
      first = i;
  }
  while (first < last && is_end(first))
    first++;
  std::size_t end = first;
  while (end < last && !is_end(end))
    end++;
  constexpr std::size_t letters_together = 4;
  if (end < last && (end - first) % letters_together != 0)
    first = end;
  return first;
}

// Returns what is behind it.
Bytes EncodedText::take_run(Bytes bytes) {
  const std::array<unsigned char, 256> &table = is_hex_ ? digits : values;
  unsigned width = is_hex_ ? 4 : 6;
  for (std::size_t i = 0; i < bytes.size(); i++) {
    unsigned char value = table[bytes[i]];
    dashes_ = bytes[i] == '-' ? dashes_ + 1 : 0;
    if (value == other || dashes_ > most_dashes) {
      end_run();
      return bytes.subspan(i);
    }
    if (value == line_end)
      continue;
    bits_ = bits_ << width | value;
    bit_count_ += width;
    if (bit_count_ >= 8) {
      bit_count_ -= 8;
      decoded_.push_back(static_cast<unsigned char>(bits_ >> bit_count_));
      bits_ &= 0xffU;
    }
    if (decoded_.size() >= block)
      flush();
  }
  return {};
}

void EncodedText::flush() {
  pieces_.feed(decoded_);
  decoded_.clear();
}

void EncodedText::end_run() {
  in_run_ = false;
  flush();
  pieces_.end_piece();
}

void EncodedText::finish() {
  if (!in_run_)
    search(gathered_);
  if (in_run_)
    end_run();
  pieces_.finish();
}

} // namespace smime
