// RAR 5 headers (RAR 5.0 archive format, sections "General archive block format"
// and "File encryption record"): whether files are encrypted. libarchive before
// 3.8 does not say it.
#ifndef SMIME_RAR5_H
#define SMIME_RAR5_H

#include "common/byte-sink.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace smime {

class Rar5Headers {
public:
  // The archive from its first byte on, in pieces. One of another format is
  // ignored.
  void feed(Bytes bytes);
  bool encrypted() const { return encrypted_; }
  // The archive has more volumes.
  bool is_volume() const { return volume_; }
  // Where the archive ends, if it says so.
  std::optional<std::uint64_t> end() const { return end_; }

private:
  enum class State : std::uint8_t { signature, header, data, ended };
  bool take_header();

  State state_ = State::signature;
  std::vector<unsigned char> buffer_;
  std::uint64_t data_left_ = 0;
  bool encrypted_ = false;
  bool volume_ = false;
  std::uint64_t position_ = 0;
  std::optional<std::uint64_t> end_;
};

} // namespace smime

#endif
