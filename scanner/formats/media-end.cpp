// Sounds and films: chunks with a length, packets, and frames that say how long they are.
#include "common/ascii.h"
#include "scanner/base/big-endian.h"
#include "scanner/base/little-endian.h"
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {
namespace {

using namespace std::string_view_literals;

std::uint64_t le64(const unsigned char *at) {
  return le32(at) | static_cast<std::uint64_t>(le32(at + 4)) << 32U;
}

// RFC 3533 section 6: pages, each with a table of its segments' lengths.
class OggEnd : public FileEnd {
public:
  OggEnd() { want(header); }

private:
  static constexpr std::size_t header = 27;

  void read(Bytes element) override {
    if (in_table_) {
      std::uint64_t size = 0;
      for (unsigned char length : element)
        size += length;
      return begin_page(size);
    }
    if (!as_text(element).starts_with("OggS\0"sv))
      return end_before();
    in_table_ = element.back() > 0;
    if (in_table_)
      want(element.back());
  }

  void begin_page(std::uint64_t behind) {
    in_table_ = false;
    skip(behind);
    want(header);
  }

  bool in_table_ = false;
};

// MIDI: chunks of a name and a length, with most significant bytes first.
class MidiEnd : public FileEnd {
public:
  MidiEnd() { want(8); }

private:
  void read(Bytes head) override {
    std::string_view name = as_text(head.first(4));
    if (name != "MThd" && name != "MTrk")
      return end_before();
    skip(big_endian(head.subspan(4)));
  }
};

// Advanced Systems Format 1.20.3 section 2.2: objects, of a GUID and a size. Each GUID that may
// stand at the top begins differently. In the header are objects again.
class AsfEnd : public FileEnd {
public:
  AsfEnd() { want(24); }

private:
  static constexpr std::uint64_t most_in_header = 1ULL << 24U;

  static bool begins_with(Bytes head, std::string_view guid) {
    return as_text(head).starts_with(guid);
  }

  void read(Bytes head) override {
    constexpr std::array beginnings{"\x30\x26\xb2\x75"sv, "\x36\x26\xb2\x75"sv,
                                    "\x90\x08\x00\x33"sv, "\xd3\x29\xe2\xd6"sv,
                                    "\xf8\x03\xb1\xfe"sv, "\xd0\x3f\xb7\x3c"sv};
    std::uint64_t size = le64(&head[16]);
    if (in_header_ > 0)
      return read_in_header(head, size);
    bool is_data = head[0] == 0x36;
    bool is_known = std::any_of(beginnings.begin(), beginnings.end(),
                                [&](std::string_view guid) { return begins_with(head, guid); });
    // Of what is written while it is recorded the size is not known.
    if (is_data && size == 0)
      return skip(UINT64_MAX);
    if (!is_known || size < head.size())
      return end_before();
    size -= head.size();
    // How many objects there are, and two bytes.
    constexpr std::uint64_t in_front = 6;
    if (head[0] == 0x30 && size > in_front + head.size() && size <= most_in_header) {
      in_header_ = size - in_front;
      return skip(in_front);
    }
    skip(size);
  }

  void read_in_header(Bytes head, std::uint64_t size) {
    constexpr std::uint64_t of_extension = 22;
    in_header_ -= std::min<std::uint64_t>(in_header_, head.size());
    bool is_whole = size >= head.size() && size - head.size() <= in_header_;
    size = is_whole ? size - head.size() : in_header_;
    // The header's extension, of which the objects follow; pictures are in its descriptions.
    if (begins_with(head, "\xb5\x03\xbf\x5f"sv) && size >= of_extension)
      size = of_extension;
    bool is_read = begins_with(head, "\x40\xa4\xd0\xd2"sv) ||
                   begins_with(head, "\x94\x1c\x23\x44"sv) ||
                   begins_with(head, "\xea\xcb\xf8\xc5"sv);
    in_header_ -= size;
    std::uint64_t over = in_header_ < head.size() ? std::exchange(in_header_, 0) : 0;
    if (!is_read)
      skip_unread(size);
    skip(is_read ? size + over : over);
  }

  // What is left of it.
  std::uint64_t in_header_ = 0;
};

// Matroska: elements of an identifier and a length (RFC 8794). Of those that have no length the
// elements in them follow.
class MatroskaEnd : public FileEnd {
public:
  MatroskaEnd() { want(1); }

private:
  static constexpr std::uint32_t segment = 0x18538067;
  static constexpr std::uint32_t cluster = 0x1f43b675;

  static constexpr std::uint32_t attachments = 0x1941a469;
  static constexpr std::uint32_t attachment = 0x61a7;
  static constexpr std::uint32_t file_data = 0x465c;
  static constexpr std::uint32_t padding = 0xec;

  // What stands at the top, in a segment, in a cluster, and in an attachment.
  static bool is_known(std::uint32_t id) {
    constexpr std::array<std::uint32_t, 28> ids{
        0x1a45dfa3,  segment,    cluster,    0x114d9b74, 0x1549a966, 0x1654ae6b, 0x1c53bb6b,
        attachments, 0x1043a770, 0x1254c367, padding,    0xbf,       0xe7,       0xa7,
        0xab,        0xa3,       0xa0,       0xaf,       0x5854,     attachment, file_data,
        0x467e,      0x466e,     0x4660,     0x46ae,     0x4675,     0x4661,     0x4662};
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  // How many bytes follow the first one.
  static unsigned more_behind(unsigned char first) {
    unsigned more = 0;
    while (more < 8 && (first & (0x80U >> more)) == 0)
      more++;
    return more;
  }

  void read(Bytes element) override {
    std::size_t id_size = 1 + more_behind(element[0]);
    if (id_size > 4)
      return end_segment(element);
    if (element.size() <= id_size)
      return want_longer(id_size + 1);
    auto id = static_cast<std::uint32_t>(big_endian(element.first(id_size)));
    unsigned more = more_behind(element[id_size]);
    if (!is_known(id) || more > 7)
      return end_segment(element);
    if (element.size() < id_size + 1 + more)
      return want_longer(id_size + 1 + more);
    constexpr std::uint64_t bits = 7;
    std::uint64_t open = (1ULL << (bits * (more + 1))) - 1;
    std::uint64_t size = big_endian(element.subspan(id_size)) & open;
    want(1);
    if (size == open)
      return id == segment || id == cluster ? void() : end_before();
    bool has_elements = id == segment || id == attachments || id == attachment;
    std::uint64_t taken = element.size() + (has_elements ? 0 : size);
    segment_left_ = id == segment ? size : segment_left_ - std::min(segment_left_, taken);
    if (id == padding || id == file_data)
      return skip_unread(size);
    if (!has_elements)
      skip(size);
  }

  // What is no element is a piece to the end of the segment, if that is known.
  void end_segment(Bytes element) {
    if (segment_left_ <= element.size())
      return end_before();
    begin_piece(element);
    skip_unread(std::exchange(segment_left_, 0) - element.size());
    want(1);
  }

  std::uint64_t segment_left_ = 0;
};

// Flash video: tags, between which the length of the former one stands.
class FlashVideoEnd : public FileEnd {
public:
  FlashVideoEnd() { want(9); }

private:
  void read(Bytes element) override {
    if (element.size() == 9) {
      constexpr std::uint64_t most = 64;
      std::uint64_t header = big_endian(element.subspan(5));
      if (header < element.size() || header > most)
        return end_before();
      skip(header - element.size());
      return want(4);
    }
    if (element.size() == 4)
      return want(11);
    bool is_tag =
        (element[0] & 0x1fU) == 8 || (element[0] & 0x1fU) == 9 || (element[0] & 0x1fU) == 18;
    if (!is_tag || element[8] != 0 || element[9] != 0 || element[10] != 0)
      return end_before();
    skip(big_endian(element.subspan(1, 3)));
    want(4);
  }
};

// MPEG audio of all layers, and AAC (ADTS): frames, of which the header says how long they are;
// tags in front and behind. Files are cut and joined anywhere, so some bytes may be lost between.
class AudioFramesEnd : public FileEnd {
public:
  AudioFramesEnd() { want(header); }

  Bytes refused() const override { return kept_; }

private:
  static constexpr std::size_t header = 10;
  // About the longest frame.
  static constexpr std::size_t most_lost = 1536;
  static constexpr std::size_t most_kept = 16384;
  static constexpr std::size_t most_wanted = 512;

  void read(Bytes element) override {
    kept_.insert(kept_.end(), element.begin(), element.end());
    while (!ended() && kept_.size() >= begin_ + header) {
      if (std::size_t missing = take_element(); missing > 0)
        return want(std::min(missing, most_wanted));
    }
    want(begin_ + header - std::min(begin_ + header, kept_.size()));
  }

  // Takes what begins at begin_, or looks further there. Returns how many bytes it needs for that.
  std::size_t take_element() {
    Bytes here = Bytes(kept_).subspan(begin_);
    auto size = static_cast<std::size_t>(element_size(here));
    if (size >= header && begin_ == 0) {
      std::size_t taken = std::min(size, kept_.size());
      kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(taken));
      skip(size - taken);
      return 0;
    }
    // Behind what is lost there may be frames by chance: one that another one follows is none.
    if (size >= header && size + header > here.size() && size < most_kept)
      return size + header - here.size();
    if (size >= header && size < most_kept && element_size(here.subspan(size)) >= header) {
      forget(begin_ + size);
      return 0;
    }
    // Nobody needs the length of these, which stand behind the last frame.
    std::string_view text = as_text(here);
    if (text.starts_with("APETAGEX") || text.starts_with("LYRICSBEGI") || text.starts_with("3DI")) {
      end_after(UINT64_MAX);
      return 1;
    }
    look_further();
    return 0;
  }

  void look_further() {
    begin_++;
    auto here = kept_.begin() + static_cast<std::ptrdiff_t>(begin_);
    if (std::all_of(kept_.begin(), here, [](unsigned char c) { return c == 0; }))
      forget(begin_);
    else if (begin_ > most_lost)
      end();
  }

  void forget(std::size_t size) {
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(size));
    begin_ = 0;
  }

  // Of a tag or a frame; 0 if it is none.
  static std::uint64_t element_size(Bytes head) {
    std::string_view text = as_text(head);
    if (head.size() < header)
      return 0;
    if (text.starts_with("TAG+"))
      return 227;
    if (text.starts_with("TAG"))
      return 128;
    if (!text.starts_with("ID3"))
      return frame_size(head);
    std::uint64_t size = header + ((head[5] & 0x10U) != 0 ? header : 0);
    for (std::size_t i = 0; i < 4; i++)
      size += (head[6 + i] & 0x7fULL) << (7 * (3 - i));
    return size;
  }

  // 0 if it is none.
  static std::uint64_t frame_size(Bytes head) {
    if (head[0] != 0xff || (head[1] & 0xe0U) != 0xe0)
      return 0;
    unsigned layer = head[1] >> 1U & 3U;
    if (layer == 0)
      return (head[1] & 0xf0U) == 0xf0
                 ? (head[3] & 3ULL) << 11U | static_cast<std::uint64_t>(head[4]) << 3U |
                       head[5] >> 5U
                 : 0;
    return mpeg_size(head, layer);
  }

  // ISO 11172-3 section 2.4.2.3, and 13818-3. layer: 3 is the first.
  static std::uint64_t mpeg_size(Bytes head, unsigned layer) {
    constexpr std::array<std::array<unsigned, 15>, 5> rates{
        {{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
         {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
         {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
         {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
         {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}}};
    constexpr std::array<unsigned, 3> frequencies{44100, 48000, 32000};
    unsigned version = head[1] >> 3U & 3U; // 3: 1, 2: 2, 0: 2.5
    unsigned rate = head[2] >> 4U;
    unsigned frequency = head[2] >> 2U & 3U;
    if (version == 1 || rate == 0 || rate == 15 || frequency == 3)
      return 0;
    bool is_first = version == 3;
    std::uint64_t kbits = rates[is_first ? 3 - layer : (layer == 3 ? 3 : 4)][rate];
    std::uint64_t hertz = frequencies[frequency] >> (is_first ? 0U : version == 2 ? 1U : 2U);
    std::uint64_t padding = head[2] >> 1U & 1U;
    if (layer == 3)
      return (12000 * kbits / hertz + padding) * 4;
    return (layer == 1 && !is_first ? 72000 : 144000) * kbits / hertz + padding;
  }

  // Since the last frame, and where in it the next one may begin.
  std::vector<unsigned char> kept_;
  std::size_t begin_ = 0;
};

} // namespace

std::unique_ptr<FileEnd> ogg_end() { return std::make_unique<OggEnd>(); }
std::unique_ptr<FileEnd> midi_end() { return std::make_unique<MidiEnd>(); }
std::unique_ptr<FileEnd> asf_end() { return std::make_unique<AsfEnd>(); }
std::unique_ptr<FileEnd> matroska_end() { return std::make_unique<MatroskaEnd>(); }
std::unique_ptr<FileEnd> flash_video_end() { return std::make_unique<FlashVideoEnd>(); }
std::unique_ptr<FileEnd> audio_frames_end() { return std::make_unique<AudioFramesEnd>(); }

} // namespace smime
