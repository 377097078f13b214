#include "scanner/formats/records.h"

#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

namespace smime {
namespace {

using namespace std::string_view_literals;

// DICOM part 10: 128 bytes of anything, a mark, and elements of a tag, a kind and a length.
constexpr std::size_t dicom_mark_at = 128;
constexpr std::string_view dicom_mark = "DICM";

// Kinds whose length has four bytes, behind two that are reserved.
bool has_long_length(std::string_view kind) {
  constexpr std::array kinds{"OB"sv, "OD"sv, "OF"sv, "OL"sv, "OV"sv, "OW"sv, "SQ"sv,
                             "SV"sv, "UC"sv, "UN"sv, "UR"sv, "UT"sv, "UV"sv};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool is_kind_of_value(std::string_view kind) {
  constexpr std::array kinds{"AE"sv, "AS"sv, "AT"sv, "CS"sv, "DA"sv, "DS"sv, "DT"sv,
                             "FD"sv, "FL"sv, "IS"sv, "LO"sv, "LT"sv, "PN"sv, "SH"sv,
                             "SL"sv, "SS"sv, "ST"sv, "TM"sv, "UI"sv, "UL"sv, "US"sv};
  return has_long_length(kind) || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// Of an element with that header, whose kind may not be told.
std::uint32_t value_length(Bytes header) {
  return is_kind_of_value(as_text(header.subspan(4, 2))) ? le16(&header[6]) : le32(&header[4]);
}

// Elements of group 8 alone, as they were kept before part 10: in their order, and each of an even
// length.
bool is_bare_dicom(Bytes prefix) {
  constexpr std::size_t header = 8;
  constexpr std::uint32_t longest = 256;
  constexpr unsigned enough = 4;
  unsigned seen = 0;
  std::uint32_t last = 0;
  for (std::size_t at = 0; seen < enough && at + header <= prefix.size(); seen++) {
    std::uint32_t tag = le16(&prefix[at]) << 16U | le16(&prefix[at + 2]);
    std::uint32_t length = value_length(prefix.subspan(at));
    if ((seen == 0 && le16(&prefix[at]) != 8) || tag <= last || length > longest || length % 2 != 0)
      return false;
    last = tag;
    at += header + length;
  }
  return seen == enough;
}

// The elements one after the other; those in sequences are among them. Big-endian and deflated
// data sets are read to the end of the file.
class DicomEnd : public FileEnd {
public:
  enum class From : bool { mark, element };
  explicit DicomEnd(From from) : has_begun_(from == From::element) {
    want(has_begun_ ? 8 : dicom_mark_at + dicom_mark.size());
  }

private:
  static constexpr std::uint32_t unknown_length = 0xffffffff;
  static constexpr std::uint32_t of_items = 0xfffe;
  static constexpr std::uint32_t of_picture = 0x7fe0;
  static constexpr std::uint32_t first_behind = 0xfffa;

  void read(Bytes element) override {
    if (!has_begun_)
      return begin(element);
    std::uint32_t group = le16(&element[0]);
    if (in_syntax_) {
      in_syntax_ = false;
      has_syntax_ = true;
      std::string_view syntax = as_text(element);
      is_explicit_ = !syntax.starts_with("1.2.840.10008.1.2\0"sv);
      is_other_ = syntax.starts_with("1.2.840.10008.1.2.2\0"sv) ||
                  syntax.starts_with("1.2.840.10008.1.2.1.99"sv);
      return want(8);
    }
    // Behind the picture stand padding and signatures, and nothing else.
    is_behind_picture_ = is_behind_picture_ || group == of_picture;
    if (is_behind_picture_ && group != of_picture && group < first_behind)
      return end_before();
    if (!has_syntax_ && group != 2) {
      if (has_mark_)
        return end_before();
      has_syntax_ = true;
      is_explicit_ = is_kind_of_value(as_text(element.subspan(4, 2)));
    }
    // The elements of group 2 are always explicit.
    bool is_meta = group == 2;
    if (!is_meta && is_other_)
      return end_after(UINT64_MAX);
    if (group == of_items)
      return take_value(element, le32(&element[4]));
    if (!is_meta && !is_explicit_)
      return take_value(element, le32(&element[4]));
    std::string_view kind = as_text(element.subspan(4, 2));
    if (!is_kind_of_value(kind))
      return end_before();
    if (!has_long_length(kind))
      return take_value(element, le16(&element[6]));
    constexpr std::size_t long_header = 12;
    if (element.size() < long_header)
      return want_longer(long_header);
    take_value(element, le32(&element[8]));
  }

  void begin(Bytes element) {
    has_begun_ = true;
    if (!as_text(element).substr(dicom_mark_at).starts_with(dicom_mark))
      return end_before();
    want(8);
  }

  // What has no length is a sequence or an item, and what is in it follows.
  void take_value(Bytes element, std::uint32_t length) {
    constexpr std::uint32_t most_of_syntax = 64;
    bool is_syntax = !has_syntax_ && le16(&element[0]) == 2 && le16(&element[2]) == 0x10;
    bool is_item = le16(&element[0]) == of_items;
    want(8);
    if (is_syntax && length > 0 && length <= most_of_syntax) {
      in_syntax_ = true;
      return want(length);
    }
    // An item's elements follow as well, but where it is a piece of a picture.
    if (length == unknown_length)
      in_pieces_ = le16(&element[0]) == of_picture;
    else if (!is_item && le16(&element[0]) % 2 == 1)
      skip_unread(length); // of whoever made the program
    else if (!is_item || in_pieces_)
      skip(length);
  }

  bool has_begun_;
  bool has_mark_ = !has_begun_;
  bool is_behind_picture_ = false;
  bool in_syntax_ = false;
  bool has_syntax_ = false;
  bool is_explicit_ = true;
  bool is_other_ = false;
  bool in_pieces_ = false;
};

// dBase: the size of the header, and so many records of so many bytes; a byte may end it.
std::uint64_t table_size(Bytes head) {
  return le16(&head[8]) + static_cast<std::uint64_t>(le32(&head[4])) * le16(&head[10]) + 1;
}
// Stereolithography: 80 bytes of anything, and so many triangles.
std::uint64_t surface_size(Bytes head) { return 84 + 50ULL * le32(&head[80]); }
// ESRI's shapefiles, in words of two bytes.
std::uint64_t shape_size(Bytes head) { return 2 * big_endian(head.subspan(24, 4)); }

std::unique_ptr<FileEnd> dicom_end() { return std::make_unique<DicomEnd>(DicomEnd::From::mark); }
std::unique_ptr<FileEnd> bare_dicom_end() {
  return std::make_unique<DicomEnd>(DicomEnd::From::element);
}
std::unique_ptr<FileEnd> table_end() { return std::make_unique<SizedEnd>(12, table_size); }
std::unique_ptr<FileEnd> surface_end() { return std::make_unique<SizedEnd>(84, surface_size); }
std::unique_ptr<FileEnd> shape_end() { return std::make_unique<SizedEnd>(28, shape_size); }

// A file of columns ends as it begins; what does not is none.
template <std::size_t size> Extent ends_with(const Window &file, const char (&mark)[size]) {
  constexpr std::size_t length = size - 1;
  std::array<char, length> last{};
  std::uint64_t at = file.size() - std::min<std::uint64_t>(file.size(), length);
  bool is_there = file.read(at, reinterpret_cast<unsigned char *>(last.data()), length) == length &&
                  std::equal(last.begin(), last.end(), mark);
  return Claimed{is_there ? file.size() : length};
}
Extent parquet_extent(const Window &file) { return ends_with(file, "PAR1"); }
// The last byte says how long what describes the file is, which ends with a mark.
Extent orc_extent(const Window &file) {
  constexpr std::size_t length = 4;
  std::array<unsigned char, length> last{};
  bool is_there = file.size() > length &&
                  file.read(file.size() - length, last.data(), length) == length &&
                  as_text(last).starts_with("ORC");
  return Claimed{is_there ? file.size() : length};
}
Extent arrow_extent(const Window &file) { return ends_with(file, "ARROW1"); }

// 0, or of a size that something has.
bool is_measure(float number) {
  return number == 0 || (std::isfinite(number) && std::fabs(number) > 1e-20F);
}

// The first triangles: a direction of the length 1, or none.
bool is_surface(Bytes prefix) {
  constexpr std::size_t header = 84;
  constexpr std::size_t triangle = 50;
  constexpr std::uint32_t most = 20'000'000;
  constexpr std::size_t enough = 8;
  if (prefix.size() < header + triangle || le32(&prefix[80]) == 0 || le32(&prefix[80]) > most)
    return false;
  std::size_t last = std::min<std::size_t>(le32(&prefix[80]), enough);
  bool has_direction = false;
  for (std::size_t i = 0; i < last && header + (i + 1) * triangle <= prefix.size(); i++) {
    std::array<float, 12> numbers;
    std::memcpy(numbers.data(), &prefix[header + i * triangle], sizeof(numbers));
    if (!std::all_of(numbers.begin(), numbers.end(), is_measure))
      return false;
    float length = std::hypot(numbers[0], numbers[1], numbers[2]);
    bool is_direction = std::fabs(length - 1) < 0.02F;
    if (!is_direction && length != 0)
      return false;
    has_direction = has_direction || is_direction;
  }
  return has_direction;
}

// A version, the date of the last change, and fields of 32 bytes with an end behind them.
bool is_dbase(Bytes prefix) {
  constexpr std::array<unsigned char, 14> versions{0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32,
                                                   0x43, 0x63, 0x7b, 0x83, 0x8b, 0xcb, 0xf5};
  constexpr std::size_t field = 32;
  if (prefix.size() < field + 1 ||
      std::find(versions.begin(), versions.end(), prefix[0]) == versions.end())
    return false;
  std::size_t header = le16(&prefix[8]);
  bool has_date = prefix[2] >= 1 && prefix[2] <= 12 && prefix[3] >= 1 && prefix[3] <= 31;
  if (!has_date || header < 2 * field + 1 || le16(&prefix[10]) == 0 || prefix[12] != 0 ||
      prefix[13] != 0)
    return false;
  // Of a long header the end is not here.
  for (std::size_t at = field; at + field <= prefix.size() && at < header; at += field) {
    if (prefix[at] == '\r')
      return true;
    if (prefix[at] < ' ' || prefix[at + 11] < 'A' || prefix[at + 11] > 'Z')
      return false;
  }
  return true;
}

// LASzip says so in the format of the points.
bool is_packed_scan(Bytes prefix) {
  constexpr std::size_t format_at = 104;
  return prefix.size() <= format_at || prefix[format_at] >= 0x80;
}

// Interchanges whose separators are control characters.
bool is_interchange(Bytes prefix) {
  std::string_view text = as_text(prefix);
  bool begins = text.starts_with("ISA") || text.starts_with("UNB") || text.starts_with("UNA");
  return begins && text.size() > 16 &&
         std::all_of(prefix.begin(), prefix.end(), [](unsigned char c) {
           return c >= 0x1c ? c != 0x7f : (c == '\r' || c == '\n' || c == '\t');
         });
}

// European Data Format and BioSemi's: a date with points behind two names of 80 letters.
bool is_recording(Bytes prefix) {
  constexpr std::size_t date_at = 168;
  return prefix.size() >= 256 && prefix[date_at + 2] == '.' && prefix[date_at + 5] == '.' &&
         prefix[date_at + 10] == '.' && prefix[date_at + 13] == '.';
}

bool has_schema(Bytes prefix) {
  return as_text(prefix).substr(0, 64).find("avro.") != as_text(prefix).npos;
}

// The number of variables, and a date in words.
bool is_old_stata(Bytes prefix) {
  return prefix.size() > 109 && (prefix[1] == 1 || prefix[1] == 2) && prefix[2] == 1 &&
         prefix[3] == 0;
}

} // namespace

const std::vector<KindRow> &record_kinds() {
  static const std::vector<KindRow> rows{
      {.name = "DICOM image",
       .look = Look::leaf,
       .signatures = {{dicom_mark_at, dicom_mark}},
       .end = dicom_end},
      {.name = "DICOM image without its first bytes",
       .look = Look::leaf,
       .check = is_bare_dicom,
       .end = bare_dicom_end,
       .evidence = "elements of group 8"},
      {.name = "dBase table",
       .look = Look::leaf,
       .check = is_dbase,
       .end = table_end,
       .evidence = "a version, a date, and fields of 32 bytes"},
      {.name = "surface of a body (STL)",
       .look = Look::leaf,
       .check = is_surface,
       .end = surface_end,
       .evidence = "triangles with a direction"},
      {.name = "drawing (DWG)",
       .look = Look::leaf,
       .signatures = {{0, "AC1009\0"sv},
                      {0, "AC1012\0"sv},
                      {0, "AC1014\0"sv},
                      {0, "AC1015\0"sv},
                      {0, "AC1018\0"sv},
                      {0, "AC1021\0"sv},
                      {0, "AC1024\0"sv},
                      {0, "AC1027\0"sv},
                      {0, "AC1032\0"sv}},
       .is_dense = true},
      {.name = "drawing (binary DXF)",
       .look = Look::leaf,
       .signatures = {{0, "AutoCAD Binary DXF\r\n\x1a\0"sv}}},
      {.name = "shapefile",
       .look = Look::leaf,
       .signatures = {{0, "\0\0\x27\x0a\0\0\0\0\0\0\0\0"sv}},
       .end = shape_end},
      {.name = "laser scan (LAS)",
       .look = Look::leaf,
       .signatures = {{0, "LASF\0\0"sv}},
       .check = [](Bytes prefix) { return !is_packed_scan(prefix); }},
      {.name = "compressed laser scan (LAZ)",
       .look = Look::named,
       .signatures = {{0, "LASF\0\0"sv}},
       .check = is_packed_scan,
       .reason = "unsupported-document"},
      {.name = "table (Parquet)",
       .look = Look::leaf,
       .signatures = {{0, "PAR1"sv}},
       .extent = parquet_extent,
       .is_dense = true,
       .evidence = "the same at the end"},
      {.name = "encrypted table (Parquet)",
       .look = Look::named,
       .signatures = {{0, "PARE"sv}},
       .reason = "encrypted-file"},
      {.name = "table (Arrow)",
       .look = Look::leaf,
       .signatures = {{0, "ARROW1\0\0"sv}},
       .extent = arrow_extent,
       .is_dense = true,
       .evidence = "the same at the end"},
      {.name = "table (ORC)",
       .look = Look::leaf,
       .signatures = {{0, "ORC"sv}},
       .check = [](Bytes prefix) { return !looks_like_chance(prefix); },
       .extent = orc_extent,
       .is_dense = true,
       .evidence = "the same at the end"},
      {.name = "records (Avro)",
       .look = Look::leaf,
       .signatures = {{0, "Obj\1"sv}},
       .check = has_schema,
       .is_dense = true},
      {.name = "SAS data set",
       .look = Look::leaf,
       .signatures = {{12, "\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc7\x31\x8c"sv}}},
      {.name = "SPSS data", .look = Look::leaf, .signatures = {{0, "$FL2@(#)"sv}}},
      {.name = "compressed SPSS data",
       .look = Look::leaf,
       .signatures = {{0, "$FL3@(#)"sv}},
       .is_dense = true},
      {.name = "SPSS data with a password",
       .look = Look::named,
       .signatures = {{0, "\x1c\0\0\0\0\0\0\0ENCRYPTED"sv}},
       .reason = "encrypted-document"},
      {.name = "Stata data", .look = Look::leaf, .signatures = {{0, "<stata_dta>"sv}}},
      {.name = "Stata data before 13",
       .look = Look::leaf,
       .signatures = {{0, "\x6e"sv}, {0, "\x6f"sv}, {0, "\x71"sv}, {0, "\x72"sv}, {0, "\x73"sv}},
       .check = is_old_stata},
      {.name = "R's data",
       .look = Look::leaf,
       .signatures = {{0, "X\n\0\0\0"sv}, {0, "RDX2\nX\n"sv}, {0, "RDX3\nX\n"sv}}},
      {.name = "NumPy array", .look = Look::leaf, .signatures = {{0, "\x93NUMPY"sv}}},
      {.name = "recording of signals (EDF, BDF)",
       .look = Look::leaf,
       .signatures = {{0, "0       "sv},
                      {0, "\xff"
                          "BIOSEMI"sv}},
       .check = is_recording},
      {.name = "interchange (X12, EDIFACT)",
       .look = Look::leaf,
       .check = is_interchange,
       .evidence = "ISA, UNB or UNA, and separators of control characters"},
  };
  return rows;
}

} // namespace smime
