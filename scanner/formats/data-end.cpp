// Programs, fonts, databases and objects that say in front how long they are, or in pieces.
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace smime {
namespace {

// X.690: the length of the element that the bytes begin with. What has none ends with the file.
std::uint64_t der_size(Bytes head) {
  unsigned more = head[1] < 0x80 ? 0 : head[1] & 0x7fU;
  if (more == 0)
    return head[1] < 0x80 ? 2ULL + head[1] : UINT64_MAX;
  return more > 4 ? 0 : 2 + more + big_endian(head.subspan(2, more));
}

// https://www.sqlite.org/fileformat.html: pages of a size, and how many there are. That number is
// old if the file was last changed by a program that does not know of it (1.3.7): then what is no
// page of it by its first bytes is read by nobody.
class DatabaseEnd : public FileEnd {
public:
  DatabaseEnd() { want(header); }

private:
  static constexpr std::size_t header = 100;
  static constexpr std::size_t page_header = 4;

  void read(Bytes head) override {
    if (page_ != 0)
      return read_page(head);
    page_ = big_endian(head.subspan(16, 2));
    page_ = page_ == 1 ? 65536 : page_;
    constexpr std::uint64_t least = 512;
    if (page_ < least || (page_ & (page_ - 1)) != 0)
      return end_before();
    std::uint64_t pages = big_endian(head.subspan(28, 4));
    has_pointers_ = big_endian(head.subspan(52, 4)) != 0;
    if (pages > 0 && big_endian(head.subspan(24, 4)) == big_endian(head.subspan(92, 4)))
      return end_after(pages * page_ - header);
    skip(page_ - header);
    want(page_header);
  }

  // A tree's page begins with a kind; what continues a long row, and a list of free pages, with
  // the number of the next page.
  void read_page(Bytes head) {
    constexpr std::array<unsigned char, 4> kinds{2, 5, 10, 13};
    constexpr std::uint64_t most_pages = 1ULL << 24U;
    bool is_tree = std::find(kinds.begin(), kinds.end(), head[0]) != kinds.end();
    bool is_page =
        is_tree || big_endian(head) < most_pages || (has_pointers_ && head[0] >= 1 && head[0] <= 5);
    std::uint64_t size = page_ - page_header;
    if (is_page)
      return skip(size);
    begin_piece(head);
    skip_unread(size, Piece::goes_on);
  }

  std::uint64_t page_ = 0;
  bool has_pointers_ = false;
};

// DEVMODEW: the size of what all printers have, and of what this one has.
std::uint64_t printer_settings_size(Bytes head) { return le16(&head[68]) + le16(&head[70]); }

std::uint64_t flash_size(Bytes head) { return le32(&head[4]); }

// Of a Chrome extension: the signature is in front of a zip archive, which is what is behind.
std::uint64_t extension_size(Bytes head) {
  // Keys and signatures, in each version.
  constexpr std::uint32_t most = 32768;
  if (le32(&head[8]) > most || (head[4] == 2 && le32(&head[12]) > most))
    return 0;
  if (head[4] == 2)
    return 16ULL + le32(&head[8]) + le32(&head[12]);
  return 12ULL + le32(&head[8]);
}
std::uint64_t java_module_size(Bytes head) { return head.size(); }

// AppleDouble (RFC 1740 appendix A): a table of entries with offset and length.
class AppleDoubleEnd : public FileEnd {
public:
  AppleDoubleEnd() { want(26); }

private:
  void read(Bytes element) override {
    passed_ += element.size();
    if (passed_ == element.size())
      entries_ = big_endian(element.subspan(24));
    else
      end_ = std::max(end_, big_endian(element.subspan(4, 4)) + big_endian(element.subspan(8, 4)));
    if (entries_ == 0)
      return end_after(end_ - std::min(end_, passed_));
    entries_--;
    want(12);
  }

  std::uint64_t passed_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t end_ = 0;
};

// WOFF and WOFF 2: tables, compressed, and at the end a block for whoever made the font.
class WebFontEnd : public FileEnd {
public:
  WebFontEnd() { want(header); }

private:
  static constexpr std::size_t header = 48;

  void read(Bytes head) override {
    if (head.size() == 1) {
      begin_piece(head);
      skip_unread(block_size_ - 1);
      return end_after(0);
    }
    std::uint64_t size = big_endian(head.subspan(8, 4));
    std::size_t at = head[3] == '2' ? 40 : 36;
    std::uint64_t block = big_endian(head.subspan(at, 4));
    if (size < header)
      return end_before();
    if (block < header || block >= size)
      return end_after(size - header);
    block_size_ = size - block;
    skip(block - header);
    want(1);
  }

  std::uint64_t block_size_ = 0;
};

// WebAssembly: sections, of a number and a length in groups of seven bits.
class WasmEnd : public FileEnd {
public:
  WasmEnd() {
    skip(8);
    want(1);
  }

private:
  void read(Bytes element) override {
    constexpr unsigned char last_section = 13;
    constexpr unsigned most_bits = 35;
    want(1);
    if (!in_length_) {
      in_length_ = true;
      length_ = bits_ = 0;
      section_ = element[0];
      return element[0] > last_section ? end_before() : void();
    }
    length_ |= (element[0] & 0x7fULL) << bits_;
    bits_ += 7;
    if (bits_ > most_bits)
      return end_before();
    in_length_ = (element[0] & 0x80U) != 0;
    if (in_length_)
      return;
    // Whatever somebody wants to have in it.
    constexpr unsigned char custom_section = 0;
    if (section_ == custom_section)
      skip_unread(length_);
    else
      skip(length_);
  }

  bool in_length_ = false;
  unsigned char section_ = 0;
  std::uint64_t length_ = 0;
  unsigned bits_ = 0;
};

// Parts of Pages, Numbers and Keynote: pieces, each behind a zero and its length.
class PiecesEnd : public FileEnd {
public:
  PiecesEnd() { want(4); }

private:
  void read(Bytes head) override {
    std::uint64_t size = le32(head.data()) >> 8U;
    if (head[0] != 0 || size == 0)
      return end_before();
    skip(size);
  }
};

// Type 1 fonts in segments: 128, a kind, and a length.
class SegmentsEnd : public FileEnd {
public:
  SegmentsEnd() { want(2); }

private:
  void read(Bytes element) override {
    if (element.size() == 4) {
      skip(le32(element.data()));
      return want(2);
    }
    if (element[0] != 0x80 || element[1] == 0 || element[1] > 3)
      return end_before();
    if (element[1] == 3)
      return end();
    want(4);
  }
};

// A script's first line, which says who runs the archive behind it.
class ScriptEnd : public FileEnd {
public:
  ScriptEnd() { begin_search(); }

private:
  void read(Bytes) override {}
  std::size_t search(Bytes bytes) override {
    const auto *end = std::find(bytes.data(), bytes.data() + bytes.size(), '\n');
    if (end == bytes.data() + bytes.size())
      return bytes.size();
    stop_search();
    FileEnd::end();
    return static_cast<std::size_t>(end - bytes.data()) + 1;
  }
};

} // namespace

std::unique_ptr<FileEnd> script_end() { return std::make_unique<ScriptEnd>(); }
std::unique_ptr<FileEnd> der_end() { return std::make_unique<SizedEnd>(6, der_size); }
std::unique_ptr<FileEnd> database_end() { return std::make_unique<DatabaseEnd>(); }
std::unique_ptr<FileEnd> printer_settings_end() {
  return std::make_unique<SizedEnd>(72, printer_settings_size);
}
std::unique_ptr<FileEnd> web_font_end() { return std::make_unique<WebFontEnd>(); }
std::unique_ptr<FileEnd> flash_end() { return std::make_unique<SizedEnd>(8, flash_size); }
std::unique_ptr<FileEnd> extension_end() { return std::make_unique<SizedEnd>(16, extension_size); }
std::unique_ptr<FileEnd> java_module_end() {
  return std::make_unique<SizedEnd>(4, java_module_size);
}
std::unique_ptr<FileEnd> apple_double_end() { return std::make_unique<AppleDoubleEnd>(); }
std::unique_ptr<FileEnd> wasm_end() { return std::make_unique<WasmEnd>(); }
std::unique_ptr<FileEnd> pieces_end() { return std::make_unique<PiecesEnd>(); }
std::unique_ptr<FileEnd> segments_end() { return std::make_unique<SegmentsEnd>(); }

} // namespace smime
