#include "scanner/formats/presentation.h"

#include "scanner/base/little-endian.h"

#include <algorithm>
#include <vector>

namespace smime {
namespace {

// MS-PPT sections 2.13.24, 2.10.34 and 2.3.7.
constexpr std::uint32_t record_object_storage = 0x1011;
constexpr std::uint32_t record_crypt_session = 0x2f14;
constexpr std::uint32_t compressed_instance = 1;
constexpr std::uint32_t size_of_size = 4;

} // namespace

PresentationObjects::~PresentationObjects() {
  if (inflating_)
    (void)inflateEnd(&stream_);
}

void PresentationObjects::feed(Bytes bytes) {
  while (!bytes.empty() && !inspection_.stopped()) {
    Bytes taken;
    if (left_ > 0) {
      taken = bytes.first(std::min<std::size_t>(left_, bytes.size()));
      left_ -= static_cast<std::uint32_t>(taken.size());
      take(taken);
      if (left_ == 0)
        end_record();
    } else {
      taken = bytes.first(std::min(header_size - header_filled_, bytes.size()));
      std::copy(taken.begin(), taken.end(),
                header_.begin() + static_cast<std::ptrdiff_t>(header_filled_));
      header_filled_ += taken.size();
      if (header_filled_ == header_size)
        begin_record();
    }
    bytes = bytes.subspan(taken.size());
  }
}

// Records of the document's level; those in containers are passed over with them.
void PresentationObjects::begin_record() {
  header_filled_ = 0;
  std::uint32_t type = le16(&header_[2]);
  left_ = le32(&header_[4]);
  is_encrypted_ = is_encrypted_ || type == record_crypt_session;
  if (type != record_object_storage || left_ == 0)
    return;
  is_compressed_ = le16(header_.data()) >> 4U == compressed_instance;
  size_left_ = is_compressed_ ? size_of_size : 0;
  object_ = std::make_unique<InnerFile>(inspection_, place_, "object");
  stream_ = {};
  inflating_ = is_compressed_ && inflateInit(&stream_) == Z_OK;
}

void PresentationObjects::take(Bytes bytes) {
  if (object_ == nullptr)
    return;
  Bytes size = bytes.first(std::min<std::size_t>(size_left_, bytes.size()));
  size_left_ -= static_cast<std::uint32_t>(size.size());
  bytes = bytes.subspan(size.size());
  if (!is_compressed_)
    object_->feed(bytes);
  else if (inflating_)
    inflate_object(bytes);
}

void PresentationObjects::inflate_object(Bytes bytes) {
  std::vector<unsigned char> output(16384);
  stream_.next_in = const_cast<unsigned char *>(bytes.data());
  stream_.avail_in = static_cast<unsigned>(bytes.size());
  int result = Z_OK;
  do {
    stream_.next_out = output.data();
    stream_.avail_out = static_cast<unsigned>(output.size());
    result = inflate(&stream_, Z_NO_FLUSH);
    object_->feed(Bytes(output).first(output.size() - stream_.avail_out));
  } while (result == Z_OK && stream_.avail_out == 0 && !inspection_.stopped());
}

void PresentationObjects::end_record() {
  if (inflating_)
    (void)inflateEnd(&stream_);
  inflating_ = false;
  if (object_ != nullptr)
    object_->finish();
  object_.reset();
}

void PresentationObjects::finish() { end_record(); }

} // namespace smime
