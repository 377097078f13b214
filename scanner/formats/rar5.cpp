#include "scanner/formats/rar5.h"

#include <algorithm>
#include <array>
#include <optional>

namespace smime {
namespace {

constexpr std::array<unsigned char, 8> signature{'R', 'a', 'r', '!', 0x1a, 7, 1, 0};
constexpr std::size_t max_header = 128 * 1024;
constexpr std::size_t crc_size = 4;

constexpr std::uint64_t type_archive = 1;
constexpr std::uint64_t type_file = 2;
constexpr std::uint64_t type_service = 3;
constexpr std::uint64_t type_encryption = 4;
constexpr std::uint64_t type_end = 5;
constexpr std::uint64_t flag_extra = 1;
constexpr std::uint64_t flag_data = 2;
constexpr std::uint64_t archive_flag_volume = 1;
constexpr std::uint64_t record_encryption = 1;

// A variable length integer; takes it off bytes.
std::optional<std::uint64_t> take_number(Bytes &bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 10 && i < bytes.size(); i++) {
    value |= static_cast<std::uint64_t>(bytes[i] & 0x7fU) << (7 * i);
    if ((bytes[i] & 0x80) == 0) {
      bytes = bytes.subspan(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

bool has_encryption_record(Bytes extra) {
  while (auto size = take_number(extra)) {
    if (*size > extra.size())
      return false;
    Bytes record = extra.first(static_cast<std::size_t>(*size));
    extra = extra.subspan(record.size());
    if (take_number(record) == record_encryption)
      return true;
  }
  return false;
}

} // namespace

// Returns false if the buffer does not hold a whole header yet.
bool Rar5Headers::take_header() {
  if (buffer_.size() <= crc_size)
    return false;
  Bytes rest = Bytes(buffer_).subspan(crc_size);
  auto size = take_number(rest);
  if (!size)
    return false;
  if (*size > max_header) {
    state_ = State::ended;
    return false;
  }
  if (rest.size() < *size)
    return false;
  Bytes after = rest.subspan(static_cast<std::size_t>(*size));
  Bytes header = rest.first(static_cast<std::size_t>(*size));
  auto type = take_number(header);
  auto flags = take_number(header);
  std::uint64_t extra_size = 0;
  data_left_ = 0;
  if (flags && (*flags & flag_extra) != 0)
    extra_size = take_number(header).value_or(0);
  if (flags && (*flags & flag_data) != 0)
    data_left_ = take_number(header).value_or(0);
  if (type == type_encryption)
    encrypted_ = true;
  if (type == type_archive)
    volume_ = (take_number(header).value_or(0) & archive_flag_volume) != 0;
  if ((type == type_file || type == type_service) && extra_size <= header.size() &&
      has_encryption_record(header.last(static_cast<std::size_t>(extra_size))))
    encrypted_ = true;
  if (type == type_end)
    end_ = position_ - after.size();
  state_ = encrypted_ || type == type_end || !type || !flags ? State::ended : State::data;
  std::vector<unsigned char> left(after.begin(), after.end());
  buffer_ = std::move(left);
  return state_ == State::data;
}

void Rar5Headers::feed(Bytes bytes) {
  while (state_ != State::ended) {
    if (state_ == State::data) {
      // What was read ahead of the header's end belongs to the data.
      auto taken = std::min<std::uint64_t>(data_left_, buffer_.size());
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken));
      data_left_ -= taken;
      auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(data_left_, bytes.size()));
      bytes = bytes.subspan(skipped);
      position_ += skipped;
      data_left_ -= skipped;
      if (data_left_ > 0)
        return;
      state_ = State::header;
    }
    std::size_t taken = std::min<std::size_t>(bytes.size(), 4096);
    buffer_.insert(buffer_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    position_ += taken;
    if (state_ == State::signature && buffer_.size() >= signature.size()) {
      bool known = std::equal(signature.begin(), signature.end(), buffer_.begin());
      buffer_.erase(buffer_.begin(), buffer_.begin() + signature.size());
      state_ = known ? State::header : State::ended;
    }
    if (state_ == State::header && !take_header() && bytes.empty())
      return;
    if (state_ == State::signature && bytes.empty())
      return;
  }
}

} // namespace smime
