#include "scanner/content/unknown.h"

#include "scanner/formats/kinds.h"

#include <cmath>
#include <utility>

namespace smime {
namespace {

// Bits of a byte above which bytes are encrypted or compressed, and how many bytes show it.
constexpr double dense = 7.9;
constexpr std::uint64_t enough = 256;

bool looks_encrypted(const std::uint64_t (&counts)[256], std::uint64_t size) {
  // Of a few bytes not all values can be seen: by so many bits (Miller and Madow) less is found.
  double missing = 255 / (2 * static_cast<double>(size) * std::log(2.0));
  return size >= enough && bits_of_a_byte(counts) + missing > dense;
}

} // namespace

UnknownContent::UnknownContent(Inspection &inspection, Place place, std::string word)
    : inspection_(inspection), place_(std::move(place)), word_(std::move(word)) {}

void UnknownContent::feed(Bytes bytes) {
  size_ += bytes.size();
  for (unsigned char byte : bytes)
    counts_[byte]++;
}

void UnknownContent::finish() {
  std::string text = (place_.name.empty() ? "The part" : place_.name) +
                     " is no kind of file that is known here (libmagic: " +
                     (word_.empty() ? "data" : word_.substr(0, 200)) + ")";
  if (looks_encrypted(counts_, size_))
    text += "; its bytes look encrypted or compressed";
  inspection_.add_unrecognised(place_, text + ".");
}

} // namespace smime
