// FLAC (RFC 9639): blocks with a length, then frames, whose length stands nowhere.
#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace smime {
namespace {

// Section 9.1.8: the polynomial x^8 + x^2 + x^1 + x^0.
unsigned char crc8(Bytes bytes) {
  unsigned crc = 0;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (unsigned bit = 0; bit < 8; bit++)
      crc = (crc & 0x80U) != 0 ? (crc << 1U ^ 0x07U) & 0xffU : crc << 1U;
  }
  return static_cast<unsigned char>(crc);
}

// Section 9.3: the polynomial x^16 + x^15 + x^2 + x^0, by the upper byte.
constexpr std::array<std::uint16_t, 256> make_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < table.size(); i++) {
    unsigned crc = i << 8U;
    for (unsigned bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000U) != 0 ? (crc << 1U ^ 0x8005U) & 0xffffU : crc << 1U;
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> crc16_table = make_table();

class FlacEnd : public FileEnd {
public:
  FlacEnd() {
    skip(4);
    want(4);
  }

  // What stands behind the place where the last frame may have ended.
  Bytes refused() const override {
    if (!has_frames())
      return FileEnd::refused();
    Bytes rest = Bytes(behind_).subspan(last_end_);
    constexpr std::size_t tag_size = 128;
    bool is_tag = rest.size() == tag_size && as_text(rest).starts_with("TAG");
    bool is_nothing = std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return c == 0; });
    return is_tag || is_nothing ? Bytes() : Bytes(behind_);
  }
  // A frame is as long as it is.
  bool is_cut() const override { return !has_frames() && FileEnd::is_cut(); }

private:
  enum class At : unsigned char { block, information, picture, description, data, frames };
  enum Type : unsigned char { padding = 1, application, seek_table, comment, cue_sheet, picture };

  static constexpr std::size_t longest_header = 16;
  // Of a frame of which the file does not say it. Nobody has larger ones.
  static constexpr std::size_t most_of_frame = 256UL * 1024;

  bool has_frames() const { return at_ == At::frames; }

  void read(Bytes element) override {
    switch (at_) {
    case At::block: return read_block(element);
    case At::information: return read_information(element);
    case At::picture: return read_picture(element);
    case At::description: return read_description(element);
    case At::data: return read_data(element);
    case At::frames: return;
    }
  }

  void read_block(Bytes head) {
    constexpr unsigned char last_type = picture;
    unsigned char type = head[0] & 0x7fU;
    is_last_ = (head[0] & 0x80U) != 0;
    left_ = big_endian(head.subspan(1));
    if (type == 0x7f)
      return end_before();
    constexpr std::uint64_t information = 34;
    if (type == 0 && left_ == information)
      return go_on(At::information, information);
    if (type == picture && left_ >= 8)
      return go_on(At::picture, 8);
    if (type == padding || type == application || type > last_type)
      skip_unread(left_);
    else
      skip(left_);
    end_block();
  }

  void go_on(At at, std::size_t bytes) {
    at_ = at;
    want(bytes);
  }

  void end_block() {
    go_on(At::block, 4);
    if (!is_last_)
      return;
    at_ = At::frames;
    begin_search();
  }

  void read_information(Bytes element) {
    if (std::uint64_t most = big_endian(element.subspan(7, 3)); most != 0)
      most_ = std::min<std::size_t>(most_of_frame, static_cast<std::size_t>(most));
    end_block();
  }

  // Takes so many bytes of the block, if it has them.
  bool has_left(std::uint64_t bytes) {
    if (bytes > left_) {
      skip_unread(left_);
      end_block();
      return false;
    }
    left_ -= bytes;
    return true;
  }

  void read_picture(Bytes element) {
    std::uint64_t type_size = big_endian(element.subspan(4));
    left_ -= element.size();
    if (!has_left(type_size + 4))
      return;
    skip(type_size);
    go_on(At::description, 4);
  }

  void read_description(Bytes element) {
    constexpr std::uint64_t sizes = 16;
    std::uint64_t size = big_endian(element);
    if (!has_left(size + sizes + 4))
      return;
    skip(size + sizes);
    go_on(At::data, 4);
  }

  void read_data(Bytes) {
    skip_unread(left_);
    end_block();
  }

  // Frames. A checksum over all of a frame is 0, with its own at the end; there the next begins.
  std::size_t search(Bytes bytes) override {
    for (std::size_t at = 0; at < bytes.size(); at++) {
      take(bytes[at]);
      if (ended_here_)
        return at + 1;
    }
    return bytes.size();
  }

  void take(unsigned char byte) {
    size_++;
    if (is_first_ || has_ended_)
      behind_.push_back(byte);
    crc_ = static_cast<std::uint16_t>(crc_ << 8U ^ crc16_table[(crc_ >> 8U ^ byte) & 0xffU]);
    std::erase_if(ends_, [&](std::size_t end) { return behind_.size() > end + longest_header; });
    for (std::size_t end : ends_)
      if (is_header(Bytes(behind_).subspan(end)))
        return begin_frame(end);
    if (crc_ == 0 && size_ > longest_header && !is_first_) {
      has_ended_ = true;
      last_end_ = behind_.size();
      ends_.push_back(last_end_);
    }
    bool is_no_frame = is_first_ && size_ > longest_header;
    if (is_no_frame || size_ > most_ + longest_header)
      end_frames();
  }

  void begin_frame(std::size_t at) {
    Bytes header = Bytes(behind_).subspan(at);
    crc_ = 0;
    for (unsigned char byte : header)
      crc_ = static_cast<std::uint16_t>(crc_ << 8U ^ crc16_table[(crc_ >> 8U ^ byte) & 0xffU]);
    size_ = header.size();
    behind_.clear();
    ends_.clear();
    last_end_ = 0;
    has_ended_ = is_first_ = false;
  }

  // Section 9.1.
  static bool is_header(Bytes head) {
    constexpr std::size_t shortest = 6;
    if (head.size() < shortest || head[0] != 0xff || (head[1] & 0xfeU) != 0xf8)
      return false;
    std::size_t number = 1;
    while (number < 7 && (head[4] & (0x80U >> number)) != 0 && (head[4] & 0x80U) != 0)
      number++;
    unsigned block = head[2] >> 4U;
    unsigned rate = head[2] & 15U;
    std::size_t size = 4 + number +
                       (block == 6   ? 1
                        : block == 7 ? 2
                                     : 0) +
                       (rate == 12                 ? 1
                        : rate == 13 || rate == 14 ? 2
                                                   : 0) +
                       1;
    return head.size() == size && crc8(head.first(size - 1)) == head[size - 1];
  }

  void end_frames() {
    ended_here_ = true;
    stop_search();
    end();
  }

  At at_ = At::block;
  bool is_last_ = false;
  std::uint64_t left_ = 0;

  std::size_t most_ = most_of_frame;
  bool is_first_ = true;
  std::uint16_t crc_ = 0;
  // Of the frame so far.
  std::size_t size_ = 0;
  // The bytes since the first place where the frame may have ended, and such places of which it is
  // not known yet whether another frame begins there. One in 65,536 is one by chance.
  bool has_ended_ = false;
  std::vector<unsigned char> behind_;
  std::vector<std::size_t> ends_{0};
  std::size_t last_end_ = 0;
  bool ended_here_ = false;
};

} // namespace

std::unique_ptr<FileEnd> flac_end() { return std::make_unique<FlacEnd>(); }

} // namespace smime
