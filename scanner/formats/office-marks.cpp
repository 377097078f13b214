#include "scanner/formats/office-marks.h"

#include "common/ascii.h"
#include "scanner/base/little-endian.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

using namespace std::string_view_literals;

constexpr std::array password_names{"encryptedpackage"sv, "encryptedsummary"sv};
constexpr std::array rights_names{"\tdrmcontent"sv, "\tdrmviewercontent"sv, "\tdrmtransform"sv,
                                  "drmencryptedtransform"sv};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size> &names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_encrypted_word(Bytes stream) {
  constexpr std::size_t flags_at = 10;
  return stream.size() >= flags_at + 2 && (le16(&stream[flags_at]) & 0x0100U) != 0;
}

// BOF, WriteProtect and the like come before FilePass (MS-XLS section 2.1.7.20.3).
bool is_encrypted_workbook(Bytes stream) {
  constexpr unsigned max_records = 64;
  constexpr unsigned record_filepass = 0x2f;
  LittleEndian reader(stream);
  for (unsigned i = 0; i < max_records; i++) {
    unsigned record = reader.u16();
    (void)reader.take(reader.u16());
    if (record == record_filepass)
      return true;
    if (reader.failed())
      return false;
  }
  return false;
}

bool is_encrypted_presentation(Bytes stream) {
  constexpr std::size_t token_at = 12;
  return stream.size() >= token_at + 4 && le32(&stream[token_at]) == 0xf3d1c4df;
}

Protection hangul_protection(Bytes stream) {
  constexpr std::string_view signature = "HWP Document File";
  constexpr std::size_t properties_at = 36;
  std::string_view text = as_text(stream);
  if (!text.starts_with(signature) || stream.size() < properties_at + 4)
    return Protection::none;
  constexpr unsigned password = 1U << 1U;
  constexpr unsigned certificate = 1U << 8U;
  constexpr unsigned rights = 1U << 4U | 1U << 10U; // DRM, and DRM by certificate
  unsigned properties = le32(&stream[properties_at]);
  if ((properties & (password | certificate)) != 0)
    return Protection::password;
  return (properties & rights) != 0 ? Protection::rights : Protection::none;
}

} // namespace

Protection protection_by_name(std::string_view name) {
  if (is_one_of(rights_names, name))
    return Protection::rights;
  return is_one_of(password_names, name) ? Protection::password : Protection::none;
}

bool has_protection_marks(std::string_view name) {
  static constexpr std::array names{"worddocument"sv, "workbook"sv, "book"sv, "current user"sv,
                                    "fileheader"sv};
  return is_one_of(names, name);
}

Protection protection_by_content(std::string_view name, Bytes beginning) {
  if (name == "fileheader")
    return hangul_protection(beginning);
  bool is_encrypted =
      (name == "worddocument" && is_encrypted_word(beginning)) ||
      ((name == "workbook" || name == "book") && is_encrypted_workbook(beginning)) ||
      (name == "current user" && is_encrypted_presentation(beginning));
  return is_encrypted ? Protection::password : Protection::none;
}

} // namespace smime
