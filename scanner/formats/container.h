// Archives, compressed files, file systems and images of disks: how those are recognised that have
// more than a signature (kinds.cpp has the table). archive.cpp opens those that it can.
#ifndef SMIME_CONTAINER_H
#define SMIME_CONTAINER_H

#include "common/byte-sink.h"

#include <cstdint>
#include <string_view>

namespace smime {

enum class Container : unsigned char {
  none,
  // Files in an archive.
  zip,
  seven_zip,
  rar,
  rar5,
  tar,
  cab,
  lha,
  iso9660,
  ar,
  cpio,
  xar,
  warc,
  // One file, packed.
  gzip,
  bzip2,
  xz,
  lzma,
  lzip,
  zstd,
  lz4,
  compress,
  rpm,
  // One file behind a header that says how long it is.
  skippable_frame,
  mac_binary,
  apple_single,
};

// What has no signature of a few bytes, or one that other bytes have as well: by what else the
// header says. Each takes the first bytes of a file.
bool is_tar(Bytes bytes);
bool is_cpio(Bytes bytes);
bool is_lha(Bytes bytes);
bool is_bzip2(Bytes bytes);
bool is_lzma(Bytes bytes);
bool is_skippable_frame(Bytes bytes);
bool is_mac_binary(Bytes bytes);
bool is_apple_single(Bytes bytes);
bool is_arc(Bytes bytes);
bool is_fat(Bytes bytes);
bool is_ext(Bytes bytes);
bool is_hfs(Bytes bytes);
bool is_partitioned(Bytes bytes);

// By the last bytes of a file, for what has its header there: a name in the table of kinds, or
// nothing.
std::string_view kind_at_end(Bytes tail);

bool is_packed_file(Container container);

// The name of one volume of several, such as a.zip.002, a.z01 or a.part2.rar.
bool is_volume_name(std::string_view name);

// Where in a file an ISO 9660 image says what it is.
inline constexpr std::size_t iso9660_sign_at = 32769;
inline constexpr std::string_view iso9660_sign = "CD001";

// An archive that may be behind other bytes, such as a program that unpacks it. Tells the
// beginning of one from bytes that only look like it by what the header says of itself.
// Wants embedded_sign_size bytes where there are so many.
inline constexpr std::size_t embedded_sign_size = 64;
Container embedded_container(Bytes bytes);

} // namespace smime

#endif
