// Chunks and boxes that may be in each other: RIFF, IFF, and MPEG 4 with its relatives.
#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace smime {
namespace {

using namespace std::string_view_literals;

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size> &names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Pieces with a header each, in some of which are pieces again.
class NestedEnd : public FileEnd {
public:
  bool is_cut() const override { return FileEnd::is_cut() || (!ended() && is_inside()); }

protected:
  static constexpr std::size_t header = 8;
  static constexpr std::size_t most_levels = 16;

  void note_read(std::size_t bytes) { at_ += bytes; }
  bool is_inside() const { return !ends_.empty(); }
  std::uint64_t left() const { return ends_.empty() ? UINT64_MAX : ends_.back() - at_; }
  bool may_enter() const { return ends_.size() < most_levels; }
  void enter(std::uint64_t size) { ends_.push_back(at_ + size); }

  // The next header is wanted behind so many bytes, and what is left over at the end of those in
  // which they are.
  enum class By : bool { somebody, nobody };
  void go_on_behind(std::uint64_t size, By read_by) {
    at_ += size;
    std::uint64_t over = 0;
    while (!ends_.empty() && left() < header) {
      over += left();
      at_ += left();
      ends_.pop_back();
    }
    if (read_by == By::nobody)
      skip_unread(size);
    skip(read_by == By::nobody ? over : size + over);
    want(header);
  }

private:
  std::uint64_t at_ = 0;
  std::vector<std::uint64_t> ends_;
};

// A size, and so many bytes, to an even number; an AVI file of more than 1 GB has several.
class RiffEnd : public NestedEnd {
public:
  RiffEnd() { want(header); }

private:
  // Forms of which the pieces are known here. Those of others may be compressed.
  static bool is_known_form(std::string_view form) {
    constexpr std::array forms{"WAVE"sv, "AVI "sv, "AVIX"sv, "WEBP"sv,
                               "AIFF"sv, "AIFC"sv, "8SVX"sv, "ILBM"sv};
    return is_one_of(forms, form);
  }
  // What may be compressed, and is read. Tables and words look like nothing else.
  static bool is_read(std::string_view name) {
    constexpr std::array names{"data"sv, "id3 "sv, "ID3 "sv, "VP8 "sv, "VP8L"sv, "ALPH"sv,
                               "ANMF"sv, "ICCP"sv, "EXIF"sv, "SSND"sv, "BODY"sv};
    return is_one_of(names, name);
  }

  void read(Bytes head) override {
    if (in_form_)
      return read_form(head);
    if (in_list_)
      return read_list(head);
    if (is_inside())
      return read_chunk(head);
    std::string_view name = as_text(head.first(4));
    if (name == "RF64")
      return read_long(head);
    is_big_ = name == "RIFX" || name == "FORM";
    if (!is_big_ && name != "RIFF")
      return end_before();
    std::uint64_t size = size_in(head);
    // What is written while it is recorded has no size in front.
    if (size == 0 || size == 0xffffffff)
      return skip(UINT64_MAX);
    size += size % 2;
    if (size < header)
      return skip(size);
    note_read(header);
    enter(size);
    in_form_ = true;
    want(4);
  }

  std::uint64_t size_in(Bytes head) const {
    return is_big_ ? big_endian(head.subspan(4)) : le32(&head[4]);
  }

  void read_form(Bytes form) {
    in_form_ = false;
    note_read(form.size());
    go_on_behind(is_known_form(as_text(form)) ? 0 : left(), By::somebody);
  }

  void read_chunk(Bytes head) {
    note_read(header);
    std::uint64_t size = size_in(head);
    // What is no chunk is a piece to the end of what it is in.
    bool is_chunk = is_name(head.first(4)) && size <= left();
    std::uint64_t length = is_chunk ? std::min(size + size % 2, left()) : left();
    if (is_chunk && as_text(head.first(4)) == "LIST" && length > header && may_enter()) {
      enter(length);
      in_list_ = true;
      return want(4);
    }
    go_on_behind(length, is_read(as_text(head.first(4))) ? By::somebody : By::nobody);
  }

  void read_list(Bytes type) {
    in_list_ = false;
    note_read(type.size());
    bool is_film = as_text(type) == "movi" || as_text(type) == "wavl";
    go_on_behind(is_film ? left() : 0, By::somebody);
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
    want(header);
  }

  bool is_big_ = false;
  bool in_form_ = false;
  bool in_list_ = false;
};

// ISO 14496-12 section 4.2: boxes of a size and a type.
class Mpeg4End : public NestedEnd {
public:
  Mpeg4End() { want(header); }
  bool is_shown() const override { return is_shown_; }

private:
  static constexpr std::size_t large_header = 16;
  static constexpr std::size_t identifier = 16;

  static bool has_boxes(std::string_view name) {
    constexpr std::array names{"moov"sv, "trak"sv, "mdia"sv, "minf"sv, "stbl"sv, "udta"sv, "moof"sv,
                               "traf"sv, "edts"sv, "dinf"sv, "mvex"sv, "CNTH"sv, "NCDT"sv};
    return is_one_of(names, name);
  }
  // What may be compressed, and is read: the film, and pictures of it. Tables and words look like
  // nothing else.
  static bool is_read(std::string_view name) {
    constexpr std::array names{"mdat"sv, "meta"sv, "idat"sv, "jp2c"sv, "jxlc"sv, "jxlp"sv, "brob"sv,
                               "jbrd"sv, "jumb"sv, "mpvd"sv, "cmov"sv, "PICT"sv, "thmb"sv, "THMB"sv,
                               "TAGS"sv, "PANA"sv, "ID32"sv, "sefd"sv, "covr"sv};
    return is_one_of(names, name);
  }
  // Canon's pictures have previews in these.
  static bool is_read_identifier(std::string_view id) {
    return id == "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"sv ||
           id == "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16"sv;
  }
  static bool is_shown_by(std::string_view name) {
    constexpr std::array names{"moov"sv, "moof"sv, "meta"sv, "jp2c"sv, "jxlc"sv, "jxlp"sv};
    return is_one_of(names, name);
  }

  void read(Bytes head) override {
    std::uint64_t size = big_endian(head.first(4));
    std::string_view name = as_text(head.subspan(4, 4));
    if (!is_name(head.subspan(4, 4)))
      return end_boxes(head);
    if (size == 1 && head.size() < large_header)
      return want_longer(large_header);
    std::size_t read = size == 1 ? large_header : header;
    size = size == 1 ? big_endian(head.subspan(header, 8)) : size;
    is_shown_ = is_shown_ || is_shown_by(name);
    // To the end of the file: never the first.
    if (size == 0 && !is_first_ && !is_inside())
      return is_read(name) ? skip(UINT64_MAX) : skip_unread(UINT64_MAX);
    is_first_ = false;
    if (size < read || size > left())
      return end_boxes(head);
    size -= read;
    if (name == "uuid" && size >= identifier && head.size() < read + identifier)
      return want_longer(read + identifier);
    note_read(head.size());
    size -= head.size() - read;
    if (has_boxes(name) && may_enter()) {
      enter(size);
      return go_on_behind(0, By::somebody);
    }
    bool is_known = is_read(name) || (name == "uuid" && is_read_identifier(as_text(head.last(16))));
    go_on_behind(size, is_known ? By::somebody : By::nobody);
  }

  // Among boxes may stand something else, to the end of what they are in.
  void end_boxes(Bytes head) {
    if (!is_inside())
      return end_before();
    begin_piece(head);
    note_read(head.size());
    go_on_behind(left(), By::nobody);
  }

  bool is_first_ = true;
  bool is_shown_ = false;
};

} // namespace

std::unique_ptr<FileEnd> riff_end() { return std::make_unique<RiffEnd>(); }
std::unique_ptr<FileEnd> mpeg4_end() { return std::make_unique<Mpeg4End>(); }

} // namespace smime
