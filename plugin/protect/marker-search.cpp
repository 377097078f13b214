#include "plugin/protect/marker-search.h"

#include "common/ascii.h"
#include "common/mime-labels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <strings.h>

namespace smime {
namespace {

// A marker is found by a character that is rare in base64.
struct Marker {
  std::string_view word;
  std::size_t anchor;
  bool is_label = true;
};

constexpr std::array<Marker, 17> markers{{
    {cms_word, 5},
    {"/pgp-", 4},
    {"-BEGIN PGP ", 0},
    {"multipart/signed", 9},
    {"multipart/encrypted", 9},
    {".p7", 2},
    // White space and comments may be in a media type, and a file name in pieces (RFC 2231).
    {"multipart/ ", 9},
    {"multipart/\t", 9},
    {"multipart/\r", 9},
    {"multipart/\n", 9},
    {"multipart/(", 9},
    {"name*0", 4},
    {"/signed", 0},
    {"/encrypted", 0},
    {"/ signed", 0},
    {"/ encrypted", 0},
    {"message/", 7, false},
}};

constexpr std::size_t longest = 19;

// Letters of both cases are one; other characters of the table stay apart.
constexpr unsigned char folded(char c) { return static_cast<unsigned char>(c) | 0x20U; }

bool is_at(std::string_view text, std::size_t anchor_at, const Marker &marker) {
  if (anchor_at < marker.anchor)
    return false;
  std::string_view there = text.substr(anchor_at - marker.anchor, marker.word.size());
  // Base64 has the anchors "/" and "7" all the time: one character beside it ends most of these.
  std::size_t beside = marker.anchor > 0 ? marker.anchor - 1 : 1;
  return there.size() == marker.word.size() &&
         folded(there[beside]) == folded(marker.word[beside]) &&
         strncasecmp(there.data(), marker.word.data(), there.size()) == 0;
}

enum class Found : unsigned char { nothing, marker, label };

Found find_marker(std::string_view text, char anchor) {
  Found found = Found::nothing;
  for (auto at = text.find(anchor); at != std::string_view::npos; at = text.find(anchor, at + 1)) {
    for (const Marker &marker : markers) {
      if (marker.word[marker.anchor] != anchor || !is_at(text, at, marker))
        continue;
      if (marker.is_label)
        return Found::label;
      found = Found::marker;
    }
  }
  return found;
}

} // namespace

void MarkerSearch::search(std::string_view text) {
  for (char anchor : {'-', '/', '7', '*'}) {
    if (found_label_)
      return;
    Found found = find_marker(text, anchor);
    found_label_ = found == Found::label;
    found_ = found_ || found != Found::nothing;
  }
}

void MarkerSearch::update(std::span<const unsigned char> bytes) {
  if (found_label_)
    return;
  std::string_view text = as_text(bytes);
  search(tail_ + std::string(text.substr(0, longest)));
  search(text);
  tail_ += text.substr(text.size() - std::min(text.size(), longest));
  if (tail_.size() > longest)
    tail_.erase(0, tail_.size() - longest);
}

} // namespace smime
