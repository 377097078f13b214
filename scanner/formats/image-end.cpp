// Pictures and metafiles.
#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <string_view>

namespace smime {
namespace {

// BITMAPFILEHEADER and what follows it. What is not compressed is as large as its lines.
class BitmapEnd : public FileEnd {
public:
  BitmapEnd() { want(file_header + info_header); }

private:
  static constexpr std::size_t file_header = 14;
  static constexpr std::size_t info_header = 40;
  // A header of the longest kind, and a palette.
  static constexpr std::uint64_t most_in_front = 4096;

  static std::uint64_t image_size(const unsigned char *info) {
    if (le32(info) < info_header) {
      std::uint64_t line = (static_cast<std::uint64_t>(le16(info + 4)) * le16(info + 10) + 31) / 32;
      return line * 4 * le16(info + 6);
    }
    bool is_compressed = le32(info + 16) != 0 && le32(info + 16) != 3 && le32(info + 16) != 6;
    if (is_compressed)
      return le32(info + 20);
    std::uint64_t height = le32(info + 8);
    height = height > INT32_MAX ? (1ULL << 32U) - height : height; // from top to bottom
    return (static_cast<std::uint64_t>(le32(info + 4)) * le16(info + 14) + 31) / 32 * 4 * height;
  }

  void read(Bytes head) override {
    std::uint64_t image_at = le32(&head[10]);
    if (image_at > most_in_front)
      return end_before();
    std::uint64_t end = image_at + image_size(&head[file_header]);
    // A colour profile may follow the image (BITMAPV5HEADER), inside the size of the file.
    constexpr std::uint32_t with_profile = 124;
    if (le32(&head[file_header]) >= with_profile)
      end = std::max<std::uint64_t>(end, le32(&head[2]));
    end_after(end - std::min<std::uint64_t>(end, head.size()));
  }
};

// Photoshop: three sections with their length, then the image, of which each line may have one.
class PhotoshopEnd : public FileEnd {
public:
  PhotoshopEnd() { want(header); }

private:
  static constexpr std::size_t header = 26;
  enum class At : unsigned char { header, colours, resources, layers, image, lines };

  void read(Bytes element) override {
    switch (at_) {
    case At::header: return read_header(element);
    case At::colours: return skip_section(element, At::resources, 4);
    case At::resources: return skip_section(element, At::layers, is_large_ ? 8 : 4);
    case At::layers: return skip_section(element, At::image, 2);
    case At::image: return read_image(big_endian(element));
    case At::lines: return read_line(big_endian(element));
    }
  }

  void read_header(Bytes head) {
    is_large_ = head[5] == 2;
    lines_ = big_endian(head.subspan(12, 2)) * big_endian(head.subspan(14, 4));
    std::uint64_t bits = big_endian(head.subspan(18, 4)) * big_endian(head.subspan(22, 2));
    plain_size_ = lines_ * ((bits + 7) / 8);
    at_ = At::colours;
    want(4);
  }

  void skip_section(Bytes length, At next, std::size_t wanted) {
    skip(big_endian(length));
    at_ = next;
    want(wanted);
  }

  void read_image(std::uint64_t compression) {
    if (compression == 0)
      return end_after(plain_size_);
    if (compression > 3)
      return end_before();
    // Of what zip compresses the length stands nowhere.
    if (compression > 1 || lines_ == 0)
      return end_after(compression > 1 ? UINT64_MAX : 0);
    at_ = At::lines;
    want(is_large_ ? 4 : 2);
  }

  void read_line(std::uint64_t size) {
    packed_ += size;
    if (--lines_ == 0)
      end_after(packed_);
  }

  At at_ = At::header;
  bool is_large_ = false;
  std::uint64_t lines_ = 0;
  std::uint64_t plain_size_ = 0;
  std::uint64_t packed_ = 0;
};

// A JPEG 2000 codestream (ISO 15444-1 annex A): markers with a length, and parts of tiles.
class CodestreamEnd : public FileEnd {
public:
  CodestreamEnd() {
    skip(2);
    want(4);
  }

private:
  void read(Bytes element) override {
    if (in_tile_) {
      in_tile_ = false;
      std::uint64_t size = big_endian(element.subspan(2, 4));
      constexpr std::uint64_t read_of_it = 12;
      if (size != 0 && size < read_of_it)
        return end_before();
      skip(size == 0 ? UINT64_MAX : size - read_of_it);
      return want(2);
    }
    if (element[0] != 0xff)
      return end_before();
    if (element[1] == 0xd9)
      return element.size() == 2 ? end() : end_before();
    // Behind a part of a tile no length is read until it is known that it is not the end.
    if (element.size() == 2) {
      if (element[1] != 0x90)
        return end_before();
      skip(2);
      in_tile_ = true;
      return want(8);
    }
    if (element[1] == 0x90) {
      in_tile_ = true;
      return want(8);
    }
    std::uint64_t length = big_endian(element.subspan(2));
    if (length < 2)
      return end_before();
    skip(length - 2);
    want(4);
  }

  bool in_tile_ = false;
};

// Enhanced metafiles (MS-EMF): records of a kind and a size, up to the one that ends them.
class EnhancedMetafileEnd : public FileEnd {
public:
  EnhancedMetafileEnd() { want(8); }

private:
  void read(Bytes head) override {
    constexpr std::uint32_t end_of_file = 14;
    constexpr std::uint32_t last_kind = 122;
    std::uint64_t size = le32(&head[4]);
    if (le32(&head[0]) == 0 || le32(&head[0]) > last_kind || size < head.size() || size % 4 != 0)
      return end_before();
    if (le32(&head[0]) == end_of_file)
      return end_after(size - head.size());
    skip(size - head.size());
  }
};

// Windows metafiles (MS-WMF): records of a size in words and a function, which is 0 for the last.
class MetafileEnd : public FileEnd {
public:
  explicit MetafileEnd(std::uint64_t in_front) {
    skip(in_front);
    want(18);
  }

private:
  void read(Bytes head) override {
    if (head.size() == 18)
      return want(6);
    std::uint64_t size = le32(&head[0]) * 2ULL;
    if (size < head.size())
      return end_before();
    if (le16(&head[4]) == 0)
      return end_after(size - head.size());
    skip(size - head.size());
  }
};

// "AT&T", and then what IFF has.
class DjvuEnd : public FileEnd {
public:
  DjvuEnd() {
    skip(4);
    want(8);
  }

private:
  void read(Bytes head) override {
    if (as_text(head.first(4)) != "FORM")
      return end_before();
    std::uint64_t size = big_endian(head.subspan(4));
    end_after(size + size % 2);
  }
};

} // namespace

std::unique_ptr<FileEnd> bitmap_end() { return std::make_unique<BitmapEnd>(); }
std::unique_ptr<FileEnd> photoshop_end() { return std::make_unique<PhotoshopEnd>(); }
std::unique_ptr<FileEnd> codestream_end() { return std::make_unique<CodestreamEnd>(); }
std::unique_ptr<FileEnd> enhanced_metafile_end() { return std::make_unique<EnhancedMetafileEnd>(); }
std::unique_ptr<FileEnd> metafile_end() { return std::make_unique<MetafileEnd>(0); }
std::unique_ptr<FileEnd> placeable_metafile_end() { return std::make_unique<MetafileEnd>(22); }
std::unique_ptr<FileEnd> djvu_end() { return std::make_unique<DjvuEnd>(); }

} // namespace smime
