#include "scanner/formats/ole-object.h"

#include "common/ascii.h"
#include "scanner/base/little-endian.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace smime {
namespace {

// Names and paths come before the data.
constexpr std::size_t max_head = 4096;
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

// Fills head to max_head; true if that is reached. bytes is then the rest.
bool fill(std::vector<unsigned char> &head, Bytes &bytes) {
  Bytes taken = bytes.first(std::min(max_head - std::min(max_head, head.size()), bytes.size()));
  head.insert(head.end(), taken.begin(), taken.end());
  bytes = bytes.subspan(taken.size());
  return head.size() >= max_head;
}

Bytes take_left(Bytes bytes, std::uint64_t &left) {
  bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left)));
  left -= bytes.size();
  return bytes;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

} // namespace

void OleNative::feed(Bytes bytes) {
  if (!decided_ && !fill(head_, bytes))
    return;
  if (!decided_)
    decide();
  if (file_ != nullptr)
    file_->feed(take_left(bytes, left_));
}

void OleNative::decide() {
  decided_ = true;
  Bytes bytes = head_;
  if (size_ == Size::comes_first)
    bytes = bytes.subspan(std::min<std::size_t>(4, bytes.size()));
  // What a program keeps in a form of its own is part of the document.
  if (!open_package(bytes) && begins_as_file(bytes))
    open("object", bytes);
  head_ = {};
}

// A label, the file's name, where it was, its size and its data; nobody wrote the format
// down, and all programs do it so.
bool OleNative::open_package(Bytes bytes) {
  constexpr std::uint32_t package = 2;
  constexpr std::uint32_t linked = 1;
  constexpr std::uint32_t embedded = 3;
  LittleEndian reader(bytes);
  if (reader.u16() != package)
    return false;
  std::string label = reader.c_string();
  std::string path = reader.c_string();
  (void)reader.u16();
  std::uint32_t kind = reader.u16();
  if (kind == linked && !reader.failed()) // to a file elsewhere
    return true;
  if (kind != embedded)
    return false;
  (void)reader.take(reader.u32());
  std::uint32_t size = reader.u32();
  if (reader.failed())
    return false;
  open(file_name(label.empty() ? path : label), {});
  left_ = size;
  file_->feed(take_left(reader.rest(), left_));
  return true;
}

void OleNative::open(std::string_view name, Bytes bytes) {
  left_ = unlimited;
  file_ = std::make_unique<InnerFile>(inspection_, place_, name);
  file_->feed(bytes);
}

void OleNative::finish() {
  if (!decided_)
    decide();
  if (file_ != nullptr)
    file_->finish();
  file_.reset();
}

void OleObject::feed(Bytes bytes) {
  if (!decided_ && !fill(head_, bytes))
    return;
  if (!decided_)
    decide();
  if (data_ != nullptr)
    data_->feed(take_left(bytes, left_));
}

void OleObject::decide() {
  decided_ = true;
  if (!open_embedded(head_) && !head_.empty()) {
    // No header that we understand: who opens it may.
    left_ = unlimited;
    data_ = std::make_unique<InnerFile>(inspection_, place_, "object");
    data_->feed(head_);
  }
  head_ = {};
}

// MS-OLEDS section 2.2.5 (EmbeddedObject).
bool OleObject::open_embedded(Bytes bytes) {
  constexpr std::uint32_t linked = 1;
  constexpr std::uint32_t embedded = 2;
  LittleEndian reader(bytes);
  (void)reader.u32(); // the version, which readers do not look at
  std::uint32_t format = reader.u32();
  if (reader.failed() || (format != linked && format != embedded))
    return false;
  Bytes name = reader.take(reader.u32());
  if (format == linked &&
      !reader.failed()) // There are names of a file elsewhere, and nothing else.
    return true;
  (void)reader.take(reader.u32());
  (void)reader.take(reader.u32());
  left_ = reader.u32();
  if (reader.failed())
    return false;
  const std::string class_name =
      lower(std::string(name.begin(), std::find(name.begin(), name.end(), 0)));
  if (class_name != "package" && !begins_as_file(reader.rest()))
    return true;
  if (class_name == "package")
    data_ = std::make_unique<OleNative>(inspection_, place_, OleNative::Size::is_known);
  else
    data_ = std::make_unique<InnerFile>(inspection_, place_, class_name);
  data_->feed(take_left(reader.rest(), left_));
  return true;
}

void OleObject::finish() {
  if (!decided_)
    decide();
  if (data_ != nullptr)
    data_->finish();
  data_.reset();
}

} // namespace smime
