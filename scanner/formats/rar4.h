// RAR archives of versions 1.5 to 4 (technote.txt of RAR 3): what the headers say that libarchive
// does not, or that it does not come to.
#ifndef SMIME_RAR4_H
#define SMIME_RAR4_H

#include "common/byte-sink.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace smime {

class Rar4Headers {
public:
  // The archive from its first byte on, in pieces. One of another format is ignored.
  void feed(Bytes bytes);

  // A file or the headers.
  bool encrypted() const { return encrypted_; }
  // It has more volumes.
  bool is_volume() const { return volume_; }
  // It has a comment in the way of RAR before 3, which libarchive takes for damage.
  bool has_old_comment() const { return old_comment_; }
  // Where the archive ends, if it says so.
  std::optional<std::uint64_t> end() const { return end_; }

private:
  bool take_header();

  std::vector<unsigned char> buffer_;
  std::uint64_t skip_ = 0;
  bool first_ = true;
  bool ended_ = false;
  bool encrypted_ = false;
  bool volume_ = false;
  bool old_comment_ = false;
  std::uint64_t position_ = 0;
  std::optional<std::uint64_t> end_;
};

} // namespace smime

#endif
