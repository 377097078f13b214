#include "scanner/formats/compound-directory.h"

#include "common/ascii.h"
#include "scanner/base/little-endian.h"

#include <algorithm>
#include <string_view>

namespace smime {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_streams = 64;
constexpr std::uint32_t small_sector_size = 64;
constexpr std::uint32_t small_stream_limit = 4096;

// Versions of the format of Word 97 to 2007 (MS-DOC section 2.5.1).
constexpr std::uint32_t first_word = 0x00c1;
constexpr std::uint32_t last_word = 0x0112;

enum class EntryType : unsigned char { storage = 1, stream = 2, root = 5 };

// The name, its length, the type and the colour of an entry fit each other.
bool is_entry(Bytes entry) {
  std::uint32_t length = le16(&entry[64]);
  auto type = static_cast<EntryType>(entry[66]);
  return length >= 4 && length <= 64 && length % 2 == 0 && entry[67] <= 1 &&
         (type == EntryType::storage || type == EntryType::stream || type == EntryType::root) &&
         entry[length - 2] == 0 && entry[length - 1] == 0;
}

// In small letters; what is not ASCII is none of the names that are looked for.
std::string entry_name(Bytes entry) {
  std::string name;
  for (std::size_t at = 0; at + 2 < le16(&entry[64]); at += 2)
    name += entry[at + 1] == 0 ? static_cast<char>(entry[at]) : '?';
  return lower(name);
}

} // namespace

// Sectors are multiples of an entry's size, and so is the header.
void CompoundDirectory::feed(Bytes bytes) {
  while (!bytes.empty()) {
    auto filled = static_cast<std::size_t>(seen_ % entry_size);
    std::size_t taken = std::min(entry_size - filled, bytes.size());
    bool is_whole = filled + taken == entry_size;
    Bytes entry = bytes.first(taken);
    if (filled > 0 || !is_whole) {
      std::copy(entry.begin(), entry.end(), partial_.begin() + static_cast<std::ptrdiff_t>(filled));
      entry = partial_;
    }
    seen_ += taken;
    if (is_whole)
      take_record(entry);
    bytes = bytes.subspan(taken);
  }
}

void CompoundDirectory::take_record(Bytes record) {
  constexpr std::uint64_t smallest_sector = 512;
  std::uint64_t at = seen_ - entry_size;
  if (at == 0)
    take_header(record);
  else if (is_entry(record))
    take_entry(record);
  else if (at % smallest_sector == 0)
    take_stream_start(record);
}

// A stream may begin where nothing is kept any more; what these two begin with is known.
void CompoundDirectory::take_stream_start(Bytes record) {
  std::string_view text = as_text(record);
  if (text.starts_with("\xec\xa5"sv) && le16(&record[2]) >= first_word &&
      le16(&record[2]) <= last_word)
    has_password_start_ = has_password_start_ ||
                          protection_by_content("worddocument", record) == Protection::password;
  else if (text.starts_with("\x09\x08\x10\0\0\6\5\0"sv) ||
           text.starts_with("\x09\x08\x08\0\0\5\5\0"sv))
    has_password_start_ =
        has_password_start_ || protection_by_content("workbook", record) == Protection::password;
}

void CompoundDirectory::take_header(Bytes header) {
  constexpr std::size_t sector_shift_at = 30;
  if (le16(&header[sector_shift_at]) == 12)
    sector_size_ = 4096;
}

void CompoundDirectory::take_entry(Bytes entry) {
  Stream stream{entry_name(entry), le32(&entry[116]), le32(&entry[120])};
  if (static_cast<EntryType>(entry[66]) == EntryType::root && small_streams_start_ == 0)
    small_streams_start_ = stream.start;
  Protection by_name = protection_by_name(stream.name);
  has_password_ = has_password_ || by_name == Protection::password;
  has_rights_ = has_rights_ || by_name == Protection::rights;
  if (has_protection_marks(stream.name) && streams_.size() < max_streams)
    streams_.push_back(std::move(stream));
}

std::uint64_t CompoundDirectory::offset_of(const Stream &stream) const {
  auto sector_offset = [this](std::uint32_t sector) {
    return (std::uint64_t{sector} + 1) * sector_size_;
  };
  // Small streams are in one stream, which is written in one go as a rule.
  if (stream.size < small_stream_limit)
    return sector_offset(small_streams_start_) + std::uint64_t{stream.start} * small_sector_size;
  return sector_offset(stream.start);
}

Protection CompoundDirectory::protection(const Window &window) const {
  if (has_rights_)
    return Protection::rights;
  if (has_password_ || (has_password_start_ && !streams_.empty()))
    return Protection::password;
  for (const Stream &stream : streams_) {
    // The first sector is one piece, whatever becomes of the others.
    std::array<unsigned char, 512> beginning{};
    std::size_t wanted = std::min<std::size_t>(beginning.size(), stream.size);
    std::size_t size = window.read(offset_of(stream), beginning.data(), wanted);
    Protection found = protection_by_content(stream.name, Bytes(beginning).first(size));
    if (found != Protection::none)
      return found;
  }
  return Protection::none;
}

bool has_lone_root(Bytes file) {
  constexpr std::size_t header_size = 512;
  constexpr std::size_t sector_shift_at = 30;
  constexpr std::size_t directory_at = 48;
  constexpr std::size_t entry_size = 128;
  constexpr std::size_t type_at = 66;
  constexpr std::size_t left_at = 68;
  constexpr std::size_t right_at = 72;
  constexpr std::uint32_t nobody = 0xffffffff;
  constexpr unsigned largest_shift = 20;
  if (file.size() < header_size || le16(&file[sector_shift_at]) > largest_shift)
    return false;
  std::uint64_t sector_size = std::uint64_t{1} << le16(&file[sector_shift_at]);
  std::uint64_t root_at = std::max<std::uint64_t>(header_size, sector_size) +
                          std::uint64_t{le32(&file[directory_at])} * sector_size;
  if (root_at + entry_size > file.size())
    return false;
  Bytes root = file.subspan(static_cast<std::size_t>(root_at), entry_size);
  return static_cast<EntryType>(root[type_at]) == EntryType::root &&
         le32(&root[left_at]) == nobody && le32(&root[right_at]) == nobody;
}

} // namespace smime
