// One MIME entity while the walk is in it: its header fields that matter and,
// for a leaf, who reads its decoded content.
#ifndef SMIME_ENTITY_H
#define SMIME_ENTITY_H

#include "scanner/cms/cms.h"
#include "scanner/cms/content-digests.h"
#include "scanner/inspection/part-record.h"
#include "scanner/inspection/reader.h"
#include "scanner/mime/content-type.h"
#include "scanner/verify/senders.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct message_part;
struct message_header_line;

namespace smime {

// Undoes the transfer encoding (RFC 2045 section 6) with lib-mail's decoders.
class TransferDecoder {
public:
  enum class Encoding : unsigned char { none, base64, quoted_printable, unknown };

  explicit TransferDecoder(Encoding encoding);
  ~TransferDecoder();
  TransferDecoder(TransferDecoder &&other) noexcept;
  TransferDecoder &operator=(TransferDecoder &&other) noexcept;

  // The decoded bytes are valid until the next call.
  Bytes decode(Bytes bytes);

private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether in a multipart's body, in which no part was found, something looks like a part
// that another reader may find: a line that may be a delimiter, a field of a part's header,
// or the beginning of content that is encrypted or packed.
class PartSigns {
public:
  explicit PartSigns(std::string_view boundary) : closing_("--" + std::string(boundary) + "--") {}
  void feed(Bytes bytes);
  void finish() { end_line(); }
  // There is more than blanks and the closing delimiter.
  bool has_text() const { return has_text_; }
  bool has_sign() const { return has_sign_; }

private:
  void end_line();

  std::string closing_;
  // As much of it as decides.
  std::string line_;
  bool has_text_ = false;
  bool has_sign_ = false;
};

// Why a header ends for some readers and goes on for others.
enum class HeaderEnd : unsigned char { no_field, no_name, blank };
inline constexpr std::size_t header_ends = 3;

struct Entity {
  const message_part *part = nullptr;
  // IMAP section number (RFC 3501 section 6.4.5); empty for a multipart that
  // is the message itself.
  std::string path;
  // Position among the parent's children, from 1; 0 until the header was read.
  unsigned index = 0;
  // Lower case; text/plain when there is no Content-Type.
  std::string type = "text/plain";
  // As lib-mail has it.
  std::string boundary;
  // The Content-Type field as lenient readers take it.
  LooseType loose;
  std::string protocol;
  std::string micalg;
  std::string smime_type;
  std::string name;
  std::string charset;
  // The parameter that the name is, and its form (RFC 2231).
  std::string name_value;
  bool is_name_extended = false;
  TransferDecoder::Encoding encoding = TransferDecoder::Encoding::none;
  bool seen_field = false;
  bool seen_line = false;
  bool seen_type = false;
  bool seen_encoding = false;
  // A second field says quoted-printable where this one does not, or the reverse, which is
  // two ways to read a text and nothing that hides from either.
  bool maybe_quoted_printable = false;
  // The word of an unknown encoding is another spelling of base64.
  bool maybe_base64 = false;
  // Or of the encodings that change nothing.
  bool maybe_identity = false;
  // Or of quoted-printable.
  bool maybe_quoted = false;
  // Or says that the content may be anywhere in the bytes, as uuencoded files are; and says
  // so by a word.
  bool maybe_armor = false;
  bool names_armor = false;
  // In lines of the header that are no fields, and the body for some readers, in bytes.
  std::size_t stray_bytes = 0;
  bool in_stray_line = false;
  // The header from the first line on with which it ends for some reader, behind a header of
  // what was said before that; for each HeaderEnd, empty as long as there is none.
  std::array<std::string, header_ends> strays;
  // A CR without LF, which is a line end to some, in the header.
  bool has_bare_cr = false;
  // In the body is more than blanks.
  bool has_body = false;
  bool header_too_long = false;
  // Of the header, as its lines were given.
  std::uint64_t header_bytes = 0;
  // A second field or parameter of the same name says something else, or there
  // is a NUL; readers differ.
  bool contradicting = false;
  // A line is a boundary to lib-mail, which takes what begins like one (RFC 2046
  // section 5.1.1 has it exact), and none to others.
  bool false_delimiter = false;
  // That, or a boundary that is longer than allowed.
  bool odd_boundary = false;
  bool at_boundary = false;
  // The last boundary was there; behind it is what may be a part to some readers.
  bool is_closed = false;
  bool has_more_parts = false;
  bool seen_epilogue = false;
  // As much as decides of the line behind the last boundary.
  std::string epilogue_line;
  // Of the line that is a boundary to lib-mail: what follows that.
  std::string behind_boundary;
  bool is_last_boundary = false;
  // How much of the whole boundary lib-mail did not compare.
  std::string rest_of_boundary;
  // What of the Content-Type field matters, to tell two apart.
  std::string type_facts;

  // What the entity's children told it.
  unsigned children = 0;
  std::uint64_t preamble_bytes = 0;
  const message_part *first_child = nullptr;
  std::string first_child_path;
  bool has_smime_signature = false;
  bool has_pgp_signature = false;
  bool has_pgp_version = false;
  CmsFacts signature;
  // Where an encrypted part is among the children; empty if there is none.
  std::string encrypted_child;

  Cover cover;
  // A header that is signed or encrypted speaks for the message's own (RFC 9788
  // section 2.1, and its predecessor's protected-headers="v1").
  bool protects_header = false;
  Senders senders;
  // multipart/signed: of its first child, and how many bytes that had.
  std::unique_ptr<ContentDigests> digests;

  // What is told of it (Tools::inside), where no content of its own tells it.
  std::unique_ptr<PartRecord> record;
  // The record is of the bytes of what is in it.
  bool is_record_raw = false;

  // The leaf's content, from its first byte on.
  std::unique_ptr<TransferDecoder> decoder;
  std::unique_ptr<ContentReader> content;
  // The same bytes, decoded in the other way that a reader may choose.
  std::unique_ptr<TransferDecoder> other_decoder;
  std::unique_ptr<ContentReader> other_content;
  // The first bytes of a body of unknown encoding, until they decide how it is read.
  std::vector<unsigned char> undecided;
  // A multipart's, until it has a part.
  std::unique_ptr<PartSigns> signs;
  // Others' readings of the entity: of its body, with whatever is in it.
  std::vector<std::unique_ptr<ByteSink>> readings;
  // One of them is what shows its parts.
  bool is_read_otherwise = false;
  // How many layers the report had when they began.
  std::size_t layers_before = 0;

  // Nothing is there for any reader.
  bool has_empty_body() const;
  bool is_multipart() const { return type.starts_with("multipart/"); }
  bool is_text() const { return type.starts_with("text/"); }
  // RFC 8551 section 3.2: the media types and file names of CMS objects.
  bool has_cms_label() const;

  // Takes what matters from one complete header field.
  void read_header(const message_header_line *hdr);
  // Once all fields are read.
  void end_header();
  // Takes a multipart's own bytes: preamble, boundary lines, epilogue.
  void read_boundaries(Bytes bytes);
  // At the end of a boundary's line, or of the entity.
  void end_boundary();
  // Takes raw bytes of the leaf's body. Cheap once nothing more is wanted.
  void read_body(Bytes bytes);
  // Whether bytes, with which a body of unknown encoding begins, are lines of base64.
  static bool looks_like_base64(Bytes bytes);

private:
  bool begins_boundary(std::string_view text);
  void read_epilogue(std::string_view text);
  void end_epilogue_line();
};

} // namespace smime

#endif
