// The second reading of a zip archive. Some programs take its files as its directory at the end
// lists them, others as they follow each other from the beginning; in an honest archive both find
// the same. This reads the records of both in one pass, of an archive of any size, and says
// where they differ. It opens nothing.
#ifndef SMIME_ZIP_STRUCTURE_H
#define SMIME_ZIP_STRUCTURE_H

#include "common/byte-sink.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace smime {

class ZipStructure {
public:
  // of_its_own: the archive is the whole file, so that its directory counts from the file's first
  // byte. Otherwise it is behind something else, such as the program that unpacks it.
  // stray gets the bytes that belong to no record, for whoever looks at them.
  ZipStructure(bool of_its_own, std::function<void(Bytes)> stray)
      : of_its_own_(of_its_own), stray_(std::move(stray)) {}

  // The archive from its first record on, in pieces.
  void feed(Bytes bytes);
  void finish();

  // One of the two headers of some file says so, or the directory itself is encrypted.
  bool encrypted() const { return encrypted_; }
  // The record at the end was met where it has to be, and where what belongs to it ends.
  bool has_end() const { return has_end_; }
  std::uint64_t end_position() const { return end_position_; }
  // All of these are known after finish().
  // What differs, in words; empty if nothing does.
  std::string_view contradiction() const { return contradiction_; }
  // Only some of an archive's volumes are here.
  bool is_volume() const { return is_volume_; }
  // It has more files than are compared.
  bool is_cut() const { return is_cut_; }

private:
  enum class State : unsigned char { record, descriptor, stray, signing_block, behind };
  struct Entry {
    std::uint64_t offset = 0;
    // nullopt: not known yet, or never.
    std::optional<std::uint64_t> size;
    std::uint32_t name = 0; // its checksum
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    bool used = false;
  };
  struct End {
    std::uint64_t entries = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
  };

  Bytes rest() const { return Bytes(buffer_).subspan(cursor_); }
  bool step();
  void advance(std::size_t count);
  bool has(std::size_t count);
  bool take_record();
  bool take_local();
  bool take_descriptor();
  bool take_plain_descriptor();
  bool take_central();
  bool take_end();
  bool take_end64();
  bool take_sized(std::size_t header, std::uint64_t size);
  bool begin_stray();
  bool pass_stray();
  std::size_t find_record(Bytes bytes) const;
  bool pass_signing_block();
  bool pass_behind();
  bool find_descriptor();
  std::optional<std::uint64_t> size_before(std::size_t at) const;
  void add(std::vector<Entry> &list, const Entry &entry);
  void contradict(std::string_view why);
  void compare();
  void compare_entry(const Entry &central, std::int64_t base);
  void give_stray(Bytes bytes);

  bool of_its_own_;
  std::function<void(Bytes)> stray_;
  State state_ = State::record;
  std::vector<unsigned char> buffer_;
  std::size_t cursor_ = 0;
  std::uint64_t position_ = 0; // of the cursor
  std::uint64_t skip_ = 0;
  std::uint64_t block_left_ = 0;
  std::vector<unsigned char> block_end_;
  std::uint64_t data_start_ = 0;
  std::size_t searched_ = 0; // bytes behind the cursor
  bool descriptor_due_ = false;
  bool is_folder_ = false; // the last file
  bool is_padding_ = false;
  bool ended_ = false;

  std::vector<Entry> locals_;
  std::vector<Entry> centrals_;
  std::uint64_t directory_start_ = 0;
  std::uint64_t directory_end_ = 0;
  std::uint64_t directory_entries_ = 0;
  std::optional<End> end64_;
  End end_;
  bool encrypted_ = false;
  bool is_volume_ = false;
  bool has_end_ = false;
  std::uint64_t end_position_ = 0;
  bool is_cut_ = false;
  bool is_masked_ = false;
  bool is_marked_ = false;
  std::string_view contradiction_;
};

// A file's header, of which the fields make sense: what may begin an archive in the middle of
// other bytes.
bool looks_like_zip_entry(Bytes bytes);

} // namespace smime

#endif
