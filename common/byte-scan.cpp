#include "common/byte-scan.h"

#include <cstring>

namespace smime {
namespace {

// The next of these bytes, or the end.
const unsigned char *find(const unsigned char *begin, const unsigned char *end, int byte) {
  const void *found = std::memchr(begin, byte, static_cast<std::size_t>(end - begin));
  return found == nullptr ? end : static_cast<const unsigned char *>(found);
}

} // namespace

void ByteScan::update(std::span<const unsigned char> bytes) {
  if (bytes.empty())
    return;
  const unsigned char *begin = bytes.data();
  const unsigned char *end = begin + bytes.size();
  facts_.empty = false;
  facts_.nul = facts_.nul || find(begin, end, '\0') != end;
  facts_.ends_with_line = end[-1] == '\n';
  // A CR at the end of the last piece, and the first byte of this one.
  if (held_cr_ && *begin != '\n')
    facts_.bare_cr = true;
  for (const unsigned char *at = find(begin, end, '\n'); at != end && !facts_.bare_lf;
       at = find(at + 1, end, '\n'))
    facts_.bare_lf = at == begin ? !held_cr_ : at[-1] != '\r';
  if (held_cr_ && *begin == '\n')
    facts_.crlf = true;
  for (const unsigned char *at = find(begin, end, '\r'); at != end && !facts_.bare_cr;
       at = find(at + 1, end, '\r')) {
    if (at + 1 == end)
      break;
    (at[1] == '\n' ? facts_.crlf : facts_.bare_cr) = true;
  }
  held_cr_ = end[-1] == '\r';
}

ByteFacts ByteScan::facts() const {
  ByteFacts facts = facts_;
  facts.bare_cr = facts.bare_cr || held_cr_;
  return facts;
}

} // namespace smime
