// Archives and compressed files, opened with libarchive; each file in them is read as content of
// its own. An entry that is encrypted (read_entry()) and an archive whose directory is
// (report_failure()) make the part uninspectable with the reason encrypted-archive, which is
// reported once by report_encrypted() and gives the message the class of that name.
//
// libarchive shows one reading of an archive. Where there is another one that some programs show
// instead, that is read as well, and what is behind the end of the archive too.
#include "scanner/formats/archive.h"

#include "common/mime-labels.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/embedded.h"
#include "scanner/inspection/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>
#include <zlib.h>

namespace smime {
namespace {

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

constexpr std::size_t max_entry_name = 255;

// What libarchive has of its own. Where it was built without a library it would start a program,
// and says so with a warning.
bool add_filter(archive *a, Container container) {
  switch (container) {
  case Container::gzip: return archive_read_append_filter(a, ARCHIVE_FILTER_GZIP) == ARCHIVE_OK;
  case Container::bzip2: return archive_read_append_filter(a, ARCHIVE_FILTER_BZIP2) == ARCHIVE_OK;
  case Container::xz: return archive_read_append_filter(a, ARCHIVE_FILTER_XZ) == ARCHIVE_OK;
  case Container::lzma: return archive_read_append_filter(a, ARCHIVE_FILTER_LZMA) == ARCHIVE_OK;
  case Container::lzip: return archive_read_append_filter(a, ARCHIVE_FILTER_LZIP) == ARCHIVE_OK;
  case Container::zstd: return archive_read_append_filter(a, ARCHIVE_FILTER_ZSTD) == ARCHIVE_OK;
  case Container::lz4: return archive_read_append_filter(a, ARCHIVE_FILTER_LZ4) == ARCHIVE_OK;
  case Container::rpm: return archive_read_append_filter(a, ARCHIVE_FILTER_RPM) == ARCHIVE_OK;
  // Wants to see its input when it is added.
  case Container::compress: return archive_read_support_filter_compress(a) == ARCHIVE_OK;
  default: return false;
  }
}

bool add_format(archive *a, Container container) {
  switch (container) {
  case Container::zip: return archive_read_support_format_zip(a) == ARCHIVE_OK;
  case Container::seven_zip: return archive_read_support_format_7zip(a) == ARCHIVE_OK;
  case Container::rar: return archive_read_support_format_rar(a) == ARCHIVE_OK;
  case Container::rar5: return archive_read_support_format_rar5(a) == ARCHIVE_OK;
  case Container::tar: return archive_read_support_format_tar(a) == ARCHIVE_OK;
  case Container::cab: return archive_read_support_format_cab(a) == ARCHIVE_OK;
  case Container::lha: return archive_read_support_format_lha(a) == ARCHIVE_OK;
  case Container::iso9660: return archive_read_support_format_iso9660(a) == ARCHIVE_OK;
  case Container::ar: return archive_read_support_format_ar(a) == ARCHIVE_OK;
  case Container::cpio: return archive_read_support_format_cpio(a) == ARCHIVE_OK;
  case Container::xar: return archive_read_support_format_xar(a) == ARCHIVE_OK;
  case Container::warc: return archive_read_support_format_warc(a) == ARCHIVE_OK;
  default: return false;
  }
}

// Only what the bytes were recognised as: what is packed is only unpacked, by one filter, so that
// each step counts against the bounds, and detection then sees what is in it. Null if libarchive
// cannot do it by itself.
Reader make_reader(Container container) {
  Reader reader(archive_read_new(), archive_read_free);
  archive *a = reader.get();
  if (a == nullptr)
    return reader;
  bool ok = is_packed_file(container)
                ? archive_read_support_format_raw(a) == ARCHIVE_OK && add_filter(a, container)
                : add_format(a, container);
  if (!ok)
    reader.reset();
  return reader;
}

struct WindowSource {
  const Window &window;
  Inspection &inspection;
  const Place &place;
  std::uint64_t offset = 0;
  std::vector<unsigned char> buffer = std::vector<unsigned char>(65536);
};

// An offset in the gap of the copy reads as an error, never as the end.
la_ssize_t read_source(archive *a, void *context, const void **data) {
  auto &source = *static_cast<WindowSource *>(context);
  if (source.window.in_gap(source.offset) || !source.inspection.in_time(source.place)) {
    archive_set_error(a, EFBIG, "beyond max_document_size");
    return ARCHIVE_FATAL;
  }
  std::size_t size = source.window.read(source.offset, source.buffer.data(), source.buffer.size());
  source.offset += size;
  *data = source.buffer.data();
  return static_cast<la_ssize_t>(size);
}

la_int64_t seek_source(archive *, void *context, la_int64_t offset, int whence) {
  auto &source = *static_cast<WindowSource *>(context);
  auto size = static_cast<la_int64_t>(source.window.size());
  la_int64_t base = whence == SEEK_SET   ? 0
                    : whence == SEEK_CUR ? static_cast<la_int64_t>(source.offset)
                                         : size;
  la_int64_t wanted = std::clamp<la_int64_t>(base + offset, 0, size);
  source.offset = static_cast<std::uint64_t>(wanted);
  return wanted;
}

// Where the header says that the archive ends; nullopt if it does not say it.
std::optional<std::uint64_t> declared_end(Container container, Bytes head) {
  constexpr std::size_t seven_zip_header = 32;
  if (container == Container::seven_zip && head.size() >= seven_zip_header) {
    std::uint64_t offset = little_endian(head, 12, 8);
    std::uint64_t size = little_endian(head, 20, 8);
    constexpr std::uint64_t most = 1ULL << 62U;
    return offset > most || size > most ? most : seven_zip_header + offset + size;
  }
  if (container == Container::cab && head.size() >= 36)
    return little_endian(head, 8, 4);
  constexpr std::size_t volume_size_at = 32768 + 80;
  if (container == Container::iso9660 && head.size() >= volume_size_at + 4)
    return little_endian(head, volume_size_at, 4) * 2048;
  return std::nullopt;
}

// The header says that it is continued in another file.
bool says_continued(Container container, Bytes head) {
  constexpr unsigned previous_or_next = 3;
  return container == Container::cab && head.size() >= 36 &&
         (little_endian(head, 30, 2) & previous_or_next) != 0;
}

// libarchive keeps what a xar archive's table of contents says, and the table is compressed.
bool is_table_bounded(Container container, Bytes head) {
  constexpr std::size_t header = 28;
  constexpr std::size_t max_table = 8UL * 1024 * 1024;
  if (container != Container::xar || head.size() < header)
    return true;
  Bytes table = head.subspan(std::min<std::size_t>(head[4] << 8U | head[5], head.size()));
  std::array<unsigned char, 65536> output{};
  z_stream stream{};
  stream.next_in = const_cast<unsigned char *>(table.data());
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(table.size(), max_table));
  if (inflateInit(&stream) != Z_OK)
    return false;
  int result = Z_OK;
  while (result == Z_OK && stream.total_out <= max_table) {
    stream.next_out = output.data();
    stream.avail_out = static_cast<uInt>(output.size());
    result = inflate(&stream, Z_NO_FLUSH);
  }
  bool is_bounded = stream.total_out <= max_table;
  inflateEnd(&stream);
  return is_bounded;
}

// Of the descriptors of an image, which are numbered by their first byte.
constexpr std::size_t descriptors_at = 32768;
constexpr std::size_t descriptor_size = 2048;
constexpr std::size_t max_descriptors = 32;

template <typename Test> bool any_descriptor(Bytes head, Test test) {
  for (std::size_t i = 0; i < max_descriptors; i++) {
    std::size_t at = descriptors_at + i * descriptor_size;
    if (head.size() < at + descriptor_size)
      return false;
    if (test(head.subspan(at, descriptor_size)))
      return true;
  }
  return false;
}

bool has_text(Bytes bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

// A second tree of names, in UCS-2 by one of three escape sequences.
bool is_joliet(Bytes descriptor) {
  return descriptor[0] == 2 && has_text(descriptor, 1, "CD001") &&
         (has_text(descriptor, 88, "%/@") || has_text(descriptor, 88, "%/C") ||
          has_text(descriptor, 88, "%/E"));
}

bool is_udf(Bytes descriptor) {
  return has_text(descriptor, 1, "NSR02") || has_text(descriptor, 1, "NSR03");
}

// libarchive has no other way to tell it.
bool says_unsupported(std::string_view text) {
  static constexpr std::array<std::string_view, 6> words{
      "nsupported", "ot supported", "solid", "unavailable", "for your", "an't decompress"};
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// RFC 8878 section 3.1.1: behind the magic number a descriptor, and what it says is there.
bool is_empty_zstd(std::string_view file) {
  constexpr std::size_t block_size = 3;
  if (!file.starts_with("\x28\xb5\x2f\xfd") || file.size() < 9 || file.size() > 18)
    return false;
  std::size_t checksum = (file[4] & 4) != 0 ? 4 : 0;
  return file.size() > 5 + checksum + block_size &&
         file.substr(file.size() - checksum - block_size, block_size) ==
             std::string_view("\1\0\0", block_size);
}

// A compressed file of no bytes, which libarchive takes for a damaged one: the whole of it,
// so that nothing else is.
bool is_compressed_nothing(Window &window) {
  constexpr std::size_t max_size = 300;
  std::array<unsigned char, max_size> buffer{};
  if (window.size() > max_size || !window.whole())
    return false;
  std::size_t size = window.read(0, buffer.data(), buffer.size());
  std::string_view file(reinterpret_cast<const char *>(buffer.data()), size);
  static constexpr std::string_view empty_bzip2("BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0", 14);
  // RFC 1952: with a file name or none, an empty block, and a checksum and size of zero.
  static constexpr std::string_view empty_deflate("\3\0\0\0\0\0\0\0\0\0", 10);
  // An xz file's index of no blocks; a last block of no bytes, with its checksum or without.
  static constexpr std::string_view empty_index("\0\0\0\0\x1c\xdf\x44\x21", 8);
  static constexpr std::string_view empty_lz4("\0\0\0\0\x05\x5d\xcc\x02", 8);
  if (file == empty_bzip2 || (file.size() == 32 && file.substr(12, 8) == empty_index) ||
      (file.size() == 15 && file.ends_with(empty_lz4)) || is_empty_zstd(file))
    return true;
  if (!file.starts_with("\x1f\x8b\x08") || file.size() < 20)
    return false;
  std::size_t header = 10;
  if (file[3] == 8)
    header = file.find('\0', header) + 1;
  else if (file[3] != 0)
    return false;
  return header >= 10 && file.substr(std::min(header, file.size())) == empty_deflate;
}

} // namespace

// What the fiber was given last, for what of it libarchive leaves.
struct ArchiveContent::Stream {
  Fiber &fiber;
  ArchiveContent &owner;
  std::uint64_t given = 0;
  // The end of what came before the last piece.
  std::vector<unsigned char> before = {};
  Bytes last = {};

  Bytes next() {
    constexpr std::size_t kept = 4096;
    Bytes end = last.last(std::min(last.size(), kept));
    before.assign(end.begin(), end.end());
    last = fiber.wait();
    given += last.size();
    return last;
  }

  static la_ssize_t read(archive *a, void *context, const void **data) {
    auto &self = *static_cast<Stream *>(context);
    if (!self.owner.inspection_.in_time(self.owner.place_)) {
      archive_set_error(a, EFBIG, "no time left");
      return ARCHIVE_FATAL;
    }
    Bytes bytes = self.next();
    *data = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  }
};

ArchiveContent::ArchiveContent(Inspection &inspection, Place place, Container container,
                               Found found)
    : inspection_(inspection), place_(std::move(place)), container_(container), found_(found),
      window_(std::make_unique<Window>(inspection)) {
  if (container_ == Container::zip)
    zip_ = std::make_unique<ZipStructure>(found == Found::alone,
                                          [this](Bytes bytes) { feed_stray(bytes); });
}

ArchiveContent::~ArchiveContent() = default;

// Where the archive ends, if that is known; the first bytes have the header.
std::optional<std::uint64_t> ArchiveContent::known_end(Bytes bytes) const {
  if (zip_ != nullptr)
    return zip_->has_end() ? std::optional(zip_->end_position()) : std::nullopt;
  return fed_ == 0 ? declared_end(container_, bytes) : end_;
}

Bytes ArchiveContent::feed_own(Bytes bytes) {
  look_at_headers(bytes);
  end_ = known_end(bytes);
  fed_ += bytes.size();
  std::size_t behind = 0;
  if (end_ && *end_ <= fed_) {
    ended_ = true;
    behind = static_cast<std::size_t>(std::min<std::uint64_t>(fed_ - *end_, bytes.size()));
  }
  take(bytes.first(bytes.size() - behind));
  return bytes.last(behind);
}

// A file that is an image of a disk as well is opened as one where its name says so.
void ArchiveContent::look_for_image(Bytes bytes) {
  for (std::size_t i = 0; i < iso9660_sign.size(); i++) {
    std::uint64_t at = iso9660_sign_at + i;
    if (at >= position_ && at - position_ < bytes.size() &&
        bytes[static_cast<std::size_t>(at - position_)] ==
            static_cast<unsigned char>(iso9660_sign[i]))
      image_bytes_++;
  }
  position_ += bytes.size();
}

void ArchiveContent::feed(Bytes bytes) {
  if (container_ != Container::iso9660)
    look_for_image(bytes);
  look_at_headers(bytes);
  take(bytes);
}

void ArchiveContent::take(Bytes bytes) {
  if (fiber_ == nullptr && container_ == Container::seven_zip) {
    window_->feed(bytes);
    return;
  }
  if (fiber_ == nullptr) {
    bytes = window_->feed_head(bytes);
    if (bytes.empty())
      return;
    is_refused_ = is_refused_ || !is_table_bounded(container_, window_->head());
    if (is_refused_)
      return;
    // Too large to be kept: what was kept is read first.
    fiber_ = std::make_unique<Fiber>([this](Fiber &fiber) { read_streamed(fiber); });
    look_for_udf(window_->head());
    fiber_->feed(window_->head());
    window_.reset();
  }
  if (!inspection_.stopped())
    fiber_->feed(bytes);
}

void ArchiveContent::look_at_headers(Bytes bytes) {
  if (inspection_.stopped())
    return;
  if (container_ == Container::rar)
    rar4_.feed(bytes);
  if (container_ == Container::rar5)
    rar5_.feed(bytes);
  if (zip_ != nullptr)
    zip_->feed(bytes);
  if (rar4_.encrypted() || rar5_.encrypted() || (zip_ != nullptr && zip_->encrypted()))
    report_encrypted();
}

std::unique_ptr<ByteSink> ArchiveContent::make_search() {
  return std::make_unique<EmbeddedArchives>(inspection_, place_, EmbeddedArchives::Of::piece);
}

void ArchiveContent::feed_stray(Bytes bytes) {
  if (stray_ == nullptr)
    stray_ = make_search();
  stray_->feed(bytes);
}

void ArchiveContent::finish() {
  if (inspection_.stopped() && fiber_ == nullptr)
    return;
  finish_headers();
  if (fiber_ != nullptr)
    fiber_->finish();
  else
    read_whole();
  if (stray_ != nullptr)
    stray_->finish();
  if (image_bytes_ == iso9660_sign.size() && !inspection_.stopped())
    report_contradiction("it is a disk image as well");
  if (zip_ == nullptr || inspection_.stopped())
    return;
  if (zip_->has_end() && !zip_->contradiction().empty())
    report_contradiction(zip_->contradiction());
  if (!zip_->has_end() && found_ == Found::alone)
    report_once("damaged-archive");
  if (zip_->is_cut())
    report_once("limit-exceeded");
}

void ArchiveContent::finish_headers() {
  if (zip_ != nullptr)
    zip_->finish();
  look_at_headers({});
  if (rar4_.is_volume() || rar5_.is_volume() || (zip_ != nullptr && zip_->is_volume()))
    report_once("unsupported-archive");
}

// Only a part of the archive is here, and the rest is in other files.
bool ArchiveContent::is_cut_short() {
  auto end = declared_end(container_, window_->head());
  return (end && *end > window_->size() && container_ != Container::iso9660) ||
         says_continued(container_, window_->head());
}

void ArchiveContent::read_whole() {
  if (is_packed_file(container_) && is_compressed_nothing(*window_))
    return;
  if (is_cut_short())
    report_once("unsupported-archive");
  look_for_udf(window_->head());
  if (is_refused_ || !is_table_bounded(container_, window_->head()))
    return report_once("limit-exceeded");
  if (has_joliet_) {
    read_window(Way::iso_tree);
    read_window(Way::joliet_tree);
  } else {
    read_window(Way::usual);
  }
  // What the directory hides is in the files as they follow each other.
  if (zip_ != nullptr && !zip_->contradiction().empty() && zip_->has_end())
    read_window(Way::local_headers);
}

void ArchiveContent::look_for_udf(Bytes head) {
  if (container_ != Container::iso9660)
    return;
  has_joliet_ = any_descriptor(head, is_joliet);
  if (any_descriptor(head, is_udf))
    report_once("unsupported-archive");
}

void ArchiveContent::read_window(Way way) {
  if (inspection_.stopped())
    return;
  Reader reader(nullptr, archive_read_free);
  if (way == Way::local_headers) {
    reader.reset(archive_read_new());
    if (reader != nullptr && archive_read_support_format_zip_streamable(reader.get()) != ARCHIVE_OK)
      reader.reset();
  } else {
    reader = make_reader(container_);
  }
  if (reader == nullptr)
    return report_once("unsupported-archive");
  if (way == Way::iso_tree)
    archive_read_set_option(reader.get(), "iso9660", "joliet", nullptr);
  if (way == Way::joliet_tree)
    archive_read_set_option(reader.get(), "iso9660", "rockridge", nullptr);
  WindowSource source{*window_, inspection_, place_};
  archive_read_set_read_callback(reader.get(), read_source);
  if (way != Way::local_headers)
    archive_read_set_seek_callback(reader.get(), seek_source);
  archive_read_set_callback_data(reader.get(), &source);
  int result = archive_read_open1(reader.get());
  opened_ = result == ARCHIVE_OK;
  if (!opened_)
    return report_failure(reader.get(), result);
  bool is_at_end = read_entries(reader.get());
  if (!is_at_end || zip_ != nullptr || way == Way::iso_tree)
    return;
  auto end = declared_end(container_, window_->head());
  if (!end && (container_ == Container::rar || container_ == Container::rar5))
    end = container_ == Container::rar ? rar4_.end() : rar5_.end();
  else if (!end)
    end = static_cast<std::uint64_t>(archive_filter_bytes(reader.get(), -1));
  if (end)
    read_behind(*end);
}

// libarchive reads up to the end of these, in the order of their bytes.
bool ArchiveContent::tells_end() const {
  return zip_ == nullptr && container_ != Container::iso9660 && container_ != Container::rar &&
         container_ != Container::rar5;
}

// Runs on the fiber; nothing may be thrown out of it.
void ArchiveContent::read_streamed(Fiber &fiber) {
  Stream stream{fiber, *this};
  try {
    Reader reader = make_reader(container_);
    if (reader == nullptr) {
      report_once("unsupported-archive");
    } else {
      int result = archive_read_open(reader.get(), &stream, nullptr, Stream::read, nullptr);
      opened_ = result == ARCHIVE_OK;
      if (!opened_)
        report_failure(reader.get(), result);
      else if (read_entries(reader.get()) && tells_end())
        read_behind_stream(stream,
                           static_cast<std::uint64_t>(archive_filter_bytes(reader.get(), -1)));
      // The other tree of names needs a second reading.
      if (has_joliet_)
        report_once("limit-exceeded");
    }
  } catch (...) {
    report_once("limit-exceeded");
  }
  while (!fiber.wait().empty()) {
  }
}

// Those who read signatures and padding behind an archive's end are not led to something else by
// it; behind the others an archive may follow.
std::unique_ptr<ByteSink> ArchiveContent::make_behind_reader() {
  bool is_signed = container_ == Container::cab || container_ == Container::xar ||
                   container_ == Container::iso9660;
  if (found_ != Found::alone || is_signed)
    return make_search();
  Place behind = place_;
  behind.in_archive = true;
  behind.is_text = behind.has_cms_label = false;
  return make_content_reader(inspection_, std::move(behind));
}

// Looks at what follows the archive, if it is more than padding.
void ArchiveContent::read_behind(std::uint64_t end) {
  if (end == 0 && is_packed_file(container_))
    return report_once("damaged-archive");
  std::unique_ptr<ByteSink> reader;
  std::vector<unsigned char> buffer(65536);
  std::uint64_t at = end;
  while (at < window_->size() && !inspection_.stopped()) {
    std::size_t size = window_->read(at, buffer.data(), buffer.size());
    if (size == 0)
      return report_once("limit-exceeded");
    Bytes bytes = Bytes(buffer).first(size);
    at += size;
    if (reader == nullptr) {
      auto start = std::find_if(bytes.begin(), bytes.end(), [](unsigned char c) { return c != 0; });
      bytes = bytes.subspan(static_cast<std::size_t>(start - bytes.begin()));
      if (bytes.empty())
        continue;
      if (!inspection_.enter_layer(place_))
        break;
      reader = make_behind_reader();
    }
    reader->feed(bytes);
  }
  if (reader != nullptr) {
    reader->finish();
    inspection_.leave_layer();
  }
}

void ArchiveContent::read_behind_stream(Stream &stream, std::uint64_t end) {
  std::uint64_t left = stream.given - std::min(end, stream.given);
  if (left > stream.last.size() + stream.before.size())
    return report_once("limit-exceeded");
  std::vector<unsigned char> first;
  if (left > stream.last.size()) {
    Bytes before = Bytes(stream.before).last(static_cast<std::size_t>(left) - stream.last.size());
    first.assign(before.begin(), before.end());
    left = stream.last.size();
  }
  Bytes last = stream.last.last(static_cast<std::size_t>(left));
  first.insert(first.end(), last.begin(), last.end());
  std::unique_ptr<ByteSink> reader;
  Bytes bytes = first;
  do {
    if (reader == nullptr) {
      auto start = std::find_if(bytes.begin(), bytes.end(), [](unsigned char c) { return c != 0; });
      bytes = bytes.subspan(static_cast<std::size_t>(start - bytes.begin()));
      if (!bytes.empty() && !inspection_.enter_layer(place_))
        return;
      if (!bytes.empty())
        reader = make_behind_reader();
    }
    if (reader != nullptr && !bytes.empty())
      reader->feed(bytes);
    bytes = stream.next();
  } while (!bytes.empty());
  if (reader != nullptr) {
    reader->finish();
    inspection_.leave_layer();
  }
}

// Whether all of them were read.
bool ArchiveContent::read_entries(archive *reader) {
  bool is_at_end = false;
  if (!inspection_.enter_layer(place_)) {
    inspection_.leave_layer();
    return false;
  }
  for (;;) {
    archive_entry *entry = nullptr;
    int result = archive_read_next_header(reader, &entry);
    if (archive_read_has_encrypted_entries(reader) > 0)
      report_encrypted();
    if (result == ARCHIVE_EOF) {
      is_at_end = true;
      break;
    }
    if (result < ARCHIVE_WARN) {
      report_failure(reader, result);
      break;
    }
    if (is_packed_file(container_) && archive_filter_count(reader) != 2) {
      report_once("damaged-archive");
      break;
    }
    if (!inspection_.count_part(place_) || !read_entry(reader, entry))
      break;
  }
  if (!inspection_.stopped())
    marks_.report(inspection_, place_);
  inspection_.leave_layer();
  if (marks_.is_encrypted())
    inspection_.explain_unrecognised(place_);
  return is_at_end;
}

bool ArchiveContent::read_entry(archive *reader, archive_entry *entry) {
  const char *name = archive_entry_pathname_utf8(entry);
  if (name == nullptr)
    name = archive_entry_pathname(entry);
  const std::string file = name == nullptr ? "" : shortened_name(name, max_entry_name);
  marks_.begin_file(file);
  if (archive_entry_is_encrypted(entry) != 0) {
    report_encrypted();
    return true;
  }
  if (archive_entry_filetype(entry) == AE_IFDIR)
    return true;
  Place place;
  place.path = place_.path;
  place.in_archive = true;
  if (is_packed_file(container_))
    place.name = place_.name;
  else
    place.name = shortened_name(place_.name + "/" + file, 4 * max_entry_name);
  // Tables of linkers, which are no files.
  bool is_table =
      container_ == Container::ar &&
      (file == "/" || file == "//" || file == "/SYM64/" || file.starts_with("__.SYMDEF"));
  return read_data(reader,
                   is_table ? make_search() : make_content_reader(inspection_, std::move(place)));
}

bool ArchiveContent::read_data(archive *reader, std::unique_ptr<ByteSink> content) {
  for (;;) {
    const void *data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int result = archive_read_data_block(reader, &data, &size, &offset);
    if (result == ARCHIVE_EOF)
      break;
    if (result < ARCHIVE_WARN) {
      report_failure(reader, result);
      return result != ARCHIVE_FATAL;
    }
    Bytes bytes(static_cast<const unsigned char *>(data), size);
    if (!inspection_.count_expanded(place_, size) || !inspection_.in_time(place_))
      return false;
    marks_.feed(bytes);
    content->feed(bytes);
  }
  content->finish();
  marks_.end_file();
  return !inspection_.stopped();
}

void ArchiveContent::report_once(const std::string &reason) {
  if (!reported_ && !inspection_.stopped())
    inspection_.add_uninspectable(place_, reason);
  reported_ = true;
}

void ArchiveContent::report_encrypted() {
  inspection_.add_class(MessageClass::encrypted_archive);
  if (!reported_encrypted_ && !inspection_.stopped())
    inspection_.add_uninspectable(place_, "encrypted-archive");
  reported_encrypted_ = reported_ = true;
}

// Programs show different files of it.
void ArchiveContent::report_contradiction(std::string_view why) {
  inspection_.add_uninspectable(place_, "contradictory-archive");
  inspection_.add_error("contradictory-archive", place_.path,
                        (place_.name.empty() ? "An archive" : place_.name) +
                            " can be read in several ways: " + std::string(why) + ".");
  reported_ = true;
}

void ArchiveContent::report_failure(archive *reader, int result) {
  if (inspection_.stopped())
    return;
  if (opened_ && archive_read_has_encrypted_entries(reader) > 0)
    return report_encrypted();
  std::string_view text = reader == nullptr || archive_error_string(reader) == nullptr
                              ? ""
                              : archive_error_string(reader);
  if (text.find("ncrypt") != std::string_view::npos) // libarchive's RAR readers
    return report_encrypted();
  if (result == ARCHIVE_FAILED)
    marks_.note_unreadable();
  // Bytes in a program that look like the beginning of an archive, and have no end.
  if (found_ == Found::embedded && zip_ != nullptr && !zip_->has_end() && window_ != nullptr)
    return;
  bool is_unsupported =
      result == ARCHIVE_FAILED || says_unsupported(text) || rar4_.has_old_comment();
  std::string reason = window_ != nullptr && !window_->whole() ? "limit-exceeded"
                       : is_unsupported                        ? "unsupported-archive"
                                                               : "damaged-archive";
  if (!reported_ && !text.empty())
    inspection_.add_error(reason, place_.path,
                          (place_.name.empty() ? "An archive" : place_.name) +
                              " cannot be read: " + std::string(text.substr(0, 200)));
  report_once(reason);
}

} // namespace smime
