#include "scanner/formats/embedded.h"

#include "scanner/formats/archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace smime {
namespace {

using namespace std::string_view_literals;

// How an archive begins that may be behind other bytes.
constexpr std::array starts{"PK\3\4"sv, "7z\xbc\xaf\x27\x1c"sv, "Rar!\x1a\7"sv, "MSCF\0\0\0\0"sv};

// The descriptors of an image, as far as the first one.
constexpr std::size_t head_size = 32768 + 2048;
// A zip archive's record at the end, and the longest comment.
constexpr std::size_t end_size = 22;
constexpr std::size_t tail_size = end_size + 65535;

std::uint32_t number(Bytes bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i > 0; i--)
    value = value << 8U | bytes[at + i - 1];
  return value;
}

bool begins(Bytes bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

struct Candidate {
  std::size_t at = 0;
  Container container = Container::none;
};

// The first archive that begins within the first limit bytes.
Candidate find_archive(Bytes bytes, std::size_t limit, bool with_zip) {
  Candidate first{limit};
  for (std::string_view start : starts) {
    if (start[0] == 'P' && !with_zip)
      continue;
    std::size_t at = 0;
    while (at < first.at) {
      const void *hit = memmem(bytes.data() + at, bytes.size() - at, start.data(), start.size());
      if (hit == nullptr)
        break;
      at = static_cast<std::size_t>(static_cast<const unsigned char *>(hit) - bytes.data());
      if (at >= first.at)
        break;
      Container container = embedded_container(bytes.subspan(at));
      if (container != Container::none)
        first = {at, container};
      at++;
    }
  }
  return first;
}

} // namespace

EmbeddedArchives::EmbeddedArchives(Inspection &inspection, Place place, Of of)
    : inspection_(inspection), place_(std::move(place)), of_(of),
      head_done_(of == Of::piece || of == Of::sectors) {}

EmbeddedArchives::~EmbeddedArchives() {
  archive_.reset();
  if (in_layer_)
    inspection_.leave_layer();
}

void EmbeddedArchives::feed(Bytes bytes) {
  if (inspection_.stopped())
    return;
  if (!head_done_)
    take_head(bytes);
  else if (image_ != nullptr)
    image_->feed(bytes);
  if (of_ != Of::piece && !found_)
    keep_tail(bytes);
  if (of_ != Of::sectors)
    look(bytes);
}

// One archive behind the other. The files in an image are read with the image.
void EmbeddedArchives::look(Bytes bytes) {
  while (!bytes.empty() && !inspection_.stopped()) {
    if (archive_ == nullptr && image_ != nullptr)
      return;
    if (archive_ == nullptr) {
      bytes = search(bytes);
      continue;
    }
    bytes = archive_->feed_own(bytes);
    if (archive_->ended())
      close();
  }
}

void EmbeddedArchives::take_head(Bytes bytes) {
  std::size_t taken = std::min(bytes.size(), head_size - head_.size());
  head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
  if (head_.size() < head_size)
    return;
  head_done_ = true;
  if (is_disk_image()) {
    found_ = true;
    kind_ = &kind_named("ISO 9660 image");
    image_ = std::make_unique<ArchiveContent>(inspection_, place_, Container::iso9660,
                                              ArchiveContent::Found::alone);
    image_->feed(head_);
    image_->feed(bytes.subspan(taken));
  } else if (begins(head_, iso9660_sign_at, "BEA01"sv) ||
             begins(head_, iso9660_sign_at, "NSR0"sv)) {
    name(kind_named("UDF file system"));
  }
  head_ = {};
}

bool EmbeddedArchives::is_disk_image() { return begins(head_, iso9660_sign_at, iso9660_sign); }

void EmbeddedArchives::keep_tail(Bytes bytes) {
  while (!bytes.empty()) {
    if (tail_.size() == tail_size) {
      std::swap(tail_, before_tail_);
      tail_.clear();
    }
    std::size_t taken = std::min(bytes.size(), tail_size - tail_.size());
    tail_.insert(tail_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
  }
}

// Looks at every place of which enough bytes are known, and keeps the rest. Returns what is to be
// looked at next, from the first byte of an archive on.
Bytes EmbeddedArchives::search(Bytes bytes) {
  if (!carry_.empty())
    return search_carry(bytes, false);
  std::size_t complete =
      bytes.size() >= embedded_sign_size ? bytes.size() - embedded_sign_size + 1 : 0;
  Candidate found = find_archive(bytes, complete, of_ != Of::document);
  if (found.container != Container::none) {
    open(found.container);
    return bytes.subspan(found.at);
  }
  Bytes rest = bytes.subspan(complete);
  carry_.assign(rest.begin(), rest.end());
  return {};
}

// The same of what was kept, with the first of bytes behind it.
Bytes EmbeddedArchives::search_carry(Bytes bytes, bool at_end) {
  std::size_t kept = carry_.size();
  std::size_t taken = std::min(bytes.size(), embedded_sign_size);
  carry_.insert(carry_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
  if (!at_end && carry_.size() < embedded_sign_size)
    return {};
  std::size_t complete =
      at_end ? carry_.size() : std::min(kept, carry_.size() - embedded_sign_size + 1);
  Candidate found = find_archive(carry_, complete, of_ != Of::document);
  if (found.container != Container::none) {
    std::vector<unsigned char> start = std::exchange(carry_, {});
    open(found.container);
    look(Bytes(start).subspan(found.at));
    return bytes.subspan(taken);
  }
  if (complete < kept) { // All of bytes is in it.
    carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(complete));
    return {};
  }
  carry_.clear();
  return bytes;
}

// Archives in archives nest.
void EmbeddedArchives::open(Container container) {
  found_ = in_layer_ = true;
  (void)inspection_.enter_layer(place_);
  archive_ = std::make_unique<ArchiveContent>(inspection_, place_, container,
                                              ArchiveContent::Found::embedded);
}

void EmbeddedArchives::close() {
  archive_->finish();
  archive_.reset();
  inspection_.leave_layer();
  in_layer_ = false;
}

void EmbeddedArchives::name(const KindRow &kind) {
  found_ = true;
  kind_ = &kind;
  name_as(kind.reason);
}

void EmbeddedArchives::name_as(std::string_view reason) {
  if (reason == "encrypted-archive")
    inspection_.add_class(MessageClass::encrypted_archive);
  inspection_.add_uninspectable(place_, std::string(reason));
}

// A directory of a zip archive without the archive: the last volume of several. It begins with
// a file's data, which nothing tells from noise.
bool EmbeddedArchives::look_for_zip_end(Bytes tail) {
  if (tail.size() < end_size)
    return false;
  for (std::size_t at = tail.size() - end_size + 1; at > 0; at--) {
    Bytes end = tail.subspan(at - 1);
    if (end[0] != 'P' || !begins(end, 0, "PK\5\6"sv) || end_size + number(end, 20, 2) > end.size())
      continue;
    // The same bytes are in programs that know of zip archives; this has to be the last of the
    // file.
    if (end.size() > end_size + number(end, 20, 2) + 2)
      return false;
    std::size_t size = number(end, 12, 4);
    std::uint32_t entries = number(end, 10, 2);
    if (entries == 0 || size < 46ULL * entries)
      return false;
    bool is_encrypted = false;
    if (size <= at - 1) {
      Bytes directory = tail.subspan(at - 1 - size, size);
      if (!begins(directory, 0, "PK\1\2"sv))
        return false;
      while (directory.size() >= 46 && begins(directory, 0, "PK\1\2"sv)) {
        is_encrypted = is_encrypted || (directory[8] & 1) != 0;
        std::size_t whole =
            46 + number(directory, 28, 2) + number(directory, 30, 2) + number(directory, 32, 2);
        directory = directory.subspan(std::min(whole, directory.size()));
      }
    }
    found_ = true;
    bool is_document = of_ != Of::whole_file;
    if (!is_document)
      kind_ = &kind_named("volume of an archive");
    name_as(is_encrypted  ? "encrypted-archive"
            : is_document ? "contradictory-archive"
                          : "unsupported-archive");
    return true;
  }
  return false;
}

void EmbeddedArchives::look_at_tail() {
  std::vector<unsigned char> tail = std::move(before_tail_);
  tail.insert(tail.end(), tail_.begin(), tail_.end());
  if (std::string_view kind = kind_at_end(tail); !kind.empty())
    return name(kind_named(kind));
  (void)look_for_zip_end(Bytes(tail).last(std::min(tail.size(), tail_size)));
}

void EmbeddedArchives::finish() {
  if (inspection_.stopped() && archive_ == nullptr && image_ == nullptr)
    return;
  if (archive_ == nullptr && image_ == nullptr)
    (void)search_carry({}, true);
  if (archive_ != nullptr)
    close();
  if (image_ != nullptr)
    image_->finish();
  if (of_ != Of::piece && !found_)
    look_at_tail();
}

} // namespace smime
