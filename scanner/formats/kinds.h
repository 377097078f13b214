// Every kind of content that is known, in one table (kinds.cpp): how it is recognised, and who
// looks into it. What no row of it fits is unrecognised, and named in the report.
#ifndef SMIME_KINDS_H
#define SMIME_KINDS_H

#include "common/byte-sink.h"
#include "scanner/formats/container.h"
#include "scanner/formats/file-end.h"
#include "scanner/formats/file-extent.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// What becomes of content of a kind.
enum class Look : std::uint8_t {
  // A file with nothing in it that could be taken out: a virus scanner reads it as it is.
  leaf,
  // It is opened, and what comes out is content of its own.
  opened,
  // It is known by name, nothing here opens it, and the report says so.
  named,
};

// Who opens it.
enum class Kind : std::uint8_t {
  archive, // or one file that is compressed
  wrapped, // one file with a header around it
  disk,    // the image of a disk, which may be one that is opened
  pdf,
  compound_file, // legacy Office, and Office's encrypted packages (MS-CFB)
  rtf,
  tnef, // winmail.dat
  other,
};

// Bytes at a place from the beginning.
struct Signature {
  std::size_t offset;
  std::string_view bytes;
};

struct KindRow {
  std::string_view name;
  Look look;
  // Any one of these.
  std::vector<Signature> signatures = {};
  // libmagic's media types, with a blank between them; one that ends with / is all of that type.
  // Many of libmagic's tests are of two bytes, which encrypted bytes pass as well: believed
  // only of bytes that do not look like chance.
  std::string_view types = {};
  // As types, of what libmagic has no media type for: what its words begin with, with | between.
  std::string_view words = {};
  // Of signatures of less than four bytes: what must be there as well.
  bool (*check)(Bytes prefix) = nullptr;
  // Of a leaf whose format says where it ends: as it is read, or in tables anywhere in it.
  std::unique_ptr<FileEnd> (*end)() = nullptr;
  Extent (*extent)(const Window &file) = nullptr;
  // Of a leaf that does not end as it is read: what is in it may be compressed, and look like
  // chance.
  bool is_dense = false;
  // For people: what else it is recognised by.
  std::string_view evidence = {};
  // Of what is opened.
  Kind opener = Kind::other;
  Container container = Container::none;
  // For people: who opens it.
  std::string_view reader = {};
  // Of what is named: the reason in the report.
  std::string_view reason = {};
  // Its header is proven, by a checksum or by digits, although its first bytes may be text of the
  // sender's choice.
  bool comes_before_text = false;
};

const std::vector<KindRow> &kinds();

// By its name in the table, which has it.
const KindRow &kind_named(std::string_view name);

// The first row whose signature (and check) the prefix has, then the first that has libmagic's
// type; null if none does. The prefix is all of the content, or max_type_prefix bytes of it.
const KindRow *recognise(Bytes prefix, std::string_view magic_type);
// By libmagic's words, of what that found nothing for.
const KindRow *recognise_words(Bytes prefix, std::string_view words);

// Whether all values are about as frequent as in encrypted bytes: no byte of a format is seen.
// False of fewer than 48 bytes, which say nothing.
bool looks_like_chance(Bytes bytes);

// How many bits of information a byte has, from 0 to 8, by how frequent each value is.
double bits_of_a_byte(const std::uint64_t (&counts)[256]);

// The table for people: "smime-scanner --kinds".
std::string kinds_as_text();

} // namespace smime

#endif
