#include "scanner/formats/pdf-skim.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

using namespace std::string_view_literals;

// Longer than any word that is looked for, with what follows it.
constexpr std::size_t longest = 32;
constexpr std::size_t piece_size = 16384;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

// The key /EF (ISO 32000-2 table 43). Letters of a name may be written as numbers.
constexpr std::array keys{"/EF"sv, "/#45F"sv, "/E#46"sv, "/#45#46"sv};
constexpr std::size_t longest_key = 7;

// And a dictionary, or a reference to one, as its value.
bool begins_with_files(std::string_view text) {
  for (std::string_view name : keys) {
    if (!text.starts_with(name))
      continue;
    std::string_view value = text.substr(name.size());
    while (!value.empty() && is_space(value.front()))
      value.remove_prefix(1);
    if (value.starts_with("<<"))
      return true;
    std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
    return digits > 0 && digits < value.size() && is_space(value[digits]);
  }
  return false;
}

} // namespace

void PdfFileKey::search(std::string_view text) {
  for (auto at = text.find('/'); at != std::string_view::npos && !found_;
       at = text.find('/', at + 1)) {
    std::string_view here = text.substr(at, longest_key);
    found_ = std::any_of(keys.begin(), keys.end(),
                         [&](std::string_view key) { return here.starts_with(key); });
  }
}

void PdfFileKey::feed(std::string_view text) {
  if (found_)
    return;
  // A key may straddle two pieces.
  search(last_.append(text.substr(0, longest_key)));
  search(text);
  std::string_view end = text.substr(text.size() - std::min(text.size(), longest_key - 1));
  last_.erase(0, last_.size() - std::min(last_.size(), longest_key - 1));
  if (text.size() >= longest_key - 1)
    last_ = end;
}

void PdfSkim::feed(Bytes bytes) {
  while (!bytes.empty() && !may_have_files_ && !inspection_.stopped())
    bytes = inflating_ ? inflate_some(bytes) : search(bytes);
}

// Up to the beginning of the next object stream; returns what is behind it.
Bytes PdfSkim::search(Bytes bytes) {
  Bytes piece = bytes.first(std::min(bytes.size(), piece_size));
  text_.append(piece.begin(), piece.end());
  std::string_view text = text_;
  std::size_t at = 0;
  for (at = text.find_first_of("/s"); at != std::string_view::npos && at + longest <= text.size();
       at = text.find_first_of("/s", at + 1)) {
    if (!look_at(text.substr(at)))
      continue;
    // It may begin in what was kept.
    std::string data = text_.substr(text.find('\n', at) + 1);
    text_.clear();
    begin_inflating();
    Bytes rest = inflate_some(as_bytes(data));
    return bytes.subspan(piece.size() - std::min(piece.size(), rest.size()));
  }
  text_.erase(0, text.size() - std::min(text.size(), longest));
  return bytes.subspan(piece.size());
}

// Whether the data of an object stream begin in the next line.
bool PdfSkim::look_at(std::string_view text) {
  may_have_files_ = may_have_files_ || begins_with_files(text);
  if (text.starts_with("/ObjStm"))
    is_object_stream_ = true;
  return is_object_stream_ && (text.starts_with("stream\r\n") || text.starts_with("stream\n"));
}

void PdfSkim::begin_inflating() {
  is_object_stream_ = false;
  stream_ = {};
  inflated_.clear();
  inflating_ = inflateInit(&stream_) == Z_OK;
  may_have_files_ = may_have_files_ || !inflating_;
}

Bytes PdfSkim::inflate_some(Bytes bytes) {
  std::array<unsigned char, piece_size> output{};
  stream_.next_in = const_cast<unsigned char *>(bytes.data());
  stream_.avail_in = static_cast<unsigned>(bytes.size());
  int result = Z_OK;
  do {
    stream_.next_out = output.data();
    stream_.avail_out = static_cast<unsigned>(output.size());
    result = inflate(&stream_, Z_NO_FLUSH);
    std::size_t size = output.size() - stream_.avail_out;
    if (!inspection_.count_expanded(place_, size) || !inspection_.in_time(place_))
      return {};
    inflated_.append(reinterpret_cast<const char *>(output.data()), size);
    std::string_view text = inflated_;
    for (auto at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1))
      may_have_files_ = may_have_files_ || begins_with_files(text.substr(at));
    inflated_.erase(0, text.size() - std::min(text.size(), longest));
  } while (result == Z_OK && stream_.avail_out == 0);
  Bytes rest = bytes.last(stream_.avail_in);
  // Another filter, or encrypted.
  may_have_files_ =
      may_have_files_ || (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR);
  if (result == Z_STREAM_END)
    end_inflating();
  return rest;
}

void PdfSkim::end_inflating() {
  if (inflating_)
    (void)inflateEnd(&stream_);
  inflating_ = false;
}

} // namespace smime
