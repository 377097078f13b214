// Where files of common kinds end, by their own structure: programs that show them look no
// further, and whatever somebody put behind is content of its own.
#ifndef SMIME_FILE_END_H
#define SMIME_FILE_END_H

#include "common/byte-sink.h"

#include <cstdint>
#include <memory>

namespace smime {

class FileEnd {
public:
  virtual ~FileEnd() = default;
  FileEnd(const FileEnd &) = delete;
  FileEnd &operator=(const FileEnd &) = delete;

  // Takes the file in pieces of any size. Returns the rest of the piece that stands behind the
  // end, which is also what breaks the structure.
  Bytes feed(Bytes bytes);
  bool ended() const { return ended_; }
  // What was read and belongs behind the end, in front of what feed() returned.
  Bytes refused() const { return {element_, refused_}; }

protected:
  FileEnd() = default;
  // The next element of the structure, of as many bytes as were wanted. It calls one or several
  // of these; what is skipped comes before what is wanted or searched.
  virtual void read(Bytes element) = 0;
  void want(std::size_t bytes) { wanted_ = bytes; }
  void skip(std::uint64_t bytes) { to_skip_ = bytes; }
  void begin_search() { searching_ = true; }
  void end() { ended_ = true; }
  // The element that is being read is no more of the structure.
  void end_before() {
    ended_ = true;
    refused_ = wanted_;
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
  static constexpr std::size_t max_element = 1024;
  std::size_t wanted_ = 0;
  std::uint64_t to_skip_ = 0;
  bool searching_ = false;
  bool ends_ = false;
  bool ended_ = false;
  unsigned char element_[max_element] = {};
  std::size_t filled_ = 0;
  std::size_t refused_ = 0;
};

std::unique_ptr<FileEnd> png_end();
std::unique_ptr<FileEnd> jpeg_end();
std::unique_ptr<FileEnd> gif_end();
std::unique_ptr<FileEnd> riff_end();
std::unique_ptr<FileEnd> mpeg4_end();
std::unique_ptr<FileEnd> rtf_end();

} // namespace smime

#endif
