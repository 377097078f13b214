// Pictures of the web: chunks, markers and blocks, of which some are read by nobody.
#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace smime {
namespace {

using namespace std::string_view_literals;

// RFC 2083 section 3: chunks of a length, a type, so many bytes and a checksum. Text that is not
// compressed is looked at like what nobody reads.
class PngEnd : public FileEnd {
public:
  PngEnd() {
    skip(8);
    want(8);
  }
  bool is_shown() const override { return is_shown_; }

private:
  static bool is_read(std::string_view type) {
    constexpr std::array types{"IHDR"sv, "PLTE"sv, "IDAT"sv, "tRNS"sv, "iCCP"sv, "zTXt"sv,
                               "iTXt"sv, "eXIf"sv, "acTL"sv, "fcTL"sv, "fdAT"sv, "sPLT"sv,
                               "hIST"sv, "CgBI"sv, "JDAT"sv, "JDAA"sv};
    return std::find(types.begin(), types.end(), type) != types.end();
  }

  void read(Bytes head) override {
    constexpr std::uint64_t checksum = 4;
    std::uint64_t length = big_endian(head.first(4));
    std::string_view type = as_text(head.subspan(4));
    is_shown_ = is_shown_ || type == "IDAT" || type == "JDAT";
    if (!is_name(head.subspan(4)))
      return end_before();
    if (type == "IEND")
      return end_after(length + checksum);
    if (is_read(type))
      return skip(length + checksum);
    skip_unread(length);
    skip(checksum);
  }

  bool is_shown_ = false;
};

// ITU-T T.81 annex B: markers, most with a length; behind that of a scan the image's bytes,
// in which no marker is but restarts.
class JpegEnd : public FileEnd {
public:
  JpegEnd() {
    skip(2);
    want(2);
  }
  bool is_shown() const override { return is_shown_; }

private:
  static constexpr unsigned char start_of_scan = 0xda;
  static constexpr unsigned char end_of_image = 0xd9;
  static constexpr std::size_t longest_label = 29;
  enum class At : unsigned char { marker, length, scan_length, second_byte, label };

  // Of an application: by the label with which its data begins.
  static bool is_read(std::string_view label) {
    constexpr std::array labels{"JFIF\0"sv,
                                "JFXX\0"sv,
                                "Exif\0"sv,
                                "ICC_PROFILE"sv,
                                "MPF\0"sv,
                                "FPXR\0"sv,
                                "Photoshop 3.0"sv,
                                "Adobe"sv,
                                "http://ns.adobe.com/"sv,
                                "Ducky"sv,
                                "JP\0\1"sv,
                                "JP\0\2"sv,
                                "JP\0\3"sv,
                                "urn:iso:std:iso:ts:21496"sv,
                                "FLIR\0"sv,
                                "Meta\0"sv,
                                "SPIFF\0"sv,
                                "HDR_RI"sv};
    return std::any_of(labels.begin(), labels.end(),
                       [&](std::string_view known) { return label.starts_with(known); });
  }

  // What no encoder writes is read by no program: comments, and markers without a meaning.
  static bool is_of_image(unsigned char marker) { return marker >= 0xc0 && marker <= 0xdf; }

  void read(Bytes element) override {
    switch (at_) {
    case At::marker: return read_marker(element);
    case At::length:
    case At::scan_length: return read_length(element);
    case At::second_byte: return read_second_byte(element[0]);
    case At::label: return read_label(element);
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
    begin_segment(marker[1]);
  }

  void begin_segment(unsigned char marker) {
    marker_ = marker;
    at_ = marker == start_of_scan ? At::scan_length : At::length;
  }

  void read_length(Bytes length) {
    std::uint64_t size = big_endian(length);
    if (size < 2)
      return end_before();
    left_ = size - 2;
    if (at_ != At::scan_length && !is_of_image(marker_) && left_ > 0) {
      at_ = At::label;
      return want(static_cast<std::size_t>(std::min<std::uint64_t>(left_, longest_label)));
    }
    skip(left_);
    if (at_ == At::scan_length)
      begin_search();
    is_shown_ = is_shown_ || at_ == At::scan_length;
    at_ = At::marker;
  }

  void read_label(Bytes label) {
    left_ -= label.size();
    at_ = At::marker;
    want(2);
    constexpr unsigned char first_of_applications = 0xe0;
    constexpr unsigned char last_of_applications = 0xef;
    if (marker_ >= first_of_applications && marker_ <= last_of_applications &&
        is_read(as_text(label)))
      return skip(left_);
    begin_piece(label);
    if (left_ == 0)
      return end_piece();
    skip_unread(left_);
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
    begin_segment(byte);
  }

  At at_ = At::marker;
  unsigned char marker_ = 0;
  std::uint64_t left_ = 0;
  bool is_shown_ = false;
};

// GIF89a, appendix A: blocks, whose data are sub-blocks of up to 255 bytes. Those of extensions are
// a piece that nobody reads: what programs know of them is short, or is text.
class GifEnd : public FileEnd {
public:
  GifEnd() { want(13); }
  bool is_shown() const override { return is_shown_; }

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
    case At::label:
      is_image_ = at_ == At::lzw;
      is_shown_ = is_shown_ || is_image_;
      return go_on(At::sub_block, 1);
    case At::sub_block: return read_sub_block(element[0]);
    }
  }

  void read_sub_block(unsigned char size) {
    if (is_image_ && size > 0)
      return skip(size);
    if (size > 0)
      return skip_unread(size, Piece::goes_on);
    if (!is_image_)
      end_piece();
    go_on(At::block, 1);
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
  bool is_image_ = false;
  bool is_shown_ = false;
};

} // namespace

std::unique_ptr<FileEnd> png_end() { return std::make_unique<PngEnd>(); }
std::unique_ptr<FileEnd> jpeg_end() { return std::make_unique<JpegEnd>(); }
std::unique_ptr<FileEnd> gif_end() { return std::make_unique<GifEnd>(); }

} // namespace smime
