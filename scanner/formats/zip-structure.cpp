// APPNOTE.TXT 6.3, sections 4.3 and 4.4.
#include "scanner/formats/zip-structure.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <zlib.h>

namespace smime {
namespace {

using namespace std::string_view_literals;

// As many files are compared; max_parts bounds what is opened long before.
constexpr std::size_t max_entries = 20000;
constexpr std::size_t piece = 65536;
constexpr std::size_t local_size = 30;
// As much of a file's header as tells it from other bytes.
constexpr std::size_t entry_view = 64;
constexpr std::size_t central_size = 46;
constexpr std::size_t end_size = 22;
constexpr std::size_t end64_size = 56;
constexpr std::size_t locator_size = 20;
// A descriptor of 64 bits with its signature, and the signature that follows it.
constexpr std::size_t longest_descriptor = 24;
constexpr std::size_t descriptor_view = longest_descriptor + 4;
// Android's signatures have some kilobytes.
constexpr std::uint64_t max_signing_block = 16ULL * 1024 * 1024;
constexpr std::string_view signing_block_magic = "APK Sig Block 42";

constexpr std::uint16_t flag_encrypted = 1;
constexpr std::uint16_t flag_descriptor = 8;
constexpr std::uint16_t flag_masked = 0x2000;
constexpr std::uint16_t method_aes = 99;
constexpr std::uint16_t extra_zip64 = 1;

std::uint16_t number16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8U);
}

std::uint32_t number32(Bytes bytes, std::size_t at) {
  return number16(bytes, at) | static_cast<std::uint32_t>(number16(bytes, at + 2)) << 16U;
}

std::uint64_t number64(Bytes bytes, std::size_t at) {
  return number32(bytes, at) | static_cast<std::uint64_t>(number32(bytes, at + 4)) << 32U;
}

bool is_signature(Bytes bytes, std::size_t at, std::string_view signature) {
  return bytes.size() >= at + signature.size() &&
         std::memcmp(bytes.data() + at, signature.data(), signature.size()) == 0;
}

constexpr auto local_signature = "PK\3\4"sv;
constexpr auto central_signature = "PK\1\2"sv;
constexpr auto descriptor_signature = "PK\7\10"sv;
constexpr auto end_signature = "PK\5\6"sv;
constexpr auto end64_signature = "PK\6\6"sv;
constexpr auto locator_signature = "PK\6\7"sv;
constexpr auto digital_signature = "PK\5\5"sv;
constexpr auto extra_data_signature = "PK\6\10"sv;

// What stands in the zip64 field takes the place of numbers with all bits set, in this order.
void read_zip64(Bytes extra, std::initializer_list<std::uint64_t *> numbers) {
  while (extra.size() >= 4) {
    std::size_t size = number16(extra, 2);
    if (size > extra.size() - 4)
      return;
    Bytes field = extra.subspan(4, size);
    bool is_zip64 = number16(extra, 0) == extra_zip64;
    extra = extra.subspan(4 + size);
    if (!is_zip64)
      continue;
    for (std::uint64_t *number : numbers) {
      if (*number != 0xffffffff)
        continue;
      if (field.size() < 8)
        return;
      *number = number64(field, 0);
      field = field.subspan(8);
    }
    return;
  }
}

std::uint32_t checksum(Bytes bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

bool is_known_method(std::uint16_t method) {
  return method <= 20 || (method >= 93 && method <= method_aes);
}

} // namespace

bool looks_like_zip_entry(Bytes bytes) {
  if (bytes.size() < local_size || !is_signature(bytes, 0, local_signature))
    return false;
  std::size_t name = number16(bytes, 26);
  if (bytes[4] > 63 || !is_known_method(number16(bytes, 8)) || name == 0 || name > 1024)
    return false;
  Bytes start = bytes.subspan(local_size,
                              std::min({name, bytes.size() - local_size, entry_view - local_size}));
  return std::none_of(start.begin(), start.end(), [](unsigned char c) { return c < 0x20; });
}

void ZipStructure::feed(Bytes bytes) {
  while (!bytes.empty()) {
    if (skip_ > 0 && rest().empty()) {
      auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
      position_ += skipped;
      skip_ -= skipped;
      bytes = bytes.subspan(skipped);
      continue;
    }
    std::size_t taken = std::min(bytes.size(), piece);
    buffer_.insert(buffer_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    while (step()) {
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(cursor_));
    cursor_ = 0;
  }
}

void ZipStructure::finish() {
  ended_ = true;
  while (step()) {
  }
  compare();
}

void ZipStructure::advance(std::size_t count) {
  cursor_ += count;
  position_ += count;
}

// Makes progress, or says that there are too few bytes for it.
bool ZipStructure::step() {
  if (rest().empty())
    return false;
  if (skip_ > 0) {
    auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, rest().size()));
    skip_ -= skipped;
    advance(skipped);
    return true;
  }
  switch (state_) {
  case State::record: return take_record();
  case State::descriptor: return find_descriptor();
  case State::stray: return pass_stray();
  case State::signing_block: return pass_signing_block();
  case State::behind: return pass_behind();
  }
  return false;
}

// Whether count bytes are at hand. At the end of the archive what is there is all.
bool ZipStructure::has(std::size_t count) { return rest().size() >= count; }

bool ZipStructure::take_record() {
  if (!has(4))
    return ended_ && begin_stray();
  Bytes bytes = rest();
  bool due = std::exchange(descriptor_due_, false);
  if (due && !is_signature(bytes, 0, "PK"sv)) {
    descriptor_due_ = true;
    return take_plain_descriptor();
  }
  if (is_signature(bytes, 0, local_signature))
    return take_local();
  if (is_signature(bytes, 0, central_signature))
    return take_central();
  if (is_signature(bytes, 0, end_signature))
    return take_end();
  if (is_signature(bytes, 0, end64_signature))
    return take_end64();
  if (is_signature(bytes, 0, descriptor_signature) && due) {
    descriptor_due_ = true;
    return take_descriptor();
  }
  // Marks the first volume, or an archive that was meant to have several.
  if (position_ == 0 &&
      (is_signature(bytes, 0, descriptor_signature) || is_signature(bytes, 0, "PK00"sv))) {
    is_marked_ = true;
    advance(4);
    return true;
  }
  if (is_signature(bytes, 0, locator_signature)) {
    if (!has(locator_size))
      return ended_ && begin_stray();
    is_volume_ = is_volume_ || number32(bytes, 16) > 1;
    return take_sized(locator_size, 0);
  }
  if (is_signature(bytes, 0, digital_signature))
    return has(6) ? take_sized(6, number16(bytes, 4)) : ended_ && begin_stray();
  if (is_signature(bytes, 0, extra_data_signature)) {
    encrypted_ = true;
    return has(8) ? take_sized(8, number32(bytes, 4)) : ended_ && begin_stray();
  }
  return begin_stray();
}

bool ZipStructure::take_sized(std::size_t header, std::uint64_t size) {
  advance(header);
  skip_ = size;
  return true;
}

bool ZipStructure::take_local() {
  if (!has(local_size))
    return ended_ && begin_stray();
  std::size_t name = number16(rest(), 26);
  std::size_t extra = number16(rest(), 28);
  if (!has(local_size + name + extra))
    return ended_ && begin_stray();
  Bytes bytes = rest();
  Entry entry;
  entry.offset = position_;
  entry.flags = number16(bytes, 6);
  entry.method = number16(bytes, 8);
  entry.name = checksum(bytes.subspan(local_size, name));
  std::uint64_t size = number32(bytes, 18);
  std::uint64_t unpacked = number32(bytes, 22);
  read_zip64(bytes.subspan(local_size + name, extra), {&unpacked, &size});
  bool is_open = (entry.flags & flag_descriptor) != 0 && (size == 0 || size == 0xffffffff);
  if (!is_open)
    entry.size = size;
  encrypted_ = encrypted_ || (entry.flags & flag_encrypted) != 0 || entry.method == method_aes;
  is_masked_ = is_masked_ || (entry.flags & flag_masked) != 0;
  is_folder_ = name > 0 && bytes[local_size + name - 1] == '/';
  add(locals_, entry);
  advance(local_size + name + extra);
  data_start_ = position_;
  searched_ = 0;
  descriptor_due_ = (entry.flags & flag_descriptor) != 0;
  if (is_open)
    state_ = State::descriptor;
  else
    skip_ = size;
  return true;
}

// Behind a file's data: with 32 or with 64 bits, which only what follows tells.
bool ZipStructure::take_descriptor() {
  if (!has(descriptor_view) && !ended_)
    return false;
  descriptor_due_ = false;
  Bytes bytes = rest();
  bool is_long =
      !is_signature(bytes, 16, "PK"sv) && is_signature(bytes, longest_descriptor, "PK"sv);
  advance(std::min(bytes.size(), is_long ? longest_descriptor : 16));
  return true;
}

// Without a signature.
bool ZipStructure::take_plain_descriptor() {
  if (!has(descriptor_view) && !ended_)
    return false;
  descriptor_due_ = false;
  std::uint64_t size = position_ - data_start_;
  Bytes bytes = rest();
  if (is_signature(bytes, 12, "PK"sv) && number32(bytes, 4) == size)
    advance(12);
  else if (is_signature(bytes, 20, "PK"sv) && number64(bytes, 4) == size)
    advance(20);
  else
    return begin_stray();
  return true;
}

// The size of the file's data that a descriptor without a signature gives, which ends where the
// next record begins.
std::optional<std::uint64_t> ZipStructure::size_before(std::size_t at) const {
  std::uint64_t distance = position_ + at - data_start_;
  if (distance == 0 && is_folder_)
    return 0;
  if (at >= 12 && distance >= 12 && number32(rest(), at - 8) == distance - 12)
    return distance - 12;
  if (at >= 20 && distance >= 20 && number64(rest(), at - 16) == distance - 20)
    return distance - 20;
  return std::nullopt;
}

// The data's end is only told behind it. A descriptor that others do not take for one would have
// to say by chance how far it is from the data's beginning.
bool ZipStructure::find_descriptor() {
  Bytes bytes = rest();
  std::size_t at = searched_;
  for (;; at++) {
    const void *found =
        at < bytes.size() ? std::memchr(bytes.data() + at, 'P', bytes.size() - at) : nullptr;
    at = found == nullptr
             ? bytes.size()
             : static_cast<std::size_t>(static_cast<const unsigned char *>(found) - bytes.data());
    if (at + descriptor_view > bytes.size() && !ended_)
      break;
    if (found == nullptr)
      break;
    std::uint64_t distance = position_ + at - data_start_;
    std::optional<std::uint64_t> size;
    bool has_signature = is_signature(bytes, at, descriptor_signature) && at + 12 <= bytes.size() &&
                         number32(bytes, at + 8) == distance;
    if (has_signature)
      size = distance;
    else if (is_signature(bytes, at, local_signature) || is_signature(bytes, at, central_signature))
      size = size_before(at);
    if (!size)
      continue;
    if (!locals_.empty() && !is_cut_)
      locals_.back().size = size;
    advance(at);
    descriptor_due_ = has_signature;
    state_ = State::record;
    return true;
  }
  // What a descriptor without a signature may be in stays at hand.
  std::size_t passed = at > longest_descriptor ? at - longest_descriptor : 0;
  searched_ = at - passed;
  advance(passed);
  if (ended_)
    advance(rest().size());
  return false;
}

bool ZipStructure::take_central() {
  if (!has(central_size))
    return ended_ && begin_stray();
  std::size_t name = number16(rest(), 28);
  std::size_t extra = number16(rest(), 30);
  std::size_t whole = central_size + name + extra + number16(rest(), 32);
  if (!has(whole))
    return ended_ && begin_stray();
  Bytes bytes = rest();
  Entry entry;
  entry.flags = number16(bytes, 8);
  entry.method = number16(bytes, 10);
  entry.name = checksum(bytes.subspan(central_size, name));
  std::uint64_t size = number32(bytes, 20);
  std::uint64_t unpacked = number32(bytes, 24);
  std::uint64_t offset = number32(bytes, 42);
  read_zip64(bytes.subspan(central_size + name, extra), {&unpacked, &size, &offset});
  entry.size = size;
  entry.offset = offset;
  encrypted_ = encrypted_ || (entry.flags & flag_encrypted) != 0 || entry.method == method_aes;
  if (directory_entries_ == 0)
    directory_start_ = position_;
  directory_entries_++;
  add(centrals_, entry);
  advance(whole);
  directory_end_ = position_;
  return true;
}

bool ZipStructure::take_end64() {
  if (!has(end64_size))
    return ended_ && begin_stray();
  Bytes bytes = rest();
  std::uint64_t size = number64(bytes, 4);
  if (size < end64_size - 12 || size > piece)
    return begin_stray();
  is_volume_ = is_volume_ || number32(bytes, 16) != 0 || number32(bytes, 20) != 0;
  end64_ = End{number64(bytes, 32), number64(bytes, 40), number64(bytes, 48)};
  return take_sized(12, size);
}

bool ZipStructure::take_end() {
  if (!has(end_size))
    return ended_ && begin_stray();
  std::size_t comment = number16(rest(), 20);
  if (!has(end_size + comment) && !ended_)
    return false;
  Bytes bytes = rest();
  has_end_ = true;
  std::uint16_t disk = number16(bytes, 4);
  is_volume_ = is_volume_ || (disk != 0 && disk != 0xffff);
  end_ = End{number16(bytes, 10), number32(bytes, 12), number32(bytes, 16)};
  if (end64_ && end_.entries == 0xffff)
    end_.entries = end64_->entries;
  if (end64_ && end_.size == 0xffffffff)
    end_.size = end64_->size;
  if (end64_ && end_.offset == 0xffffffff)
    end_.offset = end64_->offset;
  if (directory_entries_ == 0)
    directory_start_ = directory_end_ = position_;
  Bytes text = bytes.subspan(end_size, std::min(comment, bytes.size() - end_size));
  if (text.size() < comment)
    contradict("it ends within its comment");
  for (std::size_t at = 0; at < text.size(); at++) {
    if (is_signature(text, at, end_signature))
      contradict("it has several ends");
  }
  give_stray(text);
  advance(end_size + text.size());
  end_position_ = position_;
  state_ = State::behind;
  return true;
}

bool ZipStructure::begin_stray() {
  Bytes bytes = rest();
  if (bytes[0] != 0 && !is_signature(bytes, 0, "PK"sv)) {
    if (!has(8) && !ended_)
      return false;
    std::uint64_t size = has(8) ? number64(bytes, 0) : 0;
    if (size >= 24 && size <= max_signing_block) {
      block_left_ = 8 + size;
      block_end_.clear();
      state_ = State::signing_block;
      return true;
    }
  }
  // Zeros align what follows.
  is_padding_ = bytes[0] == 0;
  if (!is_padding_)
    contradict("it has bytes between its records");
  state_ = State::stray;
  give_stray(bytes.first(1));
  advance(1);
  return true;
}

// What belongs to nothing, until a record begins.
bool ZipStructure::pass_stray() {
  Bytes bytes = rest();
  if (is_padding_) {
    const auto end =
        std::find_if(bytes.begin(), bytes.end(), [](unsigned char c) { return c != 0; });
    auto zeros = static_cast<std::size_t>(end - bytes.begin());
    give_stray(bytes.first(zeros));
    advance(zeros);
    if (!rest().empty())
      state_ = State::record;
    return true;
  }
  std::size_t at = find_record(bytes);
  if (at > 0)
    contradict("it has bytes between its records");
  if (at < bytes.size() && (has(at + entry_view) || ended_))
    state_ = State::record;
  give_stray(bytes.first(at));
  advance(at);
  return at > 0 || state_ == State::record;
}

// Where a record begins, or may begin with bytes that are still to come.
std::size_t ZipStructure::find_record(Bytes bytes) const {
  for (std::size_t at = 0; at < bytes.size(); at++) {
    const void *found = std::memchr(bytes.data() + at, 'P', bytes.size() - at);
    if (found == nullptr)
      return bytes.size();
    at = static_cast<std::size_t>(static_cast<const unsigned char *>(found) - bytes.data());
    if (at + entry_view > bytes.size() && !ended_)
      return at;
    if (looks_like_zip_entry(bytes.subspan(at)) || is_signature(bytes, at, central_signature) ||
        is_signature(bytes, at, end_signature) || is_signature(bytes, at, end64_signature))
      return at;
  }
  return bytes.size();
}

bool ZipStructure::pass_signing_block() {
  auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(block_left_, rest().size()));
  Bytes bytes = rest().first(taken);
  give_stray(bytes);
  Bytes last = bytes.last(std::min(bytes.size(), signing_block_magic.size()));
  block_end_.insert(block_end_.end(), last.begin(), last.end());
  if (block_end_.size() > signing_block_magic.size())
    block_end_.erase(block_end_.begin(),
                     block_end_.end() - static_cast<std::ptrdiff_t>(signing_block_magic.size()));
  advance(taken);
  block_left_ -= taken;
  if (block_left_ == 0 || ended_) {
    if (!is_signature(block_end_, 0, signing_block_magic))
      contradict("it has bytes between its records");
    state_ = State::record;
  }
  return true;
}

// Behind the end a mail system may have put an empty line. What is behind an archive in other
// bytes is looked at by who found it.
bool ZipStructure::pass_behind() {
  Bytes bytes = rest();
  if (of_its_own_) {
    if (std::any_of(bytes.begin(), bytes.end(),
                    [](unsigned char c) { return c != 0 && c != '\r' && c != '\n'; }))
      contradict("there is more behind its end");
    give_stray(bytes);
  }
  advance(bytes.size());
  return true;
}

void ZipStructure::give_stray(Bytes bytes) {
  if (!bytes.empty() && stray_)
    stray_(bytes);
}

void ZipStructure::add(std::vector<Entry> &list, const Entry &entry) {
  is_cut_ = is_cut_ || list.size() >= max_entries;
  if (!is_cut_)
    list.push_back(entry);
}

void ZipStructure::contradict(std::string_view why) {
  if (contradiction_.empty())
    contradiction_ = why;
}

void ZipStructure::compare() {
  if (!has_end_) {
    is_volume_ = is_volume_ || is_marked_;
    return;
  }
  auto base = static_cast<std::int64_t>(directory_start_ - end_.offset);
  if (directory_entries_ == 0 && end_.entries == 0)
    base = 0;
  // The directory counts from the first of several volumes, and this is the last of them.
  if (of_its_own_ && base < 0)
    is_volume_ = true;
  if (is_volume_)
    return;
  if (of_its_own_ && base != 0)
    contradict("its directory is not where its end says");
  std::uint64_t entries = directory_entries_;
  if (!end64_)
    entries &= 0xffffU;
  if (entries != end_.entries || end_.size != directory_end_ - directory_start_)
    contradict("its directory is not the one that its end tells of");
  if (is_cut_)
    return;
  for (const Entry &central : centrals_)
    compare_entry(central, base);
  if (std::any_of(locals_.begin(), locals_.end(), [](const Entry &local) { return !local.used; }))
    contradict("it has a file that its directory has not");
}

void ZipStructure::compare_entry(const Entry &central, std::int64_t base) {
  std::uint64_t offset = central.offset + static_cast<std::uint64_t>(base);
  auto local =
      std::lower_bound(locals_.begin(), locals_.end(), offset,
                       [](const Entry &entry, std::uint64_t o) { return entry.offset < o; });
  if (local == locals_.end() || local->offset != offset)
    return contradict("its directory has a file that is not there");
  if (local->used)
    return contradict("its directory has two files at one place");
  local->used = true;
  // Names and sizes are hidden in the one where the directory is encrypted.
  if (is_masked_)
    return;
  if (local->name != central.name)
    return contradict("a file has two names");
  if (local->method != central.method || local->size != central.size ||
      ((local->flags ^ central.flags) & flag_encrypted) != 0)
    contradict("a file's two headers differ");
}

} // namespace smime
