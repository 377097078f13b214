// The directory of a compound file (MS-CFB section 2.6) that is too large to be kept: its entries
// are found as they flow by, wherever they stand.
#ifndef SMIME_COMPOUND_DIRECTORY_H
#define SMIME_COMPOUND_DIRECTORY_H

#include "scanner/formats/office-marks.h"
#include "scanner/inspection/window.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace smime {

class CompoundDirectory {
public:
  void feed(Bytes bytes);
  // What the entries say, and the beginnings of their streams, as far as window has them.
  Protection protection(const Window &window) const;

private:
  static constexpr std::size_t entry_size = 128;

  struct Stream {
    std::string name;
    std::uint32_t start = 0;
    std::uint32_t size = 0;
  };

  void take_record(Bytes record);
  void take_stream_start(Bytes record);
  void take_header(Bytes header);
  void take_entry(Bytes entry);
  std::uint64_t offset_of(const Stream &stream) const;

  std::array<unsigned char, entry_size> partial_{};
  std::uint64_t seen_ = 0;
  std::uint32_t sector_size_ = 512;
  std::uint32_t small_streams_start_ = 0;
  bool has_password_ = false;
  bool has_rights_ = false;
  // Of a stream that begins as a document of Word or Excel under a password does.
  bool has_password_start_ = false;
  std::vector<Stream> streams_;
};

// Whether the directory of a whole file begins with a root that has no siblings, as MS-CFB section
// 2.6.4 has it. What hangs beside the root no program shows, and libgsf never frees it.
bool has_lone_root(Bytes file);

} // namespace smime

#endif
