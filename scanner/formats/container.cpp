#include "scanner/formats/container.h"

#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/zip-structure.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>
#include <zlib.h>

namespace smime {
namespace {

using namespace std::string_view_literals;

bool has(Bytes bytes, std::size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() &&
         std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

template <typename Test> bool all_of(Bytes bytes, std::size_t from, std::size_t to, Test test) {
  to = std::min(to, bytes.size());
  return from < to && std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                                  bytes.begin() + static_cast<std::ptrdiff_t>(to), test);
}

// Header fields in octal or hexadecimal digits; a short prefix has some of them.
bool is_text_cpio(Bytes bytes) {
  if (has(bytes, 0, "070701"sv) || has(bytes, 0, "070702"sv))
    return all_of(bytes, 6, 110, [](unsigned char c) { return std::isxdigit(c) != 0; });
  return (has(bytes, 0, "070707"sv) || has(bytes, 0, "070727"sv)) &&
         all_of(bytes, 6, 59, [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                  c == 'm' || c == 'n';
         });
}

// The old binary header, in either order of bytes: a file type that exists, and a name that ends
// where it says.
bool is_binary_cpio(Bytes bytes) {
  constexpr std::size_t header = 26;
  bool is_little = has(bytes, 0, "\xc7\x71"sv);
  if ((!is_little && !has(bytes, 0, "\x71\xc7"sv)) || bytes.size() < header + 2)
    return false;
  auto number = [&](std::size_t at) {
    return is_little ? little_endian(bytes, at, 2) : big_endian(bytes, at, 2);
  };
  std::uint32_t type = number(6) >> 12U;
  std::size_t name = number(20);
  if (type > 14 || name < 2 || name > 1024)
    return false;
  if (header + name > bytes.size())
    return bytes[header] != 0;
  Bytes text = bytes.subspan(header, name);
  return text.back() == 0 && std::find(text.begin(), text.end(), 0) == text.end() - 1;
}

std::uint16_t crc16(Bytes bytes) {
  unsigned crc = 0;
  for (unsigned char byte : bytes) {
    crc ^= static_cast<unsigned>(byte) << 8U;
    for (int bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000U) != 0 ? crc << 1U ^ 0x1021U : crc << 1U;
    crc &= 0xffffU;
  }
  return static_cast<std::uint16_t>(crc);
}

bool is_power_of_two(std::uint32_t number) { return number != 0 && (number & (number - 1)) == 0; }

bool is_seven_zip(Bytes bytes) {
  return has(bytes, 0, "7z\xbc\xaf\x27\x1c"sv) && bytes.size() >= 32 &&
         crc32(0, bytes.data() + 12, 20) == little_endian(bytes, 8, 4);
}

// The archive's own header follows, with its checksum.
bool is_rar(Bytes bytes) {
  if (!has(bytes, 0, "Rar!\x1a\7\0"sv) || bytes.size() < 20 ||
      (bytes[9] != 0x73 && bytes[9] != 0x72))
    return false;
  std::size_t size = little_endian(bytes, 12, 2);
  return size >= 13 && (crc32(0, bytes.data() + 9, 11) & 0xffffU) == little_endian(bytes, 7, 2);
}

bool is_rar5(Bytes bytes) {
  if (!has(bytes, 0, "Rar!\x1a\7\1\0"sv) || bytes.size() < 16)
    return false;
  std::size_t size = bytes[12];
  if ((size & 0x80) != 0 || bytes.size() < 13 + size)
    return false;
  return crc32(0, bytes.data() + 12, static_cast<uInt>(1 + size)) == little_endian(bytes, 8, 4);
}

bool is_cab(Bytes bytes) {
  return has(bytes, 0, "MSCF\0\0\0\0"sv) && bytes.size() >= 36 && bytes[24] == 3 &&
         bytes[25] == 1 && little_endian(bytes, 12, 4) == 0 && little_endian(bytes, 26, 2) != 0 &&
         little_endian(bytes, 28, 2) != 0 &&
         little_endian(bytes, 16, 4) < little_endian(bytes, 8, 4);
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

} // namespace

// The header of a file in a tar archive of any age: it sums up its bytes, as if the sum itself
// were blanks. Some wrote the sum of signed bytes.
bool is_tar(Bytes bytes) {
  constexpr std::size_t size = 512;
  constexpr std::size_t sum_at = 148;
  constexpr std::size_t sum_size = 8;
  if (bytes.size() < size || bytes[0] == 0)
    return false;
  std::size_t at = sum_at;
  while (at < sum_at + sum_size && bytes[at] == ' ')
    at++;
  long wanted = 0;
  bool has_digit = false;
  for (; at < sum_at + sum_size && bytes[at] >= '0' && bytes[at] <= '7'; at++) {
    wanted = wanted * 8 + (bytes[at] - '0');
    has_digit = true;
  }
  if (!has_digit)
    return false;
  long sum = 0;
  long signed_sum = 0;
  for (std::size_t i = 0; i < size; i++) {
    unsigned char c = i >= sum_at && i < sum_at + sum_size ? ' ' : bytes[i];
    sum += c;
    signed_sum += static_cast<signed char>(c);
  }
  return wanted == sum || wanted == signed_sum;
}

// "-lh5-" and its relatives, as LHA, LArc and PMarc write them.
bool is_lha(Bytes bytes) {
  if (bytes.size() < 22 || bytes[2] != '-' || bytes[6] != '-')
    return false;
  return (bytes[3] == 'l' && (bytes[4] == 'h' || bytes[4] == 'z')) ||
         (bytes[3] == 'p' && bytes[4] == 'm');
}

bool is_bzip2(Bytes bytes) {
  if (bytes.size() < 10)
    return has(bytes, 0, "BZh"sv);
  return has(bytes, 0, "BZh"sv) && bytes[3] >= '1' && bytes[3] <= '9' &&
         (has(bytes, 4, "1AY&SY"sv) || has(bytes, 4, "\x17\x72\x45\x38\x50\x90"sv));
}

// A .lzma file has no signature: properties in range, a dictionary of a size that encoders
// choose, a size that is open or not absurd, and the range coder's first byte, which is 0.
bool is_lzma(Bytes bytes) {
  if (bytes.size() < 14 || bytes[0] >= 225 || bytes[13] != 0)
    return false;
  std::uint64_t dictionary = little_endian(bytes, 1, 4);
  bool is_common = dictionary == 0xffffffff;
  for (unsigned bits = 12; bits < 32; bits++)
    is_common = is_common || dictionary == 1ULL << bits || dictionary == 3ULL << (bits - 1);
  std::uint64_t size =
      little_endian(bytes, 5, 4) | static_cast<std::uint64_t>(little_endian(bytes, 9, 4)) << 32U;
  return is_common && (size == ~0ULL || (size > 0 && size < 1ULL << 38U));
}

bool is_skippable_frame(Bytes bytes) {
  return bytes.size() >= 8 && (bytes[0] & 0xf0) == 0x50 && has(bytes, 1, "\x2a\x4d\x18"sv);
}

// MacBinary II and III have a checksum, and the first one zeros in its place.
bool is_mac_binary(Bytes bytes) {
  constexpr std::size_t header = 128;
  if (bytes.size() < header || bytes[0] != 0 || bytes[1] < 1 || bytes[1] > 63 || bytes[74] != 0 ||
      bytes[82] != 0 || big_endian(bytes, 83, 4) > 0x7fffff ||
      big_endian(bytes, 87, 4) > 0x7fffff ||
      big_endian(bytes, 83, 4) + big_endian(bytes, 87, 4) == 0)
    return false;
  if (!all_of(bytes, 2, 2U + bytes[1], [](unsigned char c) { return c >= 0x20; }))
    return false;
  if (crc16(bytes.first(124)) == big_endian(bytes, 124, 2))
    return big_endian(bytes, 124, 2) != 0;
  return all_of(bytes, 99, header, [](unsigned char c) { return c == 0; }) &&
         all_of(bytes, 65, 73, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

// An AppleSingle file, or an AppleDouble header that has the file's data all the same.
bool is_apple_single(Bytes bytes) {
  constexpr std::size_t entries_at = 26;
  constexpr std::size_t max_entries = 16;
  if (bytes.size() < entries_at || bytes[0] != 0 || bytes[1] != 5 || bytes[2] != 0x16 ||
      (bytes[3] != 0 && bytes[3] != 7))
    return false;
  std::size_t count = std::min<std::size_t>(big_endian(bytes, 24, 2), max_entries);
  for (std::size_t i = 0; i < count && bytes.size() >= entries_at + 12 * (i + 1); i++) {
    if (big_endian(bytes, entries_at + 12 * i, 4) == 1)
      return true;
  }
  return false;
}

// A FAT file system's boot sector.
bool is_fat(Bytes bytes) {
  if (!has(bytes, 510, "\x55\xaa"sv) || (bytes[0] != 0xeb && bytes[0] != 0xe9))
    return false;
  std::uint32_t sector = little_endian(bytes, 11, 2);
  return is_power_of_two(sector) && sector >= 512 && sector <= 4096 && is_power_of_two(bytes[13]) &&
         (bytes[16] == 1 || bytes[16] == 2) && bytes[21] >= 0xf0;
}

// A disk that has partitions.
bool is_partitioned(Bytes bytes) {
  if (!has(bytes, 510, "\x55\xaa"sv))
    return false;
  unsigned used = 0;
  for (std::size_t at = 446; at < 510; at += 16) {
    if (bytes[at] != 0 && bytes[at] != 0x80)
      return false;
    bool is_used = bytes[at + 4] != 0;
    used += is_used ? 1 : 0;
    if (is_used && little_endian(bytes, at + 12, 4) == 0)
      return false;
  }
  return used > 0;
}

bool is_ext(Bytes bytes) {
  return has(bytes, 1080, "\x53\xef"sv) && bytes.size() >= 1104 &&
         little_endian(bytes, 1024, 4) != 0 && little_endian(bytes, 1048, 4) <= 6 &&
         little_endian(bytes, 1100, 4) <= 1;
}

bool is_hfs(Bytes bytes) {
  return has(bytes, 1024, "BD"sv) && bytes.size() >= 1052 && big_endian(bytes, 1042, 2) != 0 &&
         big_endian(bytes, 1044, 4) != 0 && big_endian(bytes, 1044, 4) % 512 == 0;
}

// SEA's ARC and its followers: a method, a name of DOS, and a size.
bool is_arc(Bytes bytes) {
  if (bytes.size() < 29 || bytes[0] != 0x1a || bytes[1] < 1 || bytes[1] > 0x14)
    return false;
  const auto *name = bytes.data() + 2;
  const auto *end = std::find(name, name + 13, 0);
  // Compiled terminfo has a number of two bytes there.
  return end > name + 1 && end < name + 13 && std::all_of(name, end, [](unsigned char c) {
           return c > 0x20 && c < 0x7f && std::strchr("*?/\\:<>|\"", c) == nullptr;
         });
}

bool is_cpio(Bytes bytes) { return is_text_cpio(bytes) || is_binary_cpio(bytes); }

std::string_view kind_at_end(Bytes tail) {
  constexpr std::size_t trailer = 512;
  auto at_end = [&](std::size_t distance, std::string_view text) {
    return tail.size() >= distance && has(tail, tail.size() - distance, text);
  };
  if (at_end(trailer, "koly\0\0\0\4\0\0\2\0"sv))
    return "DMG disk image";
  // Virtual PC before 2004 wrote a footer that was a byte shorter.
  if (at_end(trailer, "conectix"sv) || at_end(trailer - 1, "conectix"sv))
    return "VHD disk image";
  if (at_end(8, "cdsaencr"sv))
    return "encrypted DMG disk image";
  if (at_end(12, "NER5"sv) || at_end(8, "NERO"sv))
    return "Nero disk image";
  return {};
}

bool is_packed_file(Container container) {
  return container >= Container::gzip && container <= Container::rpm;
}

bool is_volume_name(std::string_view name) {
  const std::string small = lower(name);
  std::string_view text = small;
  auto digits = [](std::string_view s) {
    return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (ends_with(text, ".rar") || ends_with(text, ".zip") || ends_with(text, ".exe")) {
    text.remove_suffix(4);
    std::size_t part = text.rfind(".part");
    return part != std::string_view::npos && digits(text.substr(part + 5));
  }
  std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos)
    return false;
  std::string_view ending = text.substr(dot + 1);
  if (ending.size() >= 3 && ending.size() <= 5 && digits(ending))
    return true;
  // .z01, .r00, .a01 and .c00 of PKZIP, RAR, ARJ and ACE; .zx01 has its volumes numbered likewise.
  if (ending.size() == 3 && std::string_view("zrstuvac").find(ending[0]) != std::string_view::npos)
    return digits(ending.substr(1));
  return ending.starts_with("zx") && digits(ending.substr(2));
}

Container embedded_container(Bytes bytes) {
  if (looks_like_zip_entry(bytes))
    return Container::zip;
  if (is_seven_zip(bytes))
    return Container::seven_zip;
  if (is_rar5(bytes))
    return Container::rar5;
  if (is_rar(bytes))
    return Container::rar;
  return is_cab(bytes) ? Container::cab : Container::none;
}

} // namespace smime
