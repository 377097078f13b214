// Where files of common kinds end, by their own structure: programs that show them look no
// further, and whatever somebody put behind is content of its own.
#ifndef SMIME_FILE_END_H
#define SMIME_FILE_END_H

#include "common/byte-sink.h"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace smime {

// Gets the pieces of a file that no program reads which shows it, one after the other.
class PieceSink : public ByteSink {
public:
  virtual void end_piece() = 0;
};

class FileEnd {
public:
  virtual ~FileEnd() = default;
  FileEnd(const FileEnd &) = delete;
  FileEnd &operator=(const FileEnd &) = delete;

  // Takes the file in pieces of any size. Returns the rest of the piece that stands behind the
  // end, which is also what breaks the structure.
  Bytes feed(Bytes bytes);
  bool ended() const { return ended_; }
  // Null if nobody wants them; pieces outlives this.
  void give_unread(PieceSink *pieces) { pieces_ = pieces; }
  // There was a piece in it without which no program shows anything.
  virtual bool is_shown() const { return true; }
  // What was read and belongs behind the end, in front of what feed() returned; also of a file that
  // did not come to its end.
  virtual Bytes refused() const { return {element_, refused_}; }
  // The file stops within an element, or the format lets it stop anywhere.
  virtual bool is_cut() const {
    return !ended_ && (filled_ > 0 || ((unread_ > 0 || to_skip_ > 0) && !ends_anywhere()));
  }
  bool ends_anywhere() const { return !ended_ && std::max(to_skip_, unread_) > open; }

protected:
  FileEnd() = default;
  // The next element of the structure, of as many bytes as were wanted. It calls one or several
  // of these; what nobody reads comes before what is skipped, and that before what is wanted or
  // searched.
  virtual void read(Bytes element) = 0;
  void want(std::size_t bytes) { wanted_ = bytes; }
  // The same element is to have so many bytes, of which it has the first.
  void want_longer(std::size_t bytes) {
    kept_ = wanted_;
    wanted_ = bytes;
  }
  // Of a chunk or box: it begins with a letter, a digit or a copyright sign.
  static bool is_name(Bytes bytes);
  void skip(std::uint64_t bytes) { to_skip_ = bytes; }
  // So many bytes that no program reads are a piece, or go on with one that end_piece() ends.
  enum class Piece : bool { whole, goes_on };
  void skip_unread(std::uint64_t bytes, Piece piece = Piece::whole) {
    unread_ = bytes;
    piece_goes_on_ = piece == Piece::goes_on;
  }
  // What was wanted, and is such a piece's beginning.
  void begin_piece(Bytes bytes) {
    if (pieces_ != nullptr)
      pieces_->feed(bytes);
  }
  void end_piece() {
    if (pieces_ != nullptr)
      pieces_->end_piece();
  }
  void begin_search() { searching_ = true; }
  void end() { ended_ = true; }
  // The element that is being read is no more of the structure.
  void end_before() {
    ended_ = true;
    refused_ = element_size_;
  }
  void end_after(std::uint64_t bytes) {
    to_skip_ = bytes;
    ends_ = true;
  }

  // Takes bytes as long as it searches; returns how many it took. stop_search() when it found
  // what it searched for.
  virtual std::size_t search(Bytes bytes) { return bytes.size(); }
  void stop_search() { searching_ = false; }

private:
  Bytes feed_piece(Bytes bytes);
  static constexpr std::size_t max_element = 1024;
  // What is skipped up to the end of any file.
  static constexpr std::uint64_t open = UINT64_MAX - (1ULL << 50U);
  std::size_t wanted_ = 0;
  std::size_t kept_ = 0;
  std::size_t element_size_ = 0;
  std::uint64_t to_skip_ = 0;
  PieceSink *pieces_ = nullptr;
  std::uint64_t unread_ = 0;
  bool piece_goes_on_ = false;
  bool searching_ = false;
  bool ends_ = false;
  bool ended_ = false;
  unsigned char element_[max_element] = {};
  std::size_t filled_ = 0;
  std::size_t refused_ = 0;
};

// A number in the header says all of it.
class SizedEnd : public FileEnd {
public:
  // Of so many first bytes, the size of the whole file.
  using SizeOf = std::uint64_t (*)(Bytes head);
  SizedEnd(std::size_t head, SizeOf size_of) : size_of_(size_of) { want(head); }

private:
  void read(Bytes head) override {
    std::uint64_t size = size_of_(head);
    if (size < head.size())
      return end_before();
    end_after(size - head.size());
  }
  SizeOf size_of_;
};

std::unique_ptr<FileEnd> rtf_end();

// picture-end.cpp
std::unique_ptr<FileEnd> png_end();
std::unique_ptr<FileEnd> jpeg_end();
std::unique_ptr<FileEnd> gif_end();

// chunk-end.cpp
std::unique_ptr<FileEnd> riff_end();
std::unique_ptr<FileEnd> mpeg4_end();

// flac-end.cpp
std::unique_ptr<FileEnd> flac_end();

// document-end.cpp
std::unique_ptr<FileEnd> pdf_end();

// media-end.cpp
std::unique_ptr<FileEnd> ogg_end();
std::unique_ptr<FileEnd> midi_end();
std::unique_ptr<FileEnd> asf_end();
std::unique_ptr<FileEnd> matroska_end();
std::unique_ptr<FileEnd> flash_video_end();
std::unique_ptr<FileEnd> audio_frames_end();

// image-end.cpp
std::unique_ptr<FileEnd> bitmap_end();
std::unique_ptr<FileEnd> photoshop_end();
std::unique_ptr<FileEnd> codestream_end();
std::unique_ptr<FileEnd> enhanced_metafile_end();
std::unique_ptr<FileEnd> metafile_end();
std::unique_ptr<FileEnd> placeable_metafile_end();
std::unique_ptr<FileEnd> djvu_end();

// data-end.cpp
std::unique_ptr<FileEnd> script_end();
std::unique_ptr<FileEnd> der_end();
std::unique_ptr<FileEnd> database_end();
std::unique_ptr<FileEnd> printer_settings_end();
std::unique_ptr<FileEnd> web_font_end();
std::unique_ptr<FileEnd> flash_end();
std::unique_ptr<FileEnd> extension_end();
std::unique_ptr<FileEnd> java_module_end();
std::unique_ptr<FileEnd> apple_double_end();
std::unique_ptr<FileEnd> wasm_end();
std::unique_ptr<FileEnd> pieces_end();
std::unique_ptr<FileEnd> segments_end();

} // namespace smime

#endif
