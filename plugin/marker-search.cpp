#include "marker-search.h"

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
};

constexpr std::array<Marker, 12> markers{{
    {"pkcs7-", 5},
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
}};

constexpr std::size_t longest = 19;

bool is_at(std::string_view text, std::size_t anchor_at, const Marker &marker) {
  if (anchor_at < marker.anchor)
    return false;
  std::string_view there = text.substr(anchor_at - marker.anchor, marker.word.size());
  return there.size() == marker.word.size() &&
         strncasecmp(there.data(), marker.word.data(), there.size()) == 0;
}

bool has_marker(std::string_view text, char anchor) {
  for (auto at = text.find(anchor); at != std::string_view::npos; at = text.find(anchor, at + 1)) {
    for (const Marker &marker : markers) {
      if (marker.word[marker.anchor] == anchor && is_at(text, at, marker))
        return true;
    }
  }
  return false;
}

} // namespace

void MarkerSearch::search(std::string_view text) {
  for (char anchor : {'-', '/', '7', '*'})
    found_ = found_ || has_marker(text, anchor);
}

void MarkerSearch::update(std::span<const unsigned char> bytes) {
  if (found_)
    return;
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  search(tail_ + std::string(text.substr(0, longest)));
  search(text);
  tail_ += text.substr(text.size() - std::min(text.size(), longest));
  if (tail_.size() > longest)
    tail_.erase(0, tail_.size() - longest);
}

} // namespace smime
