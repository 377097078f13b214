#include "scanner/formats/file-extent.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {
namespace {

enum class Order : bool { big, little };

// Numbers anywhere in a file. What is behind its end, or was not kept, is 0, and is remembered.
class Numbers {
public:
  Numbers(const Window &file, Order order) : file_(file), order_(order) {}

  std::uint64_t at(std::uint64_t offset, std::size_t size) {
    std::array<unsigned char, 8> bytes{};
    if (file_.read(offset, bytes.data(), size) < size)
      return note_missing(offset, size, bytes);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; i++)
      number = number << 8U | bytes[order_ == Order::big ? i : size - 1 - i];
    return number;
  }
  std::uint64_t size() const { return file_.size(); }
  // A number that was asked for was not kept; it is behind the end.
  bool is_unknown() const { return is_unknown_; }
  bool is_broken() const { return is_broken_; }
  void set_broken() { is_broken_ = true; }

private:
  // A number may stand across the border of what was kept in one piece.
  std::uint64_t note_missing(std::uint64_t offset, std::size_t size,
                             std::array<unsigned char, 8> bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; i++) {
      std::uint64_t place = offset + i;
      if (file_.read(place, &bytes[i], 1) == 0) {
        (file_.in_gap(place) && place < file_.size() ? is_unknown_ : is_broken_) = true;
        return 0;
      }
      number = order_ == Order::big ? number << 8U | bytes[i]
                                    : number | static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    }
    return number;
  }

  const Window &file_;
  Order order_;
  bool is_unknown_ = false;
  bool is_broken_ = false;
};

// What tables claim, in any order.
class Claims {
public:
  void add(std::uint64_t at, std::uint64_t size) {
    if (size != 0)
      ranges_.push_back({at, at > UINT64_MAX - size ? UINT64_MAX : at + size});
  }
  // The same, and no program reads it.
  void add_unread(std::uint64_t at, std::uint64_t size) {
    end_ = std::max(end_, at > UINT64_MAX - size ? UINT64_MAX : at + size);
  }
  std::uint64_t end() const {
    std::uint64_t end = end_;
    for (const Range &range : ranges_)
      end = std::max(end, range.end);
    return end;
  }
  std::vector<Range> unread() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range &a, const Range &b) { return a.at < b.at; });
    std::vector<Range> between;
    std::uint64_t at = 0;
    for (const Range &range : ranges_) {
      if (range.at > at)
        between.push_back({at, range.at});
      at = std::max(at, range.end);
    }
    if (end_ > at)
      between.push_back({at, end_});
    return between;
  }

private:
  std::vector<Range> ranges_;
  std::uint64_t end_ = 0;
};

// What was found, of a file that has at least so many bytes of its own.
Extent extent_of(const Numbers &numbers, std::uint64_t end, std::uint64_t if_broken) {
  if (numbers.is_unknown())
    return {};
  return Claimed{numbers.is_broken() ? if_broken : end};
}

Extent extent_of(const Numbers &numbers, Claims &claims, std::uint64_t if_broken) {
  Extent extent = extent_of(numbers, claims.end(), if_broken);
  if (extent.has_value() && !numbers.is_broken())
    extent->unread = claims.unread();
  return extent;
}

// TIFF 6.0 and BigTIFF: directories of entries, some of which point to other directories.
class Tiff {
public:
  Tiff(const Window &file, Order order)
      : numbers_(file, order), is_big_(numbers_.at(2, 2) == 43), word_(is_big_ ? 8 : 4) {}

  Extent extent() {
    std::uint64_t header = is_big_ ? 16 : 8;
    claim(0, header);
    to_read_.push_back(numbers_.at(is_big_ ? 8 : 4, word_));
    while (!to_read_.empty() && goes_on()) {
      std::uint64_t directory = to_read_.back();
      to_read_.pop_back();
      if (directory != 0 && seen_.insert(directory).second)
        read_directory(directory);
    }
    // More than anybody has in a file.
    if (entries_ > most_entries)
      return {};
    Extent extent = extent_of(numbers_, claims_, header);
    if (extent.has_value() && has_notes_)
      extent->unread.clear();
    return extent;
  }

private:
  static constexpr std::uint64_t most_entries = 200'000;

  struct Values {
    std::uint64_t count = 0;
    std::size_t size = 0;
    std::uint64_t at = 0;
  };

  bool goes_on() const {
    return entries_ <= most_entries && !numbers_.is_broken() && !numbers_.is_unknown();
  }

  void claim(std::uint64_t at, std::uint64_t size) { claims_.add(at, size); }

  void read_directory(std::uint64_t at) {
    std::size_t count_size = is_big_ ? 8 : 2;
    std::size_t entry_size = is_big_ ? 20 : 12;
    std::uint64_t count = numbers_.at(at, count_size);
    if (count == 0)
      return numbers_.set_broken();
    std::uint64_t entry = at + count_size;
    offsets_ = sizes_ = {};
    std::uint64_t thumbnail = 0;
    for (std::uint64_t i = 0; i < count && goes_on(); i++, entry += entry_size) {
      entries_++;
      read_entry(entry, thumbnail);
    }
    // Some programs leave out where the next one is.
    if (entry + word_ <= numbers_.size())
      to_read_.push_back(numbers_.at(entry, word_));
    claim(entry, entry + word_ <= numbers_.size() ? word_ : 0);
    claim_image();
  }

  void read_entry(std::uint64_t entry, std::uint64_t &thumbnail) {
    constexpr std::array<std::size_t, 19> sizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4,
                                                8, 4, 8, 4, 0, 0, 8, 8, 8};
    std::uint64_t tag = numbers_.at(entry, 2);
    std::uint64_t type = numbers_.at(entry + 2, 2);
    Values values{numbers_.at(entry + 4, word_), type < sizes.size() ? sizes[type] : 0,
                  entry + 4 + word_};
    if (values.size == 0 || values.count > numbers_.size())
      return type == 0 || type >= sizes.size() ? numbers_.set_broken() : void();
    if (values.count * values.size > word_) {
      values.at = numbers_.at(values.at, word_);
      claim(values.at, values.count * values.size);
    }
    take_entry(tag, values, thumbnail);
  }

  void take_entry(std::uint64_t tag, const Values &values, std::uint64_t &thumbnail) {
    switch (tag) {
    case 273: // strips
    case 324: // tiles
      offsets_ = values;
      break;
    case 279:
    case 325: sizes_ = values; break;
    case 513: thumbnail = numbers_.at(values.at, values.size); break;
    case 37500: // notes of cameras, which point to pictures
    case 50740: has_notes_ = true; break;
    case 514: claim(thumbnail, numbers_.at(values.at, values.size)); break;
    case 330:
    case 34665:
    case 34853:
    case 40965:
      for (std::uint64_t i = 0; i < values.count && goes_on(); i++, entries_++)
        to_read_.push_back(numbers_.at(values.at + i * values.size, values.size));
      break;
    default: break;
    }
  }

  // Of what has no sizes only the decoder knows where it ends.
  void claim_image() {
    if (offsets_.count != 0 && sizes_.count != offsets_.count)
      claim(0, UINT64_MAX);
    for (std::uint64_t i = 0; i < offsets_.count && i < sizes_.count && goes_on(); i++, entries_++)
      claim(numbers_.at(offsets_.at + i * offsets_.size, offsets_.size),
            numbers_.at(sizes_.at + i * sizes_.size, sizes_.size));
  }

  Numbers numbers_;
  bool is_big_;
  std::size_t word_;
  Claims claims_;
  bool has_notes_ = false;
  std::uint64_t entries_ = 0;
  std::vector<std::uint64_t> to_read_;
  std::set<std::uint64_t> seen_;
  Values offsets_, sizes_;
};

// Tables of OpenType, of Apple, of Graphite, and of programs that make fonts.
bool is_font_table(std::uint64_t tag) {
  constexpr std::string_view names =
      "BASE CBDT CBLC CFF  CFF2 COLR CPAL DSIG EBDT EBLC EBSC FFTM Feat GDEF GPOS GSUB Glat Gloc "
      "HVAR IFT  IFTX JSTF LTSH MATH MERG META MVAR OS/2 PCLT PfEd SVG  Silf Sill STAT TSI0 TSI1 "
      "TSI2 TSI3 TSI5 TTFA TeX  VARC VDMX VORG VVAR Zapf acnt ankr avar bdat bhed bloc bsln cmap "
      "cvar cvt  fdsc feat fmtx fond fpgm fvar gasp gcid glyf gvar hdmx head hhea hmtx just kern "
      "kerx lcar loca ltag maxp meta mort morx name opbd post prep prop sbix trak vhea vmtx xref";
  std::array<char, 4> name{};
  for (std::size_t i = 0; i < name.size(); i++)
    name[i] = static_cast<char>(tag >> (24 - 8 * i) & 0xffU);
  std::size_t found = names.find(std::string_view(name.data(), name.size()));
  return found != names.npos && found % 5 == 0;
}

// OpenType's directory of tables.
void claim_font(Numbers &numbers, std::uint64_t at, Claims &claims) {
  constexpr std::size_t header = 12;
  constexpr std::size_t entry = 16;
  std::uint64_t tables = numbers.at(at + 4, 2);
  claims.add(at, header + tables * entry);
  for (std::uint64_t i = 0; i < tables && !numbers.is_broken() && !numbers.is_unknown(); i++) {
    std::uint64_t place = at + header + i * entry;
    std::uint64_t table = numbers.at(place + 8, 4);
    std::uint64_t size = (numbers.at(place + 12, 4) + 3) / 4 * 4;
    if (is_font_table(numbers.at(place, 4)))
      claims.add(table, size);
    else
      claims.add_unread(table, size);
  }
}

// WIN_CERTIFICATE: its length, a revision and a kind, which is PKCS #7, and that in DER.
bool is_signature(Numbers &numbers, std::uint64_t at, std::uint64_t size) {
  constexpr std::uint64_t header = 8;
  constexpr std::uint64_t sequence = 0x8230; // of a length of two bytes
  if (at + header + 4 > numbers.size() || numbers.at(at + 6, 2) != 2 ||
      numbers.at(at + header, 2) != sequence)
    return false;
  std::uint64_t length = numbers.at(at + header + 2, 1) << 8U | numbers.at(at + header + 3, 1);
  return header + 4 + length <= size && header + 4 + length + header > size;
}

// A Windows program, of which the header is at pe: sections, and behind them, if it has them,
// symbols. A signature is at the end of the file, behind what somebody put there before.
Claimed windows_claims(Numbers &numbers, std::uint64_t pe) {
  constexpr std::uint64_t block = 4096;  // sections begin at one of these or less
  constexpr std::uint64_t alignment = 8; // of the signature
  constexpr std::uint32_t with_more_bits = 0x20b;
  std::uint64_t sections = numbers.at(pe + 6, 2);
  std::uint64_t optional_size = numbers.at(pe + 20, 2);
  std::uint64_t table = pe + 24 + optional_size;
  Claims claims;
  constexpr std::uint64_t dos_header = 64;
  claims.add(0, dos_header);
  claims.add(pe, table + sections * 40 - pe);
  for (std::uint64_t i = 0; i < sections && !numbers.is_broken() && !numbers.is_unknown(); i++) {
    std::uint64_t size = numbers.at(table + i * 40 + 16, 4);
    if (size != 0)
      claims.add(numbers.at(table + i * 40 + 20, 4), size);
  }
  Claimed claimed{claims.end()};
  std::uint64_t symbols = numbers.at(pe + 12, 4);
  if (symbols != 0 && symbols <= claimed.end + block) {
    std::uint64_t strings = symbols + numbers.at(pe + 16, 4) * 18;
    if (strings + 4 <= numbers.size())
      claims.add(symbols, strings - symbols + std::max<std::uint64_t>(4, numbers.at(strings, 4)));
    claimed.end = claims.end();
  }
  claimed.unread = claims.unread();
  std::uint64_t directories = numbers.at(pe + 24, 2) == with_more_bits ? 112 : 96;
  constexpr std::uint64_t signature = 4 * 8;
  if (optional_size < directories + signature + 8)
    return claimed;
  std::uint64_t at = numbers.at(pe + 24 + directories + signature, 4);
  std::uint64_t size = numbers.at(pe + 24 + directories + signature + 4, 4);
  if (at == 0 || !is_signature(numbers, at, size))
    return claimed;
  if (at >= claimed.end && at < claimed.end + alignment)
    claimed.end = at + size;
  else if (at + size <= numbers.size() && at + size + 8 > numbers.size())
    claimed.again_from = at;
  return claimed;
}

} // namespace

Extent tiff_extent(const Window &file) {
  unsigned char first = 0;
  if (file.read(0, &first, 1) == 0)
    return {};
  return Tiff(file, first == 'M' ? Order::big : Order::little).extent();
}

Extent icon_extent(const Window &file) {
  Numbers numbers(file, Order::little);
  constexpr std::uint64_t header = 6;
  constexpr std::uint64_t entry = 16;
  constexpr std::uint64_t bitmap = 40;
  constexpr std::uint64_t picture = 0x474e5089; // PNG
  std::uint64_t count = numbers.at(4, 2);
  Claims claims;
  claims.add(0, header + count * entry);
  for (std::uint64_t at = header; at < header + count * entry; at += entry) {
    std::uint64_t size = numbers.at(at + 8, 4);
    std::uint64_t image = numbers.at(at + 12, 4);
    std::uint64_t first = numbers.at(image, 4);
    if (first != bitmap && first != picture && !numbers.is_unknown())
      numbers.set_broken();
    if (numbers.is_broken() || numbers.is_unknown())
      break;
    claims.add(image, size);
  }
  return extent_of(numbers, claims, header);
}

Extent font_extent(const Window &file) {
  Numbers numbers(file, Order::big);
  Claims claims;
  constexpr std::uint64_t collection = 0x74746366;
  constexpr std::uint64_t header = 12;
  constexpr std::uint64_t most_fonts = 1024;
  if (numbers.at(0, 4) != collection) {
    claim_font(numbers, 0, claims);
    return extent_of(numbers, claims, header);
  }
  std::uint64_t fonts = numbers.at(8, 4);
  if (fonts > most_fonts)
    numbers.set_broken();
  claims.add(0, header + fonts * 4);
  for (std::uint64_t i = 0;
       i < fonts && i < most_fonts && !numbers.is_broken() && !numbers.is_unknown(); i++)
    claim_font(numbers, numbers.at(header + i * 4, 4), claims);
  // Of version 2: a signature of all of them.
  std::uint64_t signature = header + fonts * 4;
  if (numbers.at(4, 2) == 2) {
    claims.add(signature, 12);
    claims.add(numbers.at(signature + 8, 4), numbers.at(signature + 4, 4));
  }
  return extent_of(numbers, claims, header);
}

Extent elf_extent(const Window &file) {
  constexpr std::uint64_t header = 52;
  constexpr std::uint64_t no_bits = 8;
  unsigned char bits = 0;
  unsigned char order = 0;
  if (file.read(4, &bits, 1) == 0 || file.read(5, &order, 1) == 0)
    return {};
  Numbers numbers(file, order == 2 ? Order::big : Order::little);
  bool is_wide = bits == 2;
  std::size_t word = is_wide ? 8 : 4;
  std::uint64_t programs = numbers.at(is_wide ? 32 : 28, word);
  std::uint64_t sections = numbers.at(is_wide ? 40 : 32, word);
  std::uint64_t sizes = is_wide ? 54 : 42;
  std::uint64_t program_size = numbers.at(sizes, 2);
  std::uint64_t program_count = programs == 0 ? 0 : numbers.at(sizes + 2, 2);
  std::uint64_t section_size = numbers.at(sizes + 4, 2);
  std::uint64_t section_count = sections == 0 ? 0 : numbers.at(sizes + 6, 2);
  // More than fit into two bytes: the first section says how many.
  if (sections != 0 && section_count == 0)
    section_count = numbers.at(sections + (is_wide ? 32 : 20), word);
  if ((program_count != 0 && program_size != (is_wide ? 56 : 32)) ||
      (section_count != 0 && section_size != (is_wide ? 64 : 40)) ||
      (program_count == 0 && section_count == 0) || section_count > numbers.size())
    return extent_of(numbers, header, header);
  Claims claims;
  claims.add(0, is_wide ? 64 : header);
  claims.add(programs, program_count * program_size);
  claims.add(sections, section_count * section_size);
  auto goes_on = [&] { return !numbers.is_broken() && !numbers.is_unknown(); };
  for (std::uint64_t i = 0; i < program_count && goes_on(); i++) {
    std::uint64_t at = programs + i * program_size;
    claims.add(numbers.at(at + (is_wide ? 8 : 4), word),
               numbers.at(at + (is_wide ? 32 : 16), word));
  }
  for (std::uint64_t i = 0; i < section_count && goes_on(); i++) {
    std::uint64_t at = sections + i * section_size;
    if (numbers.at(at + 4, 4) != no_bits)
      claims.add(numbers.at(at + (is_wide ? 24 : 16), word),
                 numbers.at(at + (is_wide ? 32 : 20), word));
  }
  return extent_of(numbers, claims, header);
}

Extent exe_extent(const Window &file) {
  Numbers numbers(file, Order::little);
  constexpr std::uint64_t header = 28;
  constexpr std::uint64_t windows = 0x4550;                              // PE
  constexpr std::array<std::uint64_t, 3> others{0x454e, 0x454c, 0x584c}; // NE, LE, LX
  std::uint64_t later = file.size() < 64 ? 0 : numbers.at(60, 4);
  if (later != 0 && later + 4 <= file.size()) {
    std::uint64_t kind = numbers.at(later, 2);
    if (kind == windows && numbers.at(later + 2, 2) == 0) {
      Claimed claimed = windows_claims(numbers, later);
      Extent extent = extent_of(numbers, claimed.end, header);
      if (extent.has_value() && !numbers.is_broken())
        *extent = std::move(claimed);
      return extent;
    }
    if (numbers.is_unknown() || std::find(others.begin(), others.end(), kind) != others.end())
      return {};
  }
  // MS-DOS: pages of 512 bytes, and how much of the last one is used.
  std::uint64_t last = numbers.at(2, 2);
  std::uint64_t pages = numbers.at(4, 2);
  std::uint64_t header_size = numbers.at(8, 2) * 16;
  if (last > 511 || pages == 0 || header_size < header || numbers.is_broken())
    return extent_of(numbers, header, header);
  return extent_of(numbers, pages * 512 - (last == 0 ? 0 : 512 - last), header);
}

// Two tables of as many words, each with its length and its place, and a table of hashes.
Extent catalogue_extent(const Window &file) {
  constexpr std::uint64_t header = 28;
  constexpr std::uint64_t most_words = 200'000;
  constexpr std::uint64_t entry = 8;
  unsigned char first = 0;
  if (file.read(0, &first, 1) == 0)
    return {};
  Numbers numbers(file, first == 0xde ? Order::little : Order::big);
  std::uint64_t words = numbers.at(8, 4);
  // Of a later revision there are more tables.
  if (numbers.at(4, 4) != 0 || words > most_words)
    return {};
  Claims claims;
  claims.add(0, header);
  claims.add(numbers.at(24, 4), numbers.at(20, 4) * 4);
  for (std::uint64_t of_table : {std::uint64_t{12}, std::uint64_t{16}}) {
    std::uint64_t table = numbers.at(of_table, 4);
    claims.add(table, words * entry);
    for (std::uint64_t i = 0; i < words && !numbers.is_broken() && !numbers.is_unknown(); i++)
      // With a zero behind it.
      claims.add(numbers.at(table + i * entry + 4, 4), numbers.at(table + i * entry, 4) + 1);
  }
  return extent_of(numbers, claims, header);
}

// Behind the last sector that the table of sectors says is used.
Extent compound_extent(const Window &file) {
  constexpr std::uint64_t header = 512;
  constexpr std::uint64_t in_header = 109; // sectors of the table that the header lists
  constexpr std::uint32_t last_sector = 0xfffffffa;
  constexpr std::uint32_t unused = 0xffffffff;
  Numbers numbers(file, Order::little);
  std::uint64_t shift = numbers.at(30, 2);
  if (shift < 7 || shift > 16)
    return {};
  std::uint64_t sector = 1ULL << shift;
  std::uint64_t in_sector = sector / 4;
  std::uint64_t listed = numbers.at(44, 4);
  std::uint64_t more = numbers.at(68, 4);
  std::uint64_t used = 0;
  auto goes_on = [&] { return !numbers.is_broken() && !numbers.is_unknown(); };
  for (std::uint64_t i = 0; i < listed && i * sector < file.size() && goes_on(); i++) {
    std::uint64_t list = i < in_header ? 76 + i * 4 : 0;
    if (i >= in_header) {
      std::uint64_t at = (i - in_header) % (in_sector - 1);
      if (at == 0 && i > in_header)
        more = numbers.at((more + 2) * sector - 4, 4);
      list = (more + 1) * sector + at * 4;
    }
    std::uint64_t table = numbers.at(list, 4);
    if (table > last_sector)
      continue;
    // From the end, as the last one is what counts.
    for (std::uint64_t entry = in_sector; entry > 0 && i * in_sector + entry > used; entry--) {
      if (numbers.at((table + 1) * sector + (entry - 1) * 4, 4) != unused)
        used = i * in_sector + entry;
    }
  }
  if (!goes_on())
    return {};
  return Claimed{std::max(header, (used + 1) * sector)};
}

} // namespace smime
