// A new kind of content is a row here. With Look::opened it needs a reader as well, which
// content/content.cpp chooses by its Kind.
#include "scanner/formats/kinds.h"

#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/encrypted-file.h"
#include "scanner/formats/office-marks.h"
#include "scanner/formats/records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace smime {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view engine = "virus scanner";

bool is_jpeg(Bytes prefix) {
  return prefix.size() >= 4 && (prefix[3] >= 0xc0 && prefix[3] <= 0xfe);
}

// MS-DOS's header says where Windows's begins; alone it is a program of MS-DOS.
bool is_exe(Bytes prefix) { return prefix.size() >= 64 && !looks_like_chance(prefix); }

// The file's size and that of its header (BITMAPFILEHEADER and what follows it).
bool is_bitmap(Bytes prefix) {
  return prefix.size() >= 18 && prefix[6] == 0 && prefix[7] == 0 && prefix[15] == 0 &&
         prefix[16] == 0 && prefix[17] == 0;
}

bool is_icon(Bytes prefix) {
  // Two bytes for the number of images, and of the first: 0 behind the number of colours.
  return prefix.size() >= 22 && prefix[5] == 0 && prefix[4] != 0 && prefix[9] == 0;
}

bool is_mpeg_audio(Bytes prefix) { return !looks_like_chance(prefix) || prefix[0] == 'I'; }

// Wide text has a zero byte in most of its characters, or the same leading byte.
bool is_wide_text(Bytes prefix) { return prefix.size() % 2 == 0 && !looks_like_chance(prefix); }

bool has_at(Bytes bytes, std::size_t at, std::string_view wanted) {
  return bytes.size() >= at + wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
}

// DER (X.690): what is in the SEQUENCE that the bytes begin with, of a length of up to three bytes;
// nothing if they begin with none.
Bytes inside_sequence(Bytes bytes) {
  constexpr unsigned char sequence = 0x30;
  constexpr unsigned most_of_length = 3;
  if (bytes.size() < 2 || bytes[0] != sequence)
    return {};
  unsigned more = bytes[1] < 0x80 ? 0 : bytes[1] & 0x7fU;
  return more > most_of_length || (bytes[1] >= 0x80 && more == 0)
             ? Bytes()
             : bytes.subspan(std::min<std::size_t>(bytes.size(), 2 + more));
}

bool has_der_inside(Bytes prefix, std::string_view inside) {
  return has_at(inside_sequence(prefix), 0, inside);
}

// Likewise of the first SEQUENCE in it.
bool has_der_deeper(Bytes prefix, std::string_view inside) {
  return has_at(inside_sequence(inside_sequence(prefix)), 0, inside);
}

// RFC 5280 section 4.1: a SEQUENCE of a TBSCertificate of version 3.
bool is_certificate(Bytes prefix) { return has_der_deeper(prefix, "\xa0\3\2\1\2"sv); }
bool is_revocation_list(Bytes prefix) { return has_der_deeper(prefix, "\2\1\1\x30"sv); }
// RFC 2986: a request of version 0 with a name.
bool is_certificate_request(Bytes prefix) { return has_der_deeper(prefix, "\2\1\0\x30"sv); }
// RFC 8017 and RFC 5958: the version, then a number or the algorithm; RFC 5915: the version, then
// the key.
bool is_private_key(Bytes prefix) {
  return has_der_inside(prefix, "\2\1\0\2"sv) || has_der_inside(prefix, "\2\1\0\x30"sv) ||
         has_der_inside(prefix, "\2\1\1\4"sv);
}
// RFC 5280 section 4.1.2.7: an algorithm, then the key; RFC 3161: a request's version, then a
// digest with its algorithm.
bool is_public_key(Bytes prefix) {
  Bytes inside = inside_sequence(prefix);
  return inside.size() > 4 && inside[0] == 0x30 && inside[2] == 6 && inside[3] > 2 &&
         inside[3] < 12 && prefix.size() < 1200;
}
bool is_time_stamp_request(Bytes prefix) {
  return has_der_inside(prefix, "\2\1\1\x30"sv) && prefix.size() < 1200;
}
// RFC 7292 section 4: version 3.
bool is_pkcs12(Bytes prefix) {
  return has_der_inside(prefix, "\2\1\3\x30"sv) || has_at(prefix, 0, "\x30\x80\2\1\3\x30"sv);
}

// HWP 3.0: 30 bytes that say so, then 128 of document information.
bool is_locked_hwp(Bytes prefix) {
  constexpr std::size_t password_at = 30 + 96;
  return prefix.size() < password_at + 2 || prefix[password_at] != 0 ||
         prefix[password_at + 1] != 0;
}

// WordPerfect from 5 on: a checksum of the password follows the versions.
bool is_locked_wordperfect(Bytes prefix) {
  constexpr std::size_t password_at = 12;
  return prefix.size() >= password_at + 2 &&
         (prefix[password_at] != 0 || prefix[password_at + 1] != 0);
}

// DEVMODEW: the printer's name in wide characters, then the version and the size.
bool is_printer_settings(Bytes prefix) {
  constexpr std::size_t version_at = 64;
  constexpr std::size_t size_at = 68;
  return prefix.size() > size_at + 2 && prefix[1] == 0 && le16(&prefix[version_at]) >= 0x0400 &&
         le16(&prefix[version_at]) <= 0x0401 && le16(&prefix[size_at]) >= 0x94 &&
         le16(&prefix[size_at]) <= 0x120;
}

// A piece with its length behind a zero, compressed with Snappy: how long it becomes, a stretch
// that stands for itself, and in it the length of a message of which the first field is a number.
bool is_iwork_part(Bytes prefix) {
  std::size_t at = 4;
  auto next = [&] { return at < prefix.size() ? prefix[at++] : 0xffU; };
  auto skip_number = [&] {
    for (unsigned i = 0; i < 3 && (next() & 0x80U) != 0; i++) {
    }
  };
  if (prefix.size() < at || prefix[0] != 0)
    return false;
  skip_number();
  unsigned tag = next();
  if ((tag & 3U) != 0)
    return false;
  // Longer stretches have their length in bytes of its own.
  constexpr unsigned first_of_long = 60;
  if (tag >> 2U >= first_of_long)
    at += (tag >> 2U) - first_of_long + 1;
  skip_number();
  return next() == 0x08;
}

// Python's zip applications.
bool is_script_with_archive(Bytes prefix) {
  constexpr std::ptrdiff_t longest_line = 256;
  auto last = prefix.begin() + std::min(std::ssize(prefix), longest_line);
  auto end = std::find(prefix.begin(), last, '\n');
  return end != last &&
         has_at(prefix, static_cast<std::size_t>(end - prefix.begin()) + 1, "PK\3\4"sv);
}

// Flash: the version, which ends before 64.
bool is_flash(Bytes prefix) { return prefix.size() > 8 && prefix[3] > 0 && prefix[3] < 64; }

// Excel before 5: records without a compound file around them.
bool is_locked_workbook(Bytes prefix) {
  return protection_by_content("workbook", prefix) == Protection::password;
}

// ASCII in two bytes a character, without the mark at its beginning.
bool is_unmarked_wide_text(Bytes prefix) {
  if (prefix.size() < 4 || prefix.size() % 2 != 0)
    return false;
  for (std::size_t at = 0; at < prefix.size(); at += 2) {
    bool is_text = prefix[at] >= ' ' || prefix[at] == '\t' || prefix[at] == '\r' ||
                   prefix[at] == '\n' || (prefix[at] == 0 && at + 2 == prefix.size());
    if (!is_text || prefix[at] >= 0x7f || prefix[at + 1] != 0)
      return false;
  }
  return true;
}

// EMF: the first record, of which the size follows, and a signature in it.
bool is_enhanced_metafile(Bytes prefix) { return has_at(prefix, 40, " EMF"sv); }

// WMF without the header that programs put in front: in memory, of 9 words, version 1 or 3.
bool is_metafile(Bytes prefix) {
  return has_at(prefix, 4, "\0\1"sv) || has_at(prefix, 4, "\0\3"sv);
}

// Binary sheets (MS-XLSB): the record that each part begins with.
bool is_binary_sheet(Bytes prefix) {
  constexpr unsigned char first_of_link = 0xe8; // has its kind behind its length
  bool fits =
      prefix[0] != first_of_link || (prefix.size() >= 5 && prefix[3] <= 2 && prefix[4] == 0);
  return fits && !looks_like_chance(prefix);
}

// Of LibreOffice: two versions, and the record that has all of the file.
bool is_layout_cache(Bytes prefix) {
  return has_at(prefix, 0, "\1\0"sv) && has_at(prefix, 3, "\0p"sv) && prefix.size() > 8 &&
         prefix[2] <= 1 && prefix[8] == 0;
}

// OpenType's table of tables, from the entry at first on: tags in their order, and of each a
// checksum, an offset of whole words behind the table, and a length.
bool is_font_directory(Bytes prefix, std::size_t first) {
  constexpr std::size_t step = 16;
  constexpr std::size_t entries = 3;
  constexpr std::uint64_t largest = 1ULL << 26;
  if (prefix.size() < first + entries * step)
    return false;
  std::string_view before;
  for (std::size_t at = first; at < first + entries * step; at += step) {
    std::string_view tag(reinterpret_cast<const char *>(&prefix[at]), 4);
    std::uint64_t offset = big_endian(prefix.subspan(at + 8, 4));
    std::uint64_t length = big_endian(prefix.subspan(at + 12, 4));
    if (std::any_of(tag.begin(), tag.end(), [](char c) { return c < ' ' || c > '~'; }) ||
        tag <= before || offset % 4 != 0 || offset < first + entries * step || offset > largest ||
        length > largest)
      return false;
    before = tag;
  }
  return true;
}

constexpr std::size_t first_of_font = 12;

bool is_font(Bytes prefix) { return is_font_directory(prefix, first_of_font); }

// A font of which Office changed the first 32 bytes (ECMA-376 part 4 section 2.8.1).
bool is_obfuscated_font(Bytes prefix) { return is_font_directory(prefix, first_of_font + 32); }

// Rows of signatures come before rows of libmagic's types alone, whichever come first here.
std::vector<KindRow> make_table() {
  return {
      // -- what content/content.cpp knows without this table; here for --kinds
      {.name = "text", .look = Look::leaf, .evidence = "no control bytes in it"},
      {.name = "empty", .look = Look::leaf, .evidence = "no bytes"},
      {.name = "mail", .look = Look::opened, .evidence = "fields of a header", .reader = "MIME"},
      {.name = "CMS object", .look = Look::opened, .evidence = "ContentInfo", .reader = "CMS"},
      {.name = "OpenPGP message",
       .look = Look::opened,
       .evidence = "packets, armor lines",
       .reader = "OpenPGP"},

      // -- containers that are opened
      {.name = "tar archive",
       .look = Look::opened,
       .check = is_tar,
       .evidence = "the checksum of its first header",
       .opener = Kind::archive,
       .container = Container::tar,
       .reader = "libarchive",
       .comes_before_text = true},
      {.name = "ZIP archive",
       .look = Look::opened,
       .signatures = {{0, "PK\3\4"sv},
                      {0, "PK\5\6"sv},
                      {0, "PK\1\2"sv},
                      {0, "PK\6\6"sv},
                      {0, "PK\6\10"sv},
                      {0, "PK\7\10"sv},
                      {0, "PK00PK\3\4"sv}},
       .opener = Kind::archive,
       .container = Container::zip,
       .reader = "libarchive"},
      {.name = "7z archive",
       .look = Look::opened,
       .signatures = {{0, "7z\xbc\xaf\x27\x1c"sv}},
       .opener = Kind::archive,
       .container = Container::seven_zip,
       .reader = "libarchive"},
      {.name = "RAR archive",
       .look = Look::opened,
       .signatures = {{0, "Rar!\x1a\7\0"sv}},
       .opener = Kind::archive,
       .container = Container::rar,
       .reader = "libarchive"},
      {.name = "RAR 5 archive",
       .look = Look::opened,
       .signatures = {{0, "Rar!\x1a\7\1\0"sv}},
       .opener = Kind::archive,
       .container = Container::rar5,
       .reader = "libarchive"},
      {.name = "cabinet",
       .look = Look::opened,
       .signatures = {{0, "MSCF\0\0\0\0"sv}},
       .opener = Kind::archive,
       .container = Container::cab,
       .reader = "libarchive"},
      {.name = "tar archive (POSIX)",
       .look = Look::opened,
       .signatures = {{257, "ustar"sv}},
       .opener = Kind::archive,
       .container = Container::tar,
       .reader = "libarchive"},
      {.name = "LHA archive",
       .look = Look::opened,
       .check = is_lha,
       .evidence = "-lh?-, -lz?- or -pm?- at 2",
       .opener = Kind::archive,
       .container = Container::lha,
       .reader = "libarchive"},
      {.name = "ar archive, Debian package",
       .look = Look::opened,
       .signatures = {{0, "!<arch>\n"sv}},
       .opener = Kind::archive,
       .container = Container::ar,
       .reader = "libarchive",
       .comes_before_text = true},
      {.name = "cpio archive",
       .look = Look::opened,
       .check = is_cpio,
       .evidence = "the digits or the type and name of its first header",
       .opener = Kind::archive,
       .container = Container::cpio,
       .reader = "libarchive",
       .comes_before_text = true},
      {.name = "xar archive",
       .look = Look::opened,
       .signatures = {{0, "xar!"sv}},
       .opener = Kind::archive,
       .container = Container::xar,
       .reader = "libarchive"},
      {.name = "WARC archive",
       .look = Look::opened,
       .signatures = {{0, "WARC/0."sv}, {0, "WARC/1."sv}},
       .opener = Kind::archive,
       .container = Container::warc,
       .reader = "libarchive",
       .comes_before_text = true},
      {.name = "ISO 9660 image",
       .look = Look::opened,
       .signatures = {{32769, "CD001"sv}},
       .opener = Kind::archive,
       .container = Container::iso9660,
       .reader = "libarchive"},
      {.name = "RPM package",
       .look = Look::opened,
       .signatures = {{0, "\xed\xab\xee\xdb"sv}},
       .opener = Kind::archive,
       .container = Container::rpm,
       .reader = "libarchive"},
      {.name = "gzip file",
       .look = Look::opened,
       .signatures = {{0, "\x1f\x8b\x08"sv}},
       .opener = Kind::archive,
       .container = Container::gzip,
       .reader = "libarchive"},
      {.name = "xz file",
       .look = Look::opened,
       .signatures = {{0, "\xfd\x37zXZ\0"sv}},
       .opener = Kind::archive,
       .container = Container::xz,
       .reader = "libarchive"},
      {.name = "Zstandard file",
       .look = Look::opened,
       .signatures = {{0, "\x28\xb5\x2f\xfd"sv}},
       .opener = Kind::archive,
       .container = Container::zstd,
       .reader = "libarchive"},
      {.name = "compress (.Z) file",
       .look = Look::opened,
       .signatures = {{0, "\x1f\x9d"sv}},
       .opener = Kind::archive,
       .container = Container::compress,
       .reader = "libarchive"},
      {.name = "lzip file",
       .look = Look::opened,
       .signatures = {{0, "LZIP"sv}},
       .opener = Kind::archive,
       .container = Container::lzip,
       .reader = "libarchive"},
      {.name = "LZ4 file",
       .look = Look::opened,
       .signatures = {{0, "\x04\x22\x4d\x18"sv}, {0, "\x02\x21\x4c\x18"sv}},
       .opener = Kind::archive,
       .container = Container::lz4,
       .reader = "libarchive"},
      {.name = "bzip2 file",
       .look = Look::opened,
       .signatures = {{0, "BZh"sv}},
       .check = is_bzip2,
       .opener = Kind::archive,
       .container = Container::bzip2,
       .reader = "libarchive"},
      {.name = "Zstandard or LZ4 file behind frames to skip",
       .look = Look::opened,
       .check = is_skippable_frame,
       .evidence = "a skippable frame",
       .opener = Kind::wrapped,
       .container = Container::skippable_frame,
       .reader = "its frames are left out"},
      {.name = "MacBinary file",
       .look = Look::opened,
       .check = is_mac_binary,
       .evidence = "its checksum, or its names and zeros",
       .opener = Kind::wrapped,
       .container = Container::mac_binary,
       .reader = "its data fork"},
      {.name = "AppleSingle file",
       .look = Look::opened,
       .check = is_apple_single,
       .evidence = "00 05 16 00 or 07, with a data fork",
       .opener = Kind::wrapped,
       .container = Container::apple_single,
       .reader = "its data fork"},

      // -- documents that are opened
      {.name = "PDF document",
       .look = Look::opened,
       .signatures = {{0, "%PDF-"sv}},
       .end = pdf_end,
       .evidence = "the same in the first 1024 bytes",
       .opener = Kind::pdf,
       .reader = "qpdf"},
      {.name = "compound file (legacy Office)",
       .look = Look::opened,
       .signatures = {{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv}},
       .opener = Kind::compound_file,
       .reader = "libgsf"},
      {.name = "RTF document",
       .look = Look::opened,
       .signatures = {{0, "{\\rt"sv}},
       .end = rtf_end,
       .evidence = "white space in front",
       .opener = Kind::rtf,
       .reader = "objects in it"},
      {.name = "TNEF (winmail.dat)",
       .look = Look::opened,
       .signatures = {{0, "\x78\x9f\x3e\x22"sv}},
       .opener = Kind::tnef,
       .reader = "its attributes"},

      // -- known, and not opened
      {.name = "ARJ archive",
       .look = Look::named,
       .signatures = {{0, "\x60\xea"sv}},
       .reason = "unsupported-archive"},
      {.name = "ACE archive",
       .look = Look::named,
       .signatures = {{7, "**ACE**"sv}},
       .reason = "unsupported-archive"},
      {.name = "ALZip archive",
       .look = Look::named,
       .signatures = {{0, "ALZ\1"sv}, {0, "EGGA"sv}},
       .reason = "unsupported-archive"},
      {.name = "StuffIt archive",
       .look = Look::named,
       .signatures = {{0, "SIT!"sv}, {0, "StuffIt"sv}, {10, "rLau"sv}},
       .reason = "unsupported-archive"},
      {.name = "RAR archive before 1.5",
       .look = Look::named,
       .signatures = {{0, "RE~^"sv}},
       .reason = "unsupported-archive"},
      {.name = "RAR archive of the future",
       .look = Look::named,
       .signatures = {{0, "Rar!\x1a"sv}},
       .reason = "unsupported-archive"},
      {.name = "Zoo archive",
       .look = Look::named,
       .signatures = {{20, "\xdc\xa7\xc4\xfd"sv}},
       .reason = "unsupported-archive"},
      {.name = "ZPAQ archive",
       .look = Look::named,
       .signatures = {{0, "7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3"sv},
                      {0, "zPQ\1"sv},
                      {0, "zPQ\2"sv}},
       .reason = "unsupported-archive"},
      {.name = "FreeArc archive",
       .look = Look::named,
       .signatures = {{0, "ArC\1"sv}},
       .reason = "unsupported-archive"},
      {.name = "JAR archive of ARJ Software",
       .look = Look::named,
       .signatures = {{14, "\x1aJar\x1b"sv}},
       .reason = "unsupported-archive"},
      {.name = "UHARC archive",
       .look = Look::named,
       .signatures = {{0, "UHA"sv}},
       .reason = "unsupported-archive"},
      {.name = "InstallShield cabinet",
       .look = Look::named,
       .signatures = {{0, "ISc("sv}},
       .reason = "unsupported-archive"},
      {.name = "thin or AIX ar archive",
       .look = Look::named,
       .signatures = {{0, "!<thin>\n"sv}, {0, "<bigaf>\n"sv}, {0, "<aiaff>\n"sv}},
       .reason = "unsupported-archive"},
      {.name = "compiled help (CHM)",
       .look = Look::named,
       .signatures = {{0, "ITSF\3\0\0\0"sv}, {0, "ITOLITLS"sv}},
       .reason = "unsupported-archive"},
      {.name = "PAR2 file",
       .look = Look::named,
       .signatures = {{0, "PAR2\0PKT"sv}},
       .reason = "unsupported-archive"},
      {.name = "Amiga archive",
       .look = Look::named,
       .signatures = {{0, "DMS!"sv}, {0, "LZX\0"sv}, {0, "XPKF"sv}, {0, "PP20"sv}},
       .reason = "unsupported-archive"},
      {.name = "WIM image",
       .look = Look::named,
       .signatures = {{0, "MSWIM\0\0\0"sv}, {0, "WLPWM\0\0\0"sv}},
       .reason = "unsupported-archive"},
      {.name = "lzop file",
       .look = Look::named,
       .signatures = {{0, "\x89LZO\0\r\n\x1a\n"sv}},
       .reason = "unsupported-archive"},
      {.name = "Zstandard file before 0.8",
       .look = Look::named,
       .signatures = {{0, "\x22\xb5\x2f\xfd"sv},
                      {0, "\x23\xb5\x2f\xfd"sv},
                      {0, "\x24\xb5\x2f\xfd"sv},
                      {0, "\x25\xb5\x2f\xfd"sv},
                      {0, "\x26\xb5\x2f\xfd"sv},
                      {0, "\x27\xb5\x2f\xfd"sv}},
       .reason = "unsupported-archive"},
      {.name = "lrzip, rzip or grzip file",
       .look = Look::named,
       .signatures = {{0, "LRZI"sv}, {0, "RZIP\2"sv}, {0, "GRZipII\0"sv}},
       .reason = "unsupported-archive"},
      {.name = "file compressed by other tools",
       .look = Look::named,
       .signatures = {{0, "BZ3v1"sv},
                      {0, "BZ0"sv},
                      {0, "bvx2"sv},
                      {0, "bvxn"sv},
                      {0, "\xff\x06\0\0sNaPpY"sv},
                      {0, "\x1f\x9e"sv},
                      {0, "\x1f\x9f"sv},
                      {0, "\x1f\xa0"sv},
                      {0, "\x1f\x1e"sv},
                      {0, "SZDD\x88\xf0\x27\x33"sv},
                      {0, "KWAJ\x88\xf0\x27\xd1"sv}},
       .reason = "unsupported-archive"},
      {.name = "VHD disk image",
       .look = Look::named,
       .signatures = {{0, "conectix"sv}, {0, "cxsparse"sv}},
       .reason = "unsupported-archive"},
      {.name = "VHDX disk image",
       .look = Look::named,
       .signatures = {{0, "vhdxfile"sv}},
       .reason = "unsupported-archive"},
      {.name = "VMDK disk image",
       .look = Look::named,
       .signatures = {{0, "KDMV"sv}, {0, "COWD"sv}},
       .reason = "unsupported-archive"},
      {.name = "other virtual disk",
       .look = Look::named,
       .signatures = {{64, "\x7f\x10\xda\xbe"sv},
                      {0, "QFI\xfb"sv},
                      {0, "QED\0"sv},
                      {0, "WithoutFreeSpace"sv},
                      {0, "WithouFreSpacExt"sv}},
       .reason = "unsupported-archive"},
      {.name = "forensic disk image",
       .look = Look::named,
       .signatures = {{0, "EVF\t\r\n\xff\0"sv}, {0, "EVF2\r\n\x81\0"sv}},
       .reason = "unsupported-archive"},
      {.name = "CD image of other tools",
       .look = Look::named,
       .signatures = {{0, "MEDIA DESCRIPTOR"sv},
                      {0, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0"sv},
                      {0, "CISO"sv},
                      {0, "ZISO"sv},
                      {0, "DAX\0"sv},
                      {0, "MComprHD"sv}},
       .reason = "unsupported-archive"},
      {.name = "sparse disk image",
       .look = Look::named,
       .signatures = {{0, "sprsbndl"sv}, {0, "sprs\0\0\0"sv}},
       .reason = "unsupported-archive"},
      {.name = "squashfs",
       .look = Look::named,
       .signatures = {{0, "hsqs"sv}, {0, "sqsh"sv}, {0, "qshs"sv}, {0, "shsq"sv}, {0, "sqlz"sv}},
       .reason = "unsupported-archive"},
      {.name = "cramfs or romfs",
       .look = Look::named,
       .signatures = {{0, "\x45\x3d\xcd\x28"sv}, {0, "\x28\xcd\x3d\x45"sv}, {0, "-rom1fs-"sv}},
       .reason = "unsupported-archive"},
      {.name = "file system of Linux",
       .look = Look::named,
       .signatures = {{1024, "\xe2\xe1\xf5\xe0"sv},
                      {1024, "\x10\x20\xf5\xf2"sv},
                      {0, "XFSB\0\0"sv}},
       .reason = "unsupported-archive"},
      {.name = "file system of Apple",
       .look = Look::named,
       .signatures = {{1024, "H+\0\4"sv}, {1024, "HX\0\5"sv}, {32, "NXSB"sv}},
       .reason = "unsupported-archive"},
      {.name = "file system of Windows",
       .look = Look::named,
       .signatures = {{3, "NTFS    "sv}, {3, "EXFAT   "sv}, {3, "ReFS\0\0\0\0"sv}},
       .reason = "unsupported-archive"},
      {.name = "encrypted DMG disk image",
       .look = Look::named,
       .signatures = {{0, "encrcdsa"sv}},
       .evidence = "cdsaencr at the end",
       .reason = "encrypted-archive"},
      {.name = "ext file system",
       .look = Look::named,
       .check = is_ext,
       .evidence = "its superblock at 1024",
       .reason = "unsupported-archive"},
      {.name = "HFS file system",
       .look = Look::named,
       .check = is_hfs,
       .evidence = "its master block at 1024",
       .reason = "unsupported-archive"},
      {.name = "FAT file system",
       .look = Look::named,
       .check = is_fat,
       .evidence = "its boot sector",
       .reason = "unsupported-archive"},
      {.name = "ARC archive",
       .look = Look::named,
       .check = is_arc,
       .evidence = "a method, a name of DOS",
       .reason = "unsupported-archive"},
      {.name = "DMG disk image",
       .look = Look::named,
       .evidence = "koly, 512 bytes before the end",
       .reason = "unsupported-archive"},
      {.name = "Nero disk image",
       .look = Look::named,
       .evidence = "NER5 or NERO at the end",
       .reason = "unsupported-archive"},
      {.name = "UDF file system",
       .look = Look::named,
       .evidence = "BEA01 or NSR0 at 32769",
       .reason = "unsupported-archive"},
      {.name = "volume of an archive",
       .look = Look::named,
       .evidence = "a ZIP directory without the files; a name such as a.7z.002, a.z01, a.part2.rar",
       .reason = "unsupported-archive"},
      {.name = "disk image",
       .look = Look::opened,
       .signatures = {{512, "EFI PART"sv}},
       .opener = Kind::disk,
       .reader = "libarchive if it is ISO 9660, else not"},
      {.name = "disk image in partitions",
       .look = Look::opened,
       .check = is_partitioned,
       .evidence = "a table of partitions",
       .opener = Kind::disk,
       .reader = "libarchive if it is ISO 9660, else not"},
      {.name = "rights-managed message (rpmsg)",
       .look = Look::named,
       .signatures = {{0, "\x76\xe8\x04\x60\xc4\x11\xe3\x86"sv}},
       .reason = "rights-managed"},
      {.name = "rights-managed file (pfile)",
       .look = Look::named,
       .signatures = {{0, ".pfile"sv}},
       .reason = "rights-managed"},
      {.name = "HWP 3 document with a password",
       .look = Look::named,
       .signatures = {{0, "HWP Document File V"sv}},
       .check = is_locked_hwp,
       .reason = "encrypted-document"},
      {.name = "WordPerfect with a password",
       .look = Look::named,
       .signatures = {{0, "\xffWPC"sv}},
       .check = is_locked_wordperfect,
       .reason = "encrypted-document"},
      {.name = "Excel workbook before 5 with a password",
       .look = Look::named,
       .signatures = {{0, "\x09\0\4\0"sv}, {0, "\x09\2\6\0"sv}, {0, "\x09\4\6\0"sv}},
       .check = is_locked_workbook,
       .reason = "encrypted-document"},
      {.name = "Access database",
       .look = Look::named,
       .signatures = {{0, "\0\1\0\0Standard Jet DB"sv},
                      {0, "\0\1\0\0Standard ACE DB"sv},
                      {0, "\0\1\0\0MSISAM Database"sv}},
       .reason = "unsupported-document"},
      {.name = "Outlook mailbox (PST, OST, DBX)",
       .look = Look::named,
       .signatures = {{0, "!BDN"sv}, {0, "\xcf\xad\x12\xfe"sv}},
       .reason = "unsupported-document"},
      {.name = "compressed Flash film (SWF)",
       .look = Look::named,
       .signatures = {{0, "CWS"sv}, {0, "ZWS"sv}},
       .check = is_flash,
       .reason = "unsupported-document"},
      {.name = "OneNote section",
       .look = Look::named,
       .signatures = {{0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"sv},
                      {0, "\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f"sv}},
       .reason = "unsupported-document"},
      {.name = "Notes database",
       .look = Look::named,
       .signatures = {{0, "\x1a\0\0\4\0\0"sv}},
       .reason = "unsupported-document"},
      {.name = "PKCS #12 file",
       .look = Look::named,
       .check = is_pkcs12,
       .evidence = "a PFX of version 3",
       .reason = "encrypted-file"},

      // -- leaves: images, sounds, films, fonts
      {.name = "PNG image",
       .look = Look::leaf,
       .signatures = {{0, "\x89PNG\r\n\x1a\n"sv}},
       .end = png_end},
      {.name = "JPEG image",
       .look = Look::leaf,
       .signatures = {{0, "\xff\xd8\xff"sv}},
       .check = is_jpeg,
       .end = jpeg_end},
      {.name = "GIF image",
       .look = Look::leaf,
       .signatures = {{0, "GIF87a"sv}, {0, "GIF89a"sv}},
       .end = gif_end},
      {.name = "TIFF image",
       .look = Look::leaf,
       .signatures = {{0, "II*\0"sv}, {0, "MM\0*"sv}, {0, "II+\0\x08\0\0\0"sv}},
       .extent = tiff_extent,
       .is_dense = true},
      {.name = "BMP image",
       .look = Look::leaf,
       .signatures = {{0, "BM"sv}},
       .check = is_bitmap,
       .end = bitmap_end},
      {.name = "Windows icon",
       .look = Look::leaf,
       .signatures = {{0, "\0\0\1\0"sv}, {0, "\0\0\2\0"sv}},
       .check = is_icon,
       .extent = icon_extent,
       .is_dense = true},
      {.name = "Photoshop image",
       .look = Look::leaf,
       .signatures = {{0, "8BPS\0\1"sv}, {0, "8BPS\0\2"sv}},
       .end = photoshop_end},
      {.name = "DjVu image",
       .look = Look::leaf,
       .signatures = {{0, "AT&TFORM"sv}},
       .end = djvu_end},
      {.name = "JPEG 2000 or JPEG XL image",
       .look = Look::leaf,
       .signatures = {{4, "jP  \r\n\x87\n"sv}, {4, "JXL \r\n\x87\n"sv}},
       .end = mpeg4_end},
      {.name = "JPEG 2000 codestream",
       .look = Look::leaf,
       .signatures = {{0, "\xff\x4f\xff\x51"sv}},
       .end = codestream_end},
      {.name = "RIFF file (WAV, AVI, WebP)",
       .look = Look::leaf,
       .signatures = {{0, "RIFF"sv}, {0, "RIFX"sv}, {0, "RF64"sv}},
       .end = riff_end},
      {.name = "IFF file (AIFF)",
       .look = Look::leaf,
       .signatures = {{0, "FORM"sv}},
       .end = riff_end},
      {.name = "MPEG 4 file (MP4, MOV, HEIC)",
       .look = Look::leaf,
       .signatures = {{4, "ftyp"sv}, {4, "moov"sv}, {4, "mdat"sv}, {4, "wide"sv}},
       .end = mpeg4_end},
      {.name = "camera's data behind a photo",
       .look = Look::leaf,
       .signatures = {{8, "Image_UTC_Data"sv},
                      {8, "MCC_Data"sv},
                      {8, "Camera_Capture"sv},
                      {8, "MotionPhoto_"sv},
                      {8, "DualShot_"sv},
                      {8, "Single_Shot"sv},
                      {8, "Original_"sv}},
       .is_dense = true},
      {.name = "Ogg file", .look = Look::leaf, .signatures = {{0, "OggS\0"sv}}, .end = ogg_end},
      {.name = "FLAC sound", .look = Look::leaf, .signatures = {{0, "fLaC"sv}}, .end = flac_end},
      {.name = "MPEG sound (MP3)",
       .look = Look::leaf,
       .signatures = {{0, "ID3"sv}},
       .types = "audio/mpeg audio/x-hx-aac-adts"sv,
       .check = is_mpeg_audio,
       .end = audio_frames_end},
      {.name = "MIDI sound", .look = Look::leaf, .signatures = {{0, "MThd"sv}}, .end = midi_end},
      {.name = "Matroska film (MKV, WebM)",
       .look = Look::leaf,
       .signatures = {{0, "\x1a\x45\xdf\xa3"sv}},
       .end = matroska_end},
      {.name = "ASF film (WMV, WMA)",
       .look = Look::leaf,
       .signatures = {{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv}},
       .end = asf_end},
      {.name = "Flash film",
       .look = Look::leaf,
       .signatures = {{0, "FLV\1"sv}},
       .end = flash_video_end},
      {.name = "MPEG film",
       .look = Look::leaf,
       .signatures = {{0, "\0\0\1\xba"sv}, {0, "\0\0\1\xb3"sv}},
       .is_dense = true},
      {.name = "font (WOFF)",
       .look = Look::leaf,
       .signatures = {{0, "wOFF"sv}, {0, "wOF2"sv}},
       .end = web_font_end},
      {.name = "font (OpenType)",
       .look = Look::leaf,
       .signatures = {{0, "OTTO\0"sv}, {0, "ttcf\0"sv}},
       .extent = font_extent,
       .is_dense = true},

      {.name = "font (Type 1, in segments)",
       .look = Look::leaf,
       .signatures = {{0, "\x80\1"sv}},
       .check = [](Bytes prefix) { return has_at(prefix, 6, "%!"sv); },
       .end = segments_end,
       .evidence = "%! at 6"},

      // -- leaves: documents with nothing in them that a password protects
      {.name = "HWP 3 document",
       .look = Look::leaf,
       .signatures = {{0, "HWP Document File V"sv}},
       .check = [](Bytes prefix) { return !is_locked_hwp(prefix); },
       .is_dense = true},
      {.name = "WordPerfect document",
       .look = Look::leaf,
       .signatures = {{0, "\xffWPC"sv}},
       .check = [](Bytes prefix) { return !is_locked_wordperfect(prefix); }},

      {.name = "Excel workbook before 5",
       .look = Look::leaf,
       .signatures = {{0, "\x09\0\4\0"sv}, {0, "\x09\2\6\0"sv}, {0, "\x09\4\6\0"sv}},
       .check = [](Bytes prefix) { return !is_locked_workbook(prefix); }},
      {.name = "AppleDouble file (of a Macintosh)",
       .look = Look::leaf,
       .signatures = {{0, "\0\5\x16\7"sv}},
       .end = apple_double_end},
      {.name = "property list or folder's view (of a Macintosh)",
       .look = Look::leaf,
       .signatures = {{0, "bplist0"sv}, {0, "\0\0\0\1Bud1"sv}}},
      {.name = "Flash film (SWF)",
       .look = Look::leaf,
       .signatures = {{0, "FWS"sv}},
       .check = is_flash,
       .end = flash_end},
      {.name = "text in UTF-16 without a mark",
       .look = Look::leaf,
       .check = is_unmarked_wide_text,
       .evidence = "ASCII and zeros"},
      {.name = "printer settings (in Excel)",
       .look = Look::leaf,
       .check = is_printer_settings,
       .end = printer_settings_end,
       .evidence = "DEVMODE"},
      {.name = "part of Pages, Numbers, Keynote",
       .look = Look::leaf,
       .check = is_iwork_part,
       .end = pieces_end,
       .evidence = "lengths of its pieces"},
      {.name = "TrueType font",
       .look = Look::leaf,
       .signatures = {{0, "\0\1\0\0\0"sv}, {0, "true\0"sv}},
       .check = is_font,
       .extent = font_extent,
       .is_dense = true},
      {.name = "obfuscated font (in Office)",
       .look = Look::leaf,
       .check = is_obfuscated_font,
       .evidence = "names of a font's tables"},
      {.name = "Windows metafile with a header",
       .look = Look::leaf,
       .signatures = {{0, "\xd7\xcd\xc6\x9a"sv}},
       .end = placeable_metafile_end},
      {.name = "Windows metafile (EMF)",
       .look = Look::leaf,
       .signatures = {{0, "\1\0\0\0"sv}},
       .check = is_enhanced_metafile,
       .end = enhanced_metafile_end,
       .evidence = "EMF at 41"},
      {.name = "Windows metafile (WMF)",
       .look = Look::leaf,
       .signatures = {{0, "\1\0\x09\0"sv}, {0, "\2\0\x09\0"sv}},
       .check = is_metafile,
       .end = metafile_end},
      {.name = "binary sheet (in Excel)",
       .look = Look::leaf,
       .signatures = {{0, "\x83\1\0"sv},
                      {0, "\x81\1\0"sv},
                      {0, "\x96\2\0"sv},
                      {0, "\x9f\1\x08"sv},
                      {0, "\xf4\4\0"sv},
                      {0, "\x90\4\0"sv},
                      {0, "\x2a\x18\0\0\0\0"sv},
                      {0, "\xe8\2"sv}},
       .check = is_binary_sheet},
      {.name = "equation (in Office)", .look = Look::leaf, .signatures = {{0, "\x1c\0\0\0\2\0"sv}}},
      {.name = "layout cache (in OpenDocument)",
       .look = Look::leaf,
       .check = is_layout_cache,
       .evidence = "a record of all of it"},
      {.name = "StarView metafile", .look = Look::leaf, .signatures = {{0, "VCLMTF"sv}}},

      // what a metafile begins with is plausible as well
      {.name = "lzma file",
       .look = Look::opened,
       .check = is_lzma,
       .evidence = "plausible properties, sizes and first byte",
       .opener = Kind::archive,
       .container = Container::lzma,
       .reader = "libarchive"},

      // -- leaves: programs and data
      {.name = "Java module",
       .look = Look::leaf,
       .signatures = {{0, "JM\1\0PK\3\4"sv}},
       .end = java_module_end},
      {.name = "script with an archive",
       .look = Look::leaf,
       .signatures = {{0, "#!"sv}},
       .check = is_script_with_archive,
       .end = script_end,
       .evidence = "PK\\x03\\x04 behind its first line"},
      {.name = "Chrome extension",
       .look = Look::leaf,
       .signatures = {{0, "Cr24\2\0\0\0"sv}, {0, "Cr24\3\0\0\0"sv}},
       .end = extension_end},
      {.name = "program (ELF)",
       .look = Look::leaf,
       .signatures = {{0, "\x7f"
                          "ELF"sv}},
       .extent = elf_extent,
       .is_dense = true},
      {.name = "program (Windows, MS-DOS)",
       .look = Look::leaf,
       .signatures = {{0, "MZ"sv}},
       .check = is_exe,
       .extent = exe_extent,
       .is_dense = true},
      {.name = "Java class", .look = Look::leaf, .signatures = {{0, "\xca\xfe\xba\xbe\0"sv}}},
      {.name = "program (WebAssembly)",
       .look = Look::leaf,
       .signatures = {{0, "\0asm\1\0\0\0"sv}},
       .end = wasm_end},
      {.name = "SQLite database",
       .look = Look::leaf,
       .signatures = {{0, "SQLite format 3\0"sv}},
       .end = database_end},
      {.name = "message catalogue",
       .look = Look::leaf,
       .signatures = {{0, "\xde\x12\x04\x95"sv}, {0, "\x95\x04\x12\xde"sv}},
       .extent = catalogue_extent},
      {.name = "checksum of a library (NSS)",
       .look = Look::leaf,
       .signatures = {{0, "\xf1\xc5\1\2"sv}},
       .is_dense = true},
      {.name = "table of words (libdatrie)",
       .look = Look::leaf,
       .signatures = {{0, "\xd9\xfc\xd9\xfc"sv}}},
      {.name = "topology of a sound card", .look = Look::leaf, .signatures = {{0, "CoSA"sv}}},
      {.name = "vim's spelling",
       .look = Look::leaf,
       .signatures = {{0, "VIMspell"sv}, {0, "VIMsug"sv}}},
      {.name = "time zone", .look = Look::leaf, .signatures = {{0, "TZif"sv}}},
      {.name = "PostScript",
       .look = Look::leaf,
       .signatures = {{0, "%!PS"sv}, {0, "\xc5\xd0\xd3\xc6"sv}},
       .is_dense = true},
      {.name = "certificate",
       .look = Look::leaf,
       .check = is_certificate,
       .end = der_end,
       .evidence = "X.509 v3 in DER"},
      {.name = "certificate revocation list",
       .look = Look::leaf,
       .check = is_revocation_list,
       .end = der_end,
       .evidence = "X.509 in DER"},
      {.name = "certificate request",
       .look = Look::leaf,
       .check = is_certificate_request,
       .end = der_end,
       .evidence = "PKCS #10 in DER"},
      {.name = "public key",
       .look = Look::leaf,
       .check = is_public_key,
       .end = der_end,
       .evidence = "SubjectPublicKeyInfo in DER"},
      {.name = "request for a time stamp",
       .look = Look::leaf,
       .check = is_time_stamp_request,
       .end = der_end,
       .evidence = "RFC 3161 in DER"},
      {.name = "private key",
       .look = Look::leaf,
       .check = is_private_key,
       .end = der_end,
       .evidence = "PKCS #1 or PKCS #8 in DER"},
      {.name = "text in UTF-16 or UTF-32",
       .look = Look::leaf,
       .signatures = {{0, "\xff\xfe"sv}, {0, "\xfe\xff"sv}},
       .check = is_wide_text},
      {.name = "image", .look = Look::leaf, .types = "image/"sv, .is_dense = true},
      {.name = "sound", .look = Look::leaf, .types = "audio/"sv, .is_dense = true},
      {.name = "film", .look = Look::leaf, .types = "video/"sv, .is_dense = true},
      {.name = "font",
       .look = Look::leaf,
       .types = "font/ application/vnd.ms-opentype application/vnd.ms-fontobject "
                "application/x-font-ttf application/x-font-pf2 application/x-font-pfm "
                "application/x-font-sfn application/x-font-type1 application/x-tex-tfm"sv,
       .is_dense = true},
      {.name = "model", .look = Look::leaf, .types = "model/ chemical/"sv},
      {.name = "program",
       .look = Look::leaf,
       .types = "application/x-executable application/x-pie-executable application/x-sharedlib "
                "application/x-object application/x-coredump application/x-dosexec "
                "application/vnd.microsoft.portable-executable application/x-mach-binary "
                "application/x-java-applet application/x-bytecode.python application/x-elc "
                "application/javascript application/wasm"sv},
      {.name = "data",
       .look = Look::leaf,
       .types = "application/vnd.sqlite3 application/x-sqlite3 application/x-dbm "
                "application/x-gdbm application/x-numpy-data application/x-terminfo "
                "application/x-terminfo2 application/x-gettext-translation application/x-dvi "
                "application/x-ms-shortcut application/x-ms-evtx application/json"sv,
       .words = "glibc locale file|gconv module configuration|Public Suffix List data|a.out |"
                "Windows Event Log|MS Windows registry|Berkeley DB|GNU dbm"sv},
      {.name = "data that may be compressed",
       .look = Look::leaf,
       .types = "application/x-hdf5 application/x-hdf application/x-netcdf "
                "application/x-matlab-data application/x-git application/vnd.tcpdump.pcap "
                "application/x-grib application/x-ms-pdb application/x-winhelp "
                "application/postscript application/x-bittorrent application/x-java-keystore "
                "application/x-java-jce-keystore application/x-riff"sv,
       .words = "LLVM IR bitcode|Pascal unit|OpenPGP Public Key|OpenPGP Secret Key|Linux kernel|"
                "Git pack|Git index"sv,
       .is_dense = true},
  };
}

bool has_signature(Bytes prefix, const KindRow &row) {
  if (row.signatures.empty())
    return row.check != nullptr && row.types.empty() && row.check(prefix);
  bool found =
      std::any_of(row.signatures.begin(), row.signatures.end(), [&](const Signature &signature) {
        return has_at(prefix, signature.offset, signature.bytes);
      });
  return found && (row.check == nullptr || row.check(prefix));
}

// Whether it is so of one of the entries of a list.
template <typename Test> bool any_of_list(std::string_view list, char separator, Test test) {
  while (!list.empty()) {
    std::string_view entry = list.substr(0, list.find(separator));
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
    if (test(entry))
      return true;
  }
  return false;
}

bool has_type(const KindRow &row, std::string_view type) {
  return any_of_list(row.types, ' ', [&](std::string_view entry) {
    return entry == type || (entry.ends_with('/') && type.starts_with(entry));
  });
}

std::string printable(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '\\')
      text += c;
    else
      text.append("\\x") += {digits[byte >> 4U], digits[byte & 15U]};
  }
  return text;
}

std::string evidence_of(const KindRow &row) {
  std::string text;
  auto add = [&](const std::string &word) { text += (text.empty() ? "" : ", ") + word; };
  for (const Signature &signature : row.signatures)
    add(printable(signature.bytes) +
        (signature.offset == 0 ? "" : " at " + std::to_string(signature.offset)));
  if (!row.evidence.empty())
    add(std::string(row.evidence));
  if (!row.types.empty())
    add("libmagic: " + std::string(row.types));
  if (!row.words.empty())
    add("libmagic: " + std::string(row.words));
  return text;
}

std::string look_of(const KindRow &row) {
  switch (row.look) {
  case Look::leaf: return std::string(engine);
  case Look::opened: return std::string(row.reader);
  case Look::named: return "not: " + std::string(row.reason);
  }
  return {};
}

} // namespace

const std::vector<KindRow> &kinds() {
  static const std::vector<KindRow> table = [] {
    std::vector<KindRow> rows = make_table();
    rows.insert(rows.end(), encrypted_file_kinds().begin(), encrypted_file_kinds().end());
    rows.insert(rows.end(), record_kinds().begin(), record_kinds().end());
    return rows;
  }();
  return table;
}

const KindRow &kind_named(std::string_view name) {
  for (const KindRow &row : kinds()) {
    if (row.name == name)
      return row;
  }
  std::abort();
}

const KindRow *recognise(Bytes prefix, std::string_view magic_type) {
  for (const KindRow &row : kinds()) {
    if (has_signature(prefix, row))
      return &row;
  }
  if (magic_type.empty() || looks_like_chance(prefix))
    return nullptr;
  for (const KindRow &row : kinds()) {
    if (has_type(row, magic_type))
      return &row;
  }
  return nullptr;
}

const KindRow *recognise_words(Bytes prefix, std::string_view words) {
  if (looks_like_chance(prefix))
    return nullptr;
  for (const KindRow &row : kinds()) {
    if (any_of_list(row.words, '|',
                    [&](std::string_view entry) { return words.starts_with(entry); }))
      return &row;
  }
  return nullptr;
}

// Pearson's test: of encrypted bytes the sum is 255 with a deviation of 23, whatever their number.
// What a format begins with is far above, a table of numbers or compressed bytes alone are not.
bool looks_like_chance(Bytes bytes) {
  constexpr std::size_t least = 48;
  constexpr double most = 400;
  if (bytes.size() < least)
    return false;
  std::array<std::uint32_t, 256> counts{};
  for (unsigned char byte : bytes)
    counts[byte]++;
  double expected = static_cast<double>(bytes.size()) / 256;
  double sum = 0;
  for (std::uint32_t count : counts)
    sum += (count - expected) * (count - expected) / expected;
  return sum < most;
}

double bits_of_a_byte(const std::uint64_t (&counts)[256]) {
  double all = 0;
  for (std::uint64_t count : counts)
    all += static_cast<double>(count);
  double bits = 0;
  for (std::uint64_t count : counts) {
    if (count != 0)
      bits -= static_cast<double>(count) / all * std::log2(static_cast<double>(count) / all);
  }
  return bits;
}

std::string kinds_as_text() {
  constexpr std::size_t name_width = 34;
  constexpr std::size_t look_width = 28;
  std::string text =
      "KIND                              LOOKED INTO BY              RECOGNISED BY\n";
  auto padded = [](std::string word, std::size_t width) {
    word.resize(std::max(width, word.size() + 1), ' ');
    return word;
  };
  for (const KindRow &row : kinds())
    text += padded(std::string(row.name), name_width) + padded(look_of(row), look_width) +
            evidence_of(row) + "\n";
  return text + padded("unrecognised", name_width) + padded("not: unrecognised", look_width) +
         "everything else\n";
}

} // namespace smime
