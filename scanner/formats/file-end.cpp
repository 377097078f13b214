#include "scanner/formats/file-end.h"

#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace smime {

Bytes FileEnd::feed(Bytes bytes) {
  while (!bytes.empty()) {
    ended_ = ended_ || (ends_ && to_skip_ == 0);
    if (ended_)
      return bytes;
    if (to_skip_ > 0) {
      auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(to_skip_, bytes.size()));
      to_skip_ -= skipped;
      bytes = bytes.subspan(skipped);
    } else if (searching_) {
      bytes = bytes.subspan(search(bytes));
    } else {
      std::size_t taken = std::min(bytes.size(), wanted_ - filled_);
      std::copy_n(bytes.begin(), taken, element_ + filled_);
      filled_ += taken;
      bytes = bytes.subspan(taken);
      if (filled_ == wanted_) {
        element_size_ = wanted_;
        read({element_, element_size_});
        filled_ = kept_;
        kept_ = 0;
      }
    }
  }
  return {};
}

namespace {

// Of a chunk or box: it begins with a letter, a digit or a copyright sign.
bool is_name(Bytes bytes) {
  auto is_first = [](unsigned char c) {
    return c == 0xa9 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return is_first(bytes.front()) &&
         std::all_of(bytes.begin() + 1, bytes.end(),
                     [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

// RFC 2083 section 3: chunks of a length, a type, so many bytes and a checksum.
class PngEnd : public FileEnd {
public:
  PngEnd() {
    skip(8);
    want(8);
  }

private:
  void read(Bytes head) override {
    constexpr std::uint64_t checksum = 4;
    std::uint64_t length = big_endian(head.first(4)) + checksum;
    if (!is_name(head.subspan(4)))
      end_before();
    else if (as_text(head.subspan(4)) == "IEND")
      end_after(length);
    else
      skip(length);
  }
};

// ITU-T T.81 annex B: markers, most with a length; behind that of a scan the image's bytes,
// in which no marker is but restarts.
class JpegEnd : public FileEnd {
public:
  JpegEnd() {
    skip(2);
    want(2);
  }

private:
  static constexpr unsigned char start_of_scan = 0xda;
  static constexpr unsigned char end_of_image = 0xd9;
  enum class At : unsigned char { marker, length, scan_length, second_byte };

  void read(Bytes element) override {
    switch (at_) {
    case At::marker: return read_marker(element);
    case At::length:
    case At::scan_length: return read_length(element);
    case At::second_byte: return read_second_byte(element[0]);
    }
  }

  void read_marker(Bytes marker) {
    if (marker[0] != 0xff)
      return end_before();
    if (marker[1] == end_of_image)
      return end();
    // Fill bytes may stand in front of a marker.
    if (marker[1] == 0xff)
      return read_second_byte(0xff);
    at_ = marker[1] == start_of_scan ? At::scan_length : At::length;
  }

  void read_length(Bytes length) {
    std::uint64_t size = big_endian(length);
    if (size < 2)
      return end_before();
    skip(size - 2);
    if (at_ == At::scan_length)
      begin_search();
    at_ = At::marker;
  }

  std::size_t search(Bytes bytes) override {
    const void *found = std::memchr(bytes.data(), 0xff, bytes.size());
    if (found == nullptr)
      return bytes.size();
    stop_search();
    at_ = At::second_byte;
    want(1);
    return static_cast<std::size_t>(static_cast<const unsigned char *>(found) - bytes.data()) + 1;
  }

  // Behind 0xff.
  void read_second_byte(unsigned char byte) {
    want(2);
    if (byte == end_of_image)
      return end();
    if (byte == 0xff) {
      at_ = At::second_byte;
      return want(1);
    }
    if (byte == 0 || (byte >= 0xd0 && byte <= 0xd7)) {
      at_ = At::marker;
      return begin_search();
    }
    at_ = byte == start_of_scan ? At::scan_length : At::length;
  }

  At at_ = At::marker;
};

// GIF89a, appendix A: blocks, whose data are sub-blocks of up to 255 bytes.
class GifEnd : public FileEnd {
public:
  GifEnd() { want(13); }

private:
  enum class At : unsigned char { header, block, image, lzw, label, sub_block };

  static std::uint64_t colours(unsigned char flags) {
    return (flags & 0x80U) == 0 ? 0 : 3ULL << ((flags & 7U) + 1);
  }

  void go_on(At at, std::size_t bytes) {
    at_ = at;
    want(bytes);
  }

  void read(Bytes element) override {
    switch (at_) {
    case At::header: skip(colours(element[10])); return go_on(At::block, 1);
    case At::block: return read_block(element[0]);
    case At::image: skip(colours(element[8])); return go_on(At::lzw, 1);
    case At::lzw:
    case At::label: return go_on(At::sub_block, 1);
    case At::sub_block:
      if (element[0] == 0)
        return go_on(At::block, 1);
      return skip(element[0]);
    }
  }

  void read_block(unsigned char introducer) {
    if (introducer == 0x2c)
      go_on(At::image, 9);
    else if (introducer == 0x21)
      go_on(At::label, 1);
    else if (introducer == 0x3b)
      end();
    else
      end_before();
  }

  At at_ = At::header;
};

// A size, and so many bytes, to an even number; an AVI file of more than 1 GB has several.
class RiffEnd : public FileEnd {
public:
  RiffEnd() { want(8); }

private:
  void read(Bytes head) override {
    std::string_view name = as_text(head.first(4));
    if (name == "RF64")
      return read_long(head);
    bool is_big = name == "RIFX" || name == "FORM";
    if (!is_big && name != "RIFF")
      return end_before();
    std::uint64_t size = is_big ? big_endian(head.subspan(4)) : le32(&head[4]);
    // What is written while it is recorded has no size in front.
    bool is_open = size == 0 || size == 0xffffffff;
    skip(is_open ? UINT64_MAX : size + size % 2);
  }

  // EBU Tech 3306: the size is in a chunk of its own, which is the first.
  void read_long(Bytes head) {
    constexpr std::size_t with_size = 28;
    if (head.size() < with_size)
      return want_longer(with_size);
    std::uint64_t size = le32(&head[20]) | static_cast<std::uint64_t>(le32(&head[24])) << 32U;
    if (as_text(head.subspan(12, 4)) != "ds64" || size < with_size - 8)
      return end_before();
    skip(size - (with_size - 8));
    want(8);
  }
};

// ISO 14496-12 section 4.2: boxes of a size and a type.
class Mpeg4End : public FileEnd {
public:
  Mpeg4End() { want(8); }

private:
  void read(Bytes element) override {
    if (is_large_) {
      is_large_ = false;
      want(8);
      std::uint64_t size = big_endian(element);
      return size < 16 ? end_before() : skip(size - 16);
    }
    std::uint64_t size = big_endian(element.first(4));
    is_large_ = size == 1;
    // To the end of the file: never the first.
    bool is_open = size == 0 && !is_first_;
    is_first_ = false;
    if (!is_name(element.subspan(4)) || (size != 1 && size < 8 && !is_open))
      end_before();
    else if (is_open)
      skip(UINT64_MAX);
    else if (!is_large_)
      skip(size - 8);
  }
  bool is_large_ = false;
  bool is_first_ = true;
};

// Rich Text Format 1.9.1: the brace that closes the first one. Binary data have their length in
// front (\bin).
class RtfEnd : public FileEnd {
public:
  RtfEnd() { begin_search(); }

private:
  enum class State : unsigned char { text, backslash, word, number };

  void read(Bytes) override {}

  std::size_t search(Bytes bytes) override {
    for (std::size_t at = 0; at < bytes.size(); at++) {
      if (take(bytes[at]))
        return at + 1;
    }
    return bytes.size();
  }

  // True if the search pauses behind it.
  bool take(unsigned char c) {
    bool is_letter = (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z';
    bool is_digit = c >= '0' && c <= '9';
    if (state_ == State::backslash) {
      word_.assign(1, static_cast<char>(c));
      state_ = is_letter ? State::word : State::text;
      return false;
    }
    if (state_ == State::word && is_letter) {
      if (word_.size() < 4)
        word_ += static_cast<char>(c);
      return false;
    }
    if ((state_ == State::word || state_ == State::number) && is_digit) {
      number_ = state_ == State::word ? 0 : number_;
      number_ = std::min<std::uint64_t>(number_ * 10 + (c - '0'), INT32_MAX);
      state_ = State::number;
      return false;
    }
    bool is_binary = state_ == State::number && word_ == "bin";
    state_ = State::text;
    if (is_binary && number_ > 0) {
      // A blank ends the word; anything else is the first byte.
      skip(c == ' ' ? number_ : number_ - 1);
      return true;
    }
    return take_text(c);
  }

  bool take_text(unsigned char c) {
    if (c == '\\')
      state_ = State::backslash;
    else if (c == '{')
      depth_++;
    else if (c == '}' && depth_ > 0 && --depth_ == 0)
      end();
    return c == '}' && depth_ == 0;
  }

  State state_ = State::text;
  std::string word_;
  std::uint64_t number_ = 0;
  std::uint64_t depth_ = 0;
};

} // namespace

std::unique_ptr<FileEnd> rtf_end() { return std::make_unique<RtfEnd>(); }
std::unique_ptr<FileEnd> png_end() { return std::make_unique<PngEnd>(); }
std::unique_ptr<FileEnd> jpeg_end() { return std::make_unique<JpegEnd>(); }
std::unique_ptr<FileEnd> gif_end() { return std::make_unique<GifEnd>(); }
std::unique_ptr<FileEnd> riff_end() { return std::make_unique<RiffEnd>(); }
std::unique_ptr<FileEnd> mpeg4_end() { return std::make_unique<Mpeg4End>(); }

} // namespace smime
