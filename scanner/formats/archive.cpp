// Archives and compressed files, opened with libarchive; each file in them is read as content of
// its own. An entry that is encrypted (read_entry()) and an archive whose directory is
// (report_failure()) make the part uninspectable with the reason encrypted-archive, which is
// reported once by report_encrypted() and gives the message the class of that name.
#include "scanner/formats/archive.h"

#include "common/mime-labels.h"
#include "scanner/inspection/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {
namespace {

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

constexpr std::size_t max_entry_name = 255;

// Filters and formats are named one by one: "all" has filters that start
// programs. What is compressed is only decompressed; detection then sees what is
// in it.
Reader make_reader(Kind kind) {
  Reader reader(archive_read_new(), archive_read_free);
  archive *a = reader.get();
  if (a == nullptr)
    return reader;
  if (kind == Kind::compressed) {
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_compress(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_lzip(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_raw(a);
    return reader;
  }
  archive_read_support_format_zip(a);
  archive_read_support_format_7zip(a);
  archive_read_support_format_rar(a);
  archive_read_support_format_rar5(a);
  archive_read_support_format_tar(a);
  archive_read_support_format_cab(a);
  archive_read_support_format_lha(a);
  return reader;
}

struct WindowSource {
  const Window &window;
  std::uint64_t offset = 0;
  std::vector<unsigned char> buffer = std::vector<unsigned char>(65536);
};

// An offset in the gap of the copy reads as an error, never as the end.
la_ssize_t read_window(archive *a, void *context, const void **data) {
  auto &source = *static_cast<WindowSource *>(context);
  if (source.window.in_gap(source.offset)) {
    archive_set_error(a, EFBIG, "beyond max_document_size");
    return ARCHIVE_FATAL;
  }
  std::size_t size = source.window.read(source.offset, source.buffer.data(), source.buffer.size());
  source.offset += size;
  *data = source.buffer.data();
  return static_cast<la_ssize_t>(size);
}

la_int64_t seek_window(archive *, void *context, la_int64_t offset, int whence) {
  auto &source = *static_cast<WindowSource *>(context);
  auto size = static_cast<la_int64_t>(source.window.size());
  la_int64_t base = whence == SEEK_SET   ? 0
                    : whence == SEEK_CUR ? static_cast<la_int64_t>(source.offset)
                                         : size;
  la_int64_t wanted = std::clamp<la_int64_t>(base + offset, 0, size);
  source.offset = static_cast<std::uint64_t>(wanted);
  return wanted;
}

la_ssize_t read_fiber(archive *, void *context, const void **data) {
  Bytes bytes = static_cast<Fiber *>(context)->wait();
  *data = bytes.data();
  return static_cast<la_ssize_t>(bytes.size());
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
  if (file == empty_bzip2)
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

ArchiveContent::ArchiveContent(Inspection &inspection, Place place, const KindRow &kind)
    : inspection_(inspection), place_(std::move(place)), kind_(kind.opener), access_(kind.access),
      window_(std::make_unique<Window>(inspection)) {}

ArchiveContent::~ArchiveContent() = default;

void ArchiveContent::feed(Bytes bytes) {
  rar5_.feed(bytes);
  if (fiber_ == nullptr && access_ == Access::whole) {
    window_->feed(bytes);
    return;
  }
  if (fiber_ == nullptr) {
    bytes = window_->feed_head(bytes);
    if (bytes.empty())
      return;
    // Too large to be kept: what was kept is read first.
    fiber_ = std::make_unique<Fiber>([this](Fiber &fiber) { read_streamed(fiber); });
    fiber_->feed(window_->head());
    window_.reset();
  }
  if (!inspection_.stopped())
    fiber_->feed(bytes);
}

void ArchiveContent::finish() {
  if (inspection_.stopped() && fiber_ == nullptr)
    return;
  if (rar5_.encrypted())
    report_encrypted();
  if (fiber_ != nullptr)
    fiber_->finish();
  else
    read_whole();
}

void ArchiveContent::read_whole() {
  if (kind_ == Kind::compressed && is_compressed_nothing(*window_))
    return;
  Reader reader = make_reader(kind_);
  WindowSource source{*window_};
  if (reader == nullptr)
    return report_once("malformed");
  archive_read_set_read_callback(reader.get(), read_window);
  archive_read_set_seek_callback(reader.get(), seek_window);
  archive_read_set_callback_data(reader.get(), &source);
  int result = archive_read_open1(reader.get());
  opened_ = result == ARCHIVE_OK;
  if (!opened_)
    report_failure(reader.get(), result);
  else
    read_entries(reader.get());
}

// Runs on the fiber; nothing may be thrown out of it.
void ArchiveContent::read_streamed(Fiber &fiber) {
  try {
    Reader reader = make_reader(kind_);
    int result = reader == nullptr
                     ? ARCHIVE_FATAL
                     : archive_read_open(reader.get(), &fiber, nullptr, read_fiber, nullptr);
    opened_ = result == ARCHIVE_OK;
    if (!opened_)
      report_failure(reader.get(), result);
    else
      read_entries(reader.get());
  } catch (...) {
    report_once("limit-exceeded");
  }
  while (!fiber.wait().empty()) {
  }
}

void ArchiveContent::read_entries(archive *reader) {
  if (!inspection_.enter_layer(place_)) {
    inspection_.leave_layer();
    return;
  }
  for (;;) {
    archive_entry *entry = nullptr;
    int result = archive_read_next_header(reader, &entry);
    if (archive_read_has_encrypted_entries(reader) > 0)
      report_encrypted();
    if (result == ARCHIVE_EOF)
      break;
    if (result < ARCHIVE_WARN) {
      report_failure(reader, result);
      break;
    }
    if (kind_ == Kind::compressed && archive_filter_count(reader) <= 1) {
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
  if (kind_ == Kind::compressed)
    place.name = place_.name;
  else
    place.name = shortened_name(place_.name + "/" + file, 4 * max_entry_name);
  return read_data(reader, place);
}

bool ArchiveContent::read_data(archive *reader, const Place &place) {
  auto content = make_content_reader(inspection_, place);
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
  report_once("encrypted-archive");
}

void ArchiveContent::report_failure(archive *reader, int result) {
  if (inspection_.stopped())
    return;
  if (rar5_.encrypted() || (opened_ && archive_read_has_encrypted_entries(reader) > 0))
    return report_encrypted();
  std::string_view text = reader == nullptr || archive_error_string(reader) == nullptr
                              ? ""
                              : archive_error_string(reader);
  if (text.find("ncrypt") != std::string_view::npos) // libarchive's RAR readers
    return report_encrypted();
  if (result == ARCHIVE_FAILED)
    marks_.note_unreadable();
  std::string reason = window_ != nullptr && !window_->whole() ? "limit-exceeded"
                       : result == ARCHIVE_FAILED              ? "unsupported-archive"
                                                               : "damaged-archive";
  if (!reported_ && !text.empty())
    inspection_.add_error(reason, place_.path,
                          (place_.name.empty() ? "An archive" : place_.name) +
                              " cannot be read: " + std::string(text.substr(0, 200)));
  report_once(reason);
}

} // namespace smime
