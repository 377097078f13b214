#include "scanner/mime/walk.h"

#include "common/ascii.h"
#include "common/mime-labels.h"
#include "scanner/base/charset-text.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/inspection/reader.h"
#include "scanner/inspection/signed-layer.h"
#include "scanner/mime/entity.h"
#include "scanner/mime/header-list.h"
#include "scanner/mime/reading.h"
#include "scanner/mime/signed-part-digests.h"

// Needs lib-mail's message parts before it.
#include "common/section-number.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {
namespace {

constexpr std::size_t max_header_value = 64 * 1024;

bool is_content_field(const message_header_line *hdr) {
  return hdr->name_len > 8 && strncasecmp(hdr->name, "Content-", 8) == 0;
}

// Before a multipart's first part, in bytes: what is longer may be all there is of it.
constexpr std::uint64_t max_preamble = 2048;

// What goes into the parser at once.
constexpr std::size_t max_piece = 32 * 1024;

// Of a body of unknown encoding, to see whether it is base64.
constexpr std::size_t max_undecided = 128;

// Of a header from the first line on that is no field, in bytes.
constexpr std::size_t max_stray_header = 256UL * 1024;

// Lines behind a bare CR that begin as a delimiter, boundaries to compare them with, and what
// is kept of each.
constexpr std::size_t max_cr_lines = 64;
constexpr std::size_t max_known_boundaries = 256;
constexpr std::size_t max_cr_line = 128;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_container(const Entity &entity) {
  return (entity.part->flags & (MESSAGE_PART_FLAG_MULTIPART | MESSAGE_PART_FLAG_MESSAGE_RFC822)) !=
         0;
}

class Walk : public ByteSink {
public:
  // top_level: offsets in it are offsets in the message.
  Walk(Inspection &inspection, std::string prefix, bool top_level, bool in_archive, Cover cover)
      : inspection_(inspection), prefix_(std::move(prefix)), top_level_(top_level),
        in_archive_(in_archive), cover_(cover), pool_(pool_alloconly_create("smime walk", 4096)),
        input_(smime_fed_stream_create()) {
    message_parser_settings settings;
    i_zero(&settings);
    // Every byte of a signed part comes by, boundaries included.
    settings.flags = static_cast<message_parser_flags>(
        MESSAGE_PARSER_FLAG_INCLUDE_MULTIPART_BLOCKS | MESSAGE_PARSER_FLAG_INCLUDE_BOUNDARIES);
    settings.max_nested_mime_parts = static_cast<unsigned>(inspection.limits().max_depth);
    settings.max_total_mime_parts = static_cast<unsigned>(inspection.limits().max_parts);
    parser_ = message_parser_init(pool_, input_, &settings);
  }
  ~Walk() override {
    end_parser();
    i_stream_unref(&input_);
    pool_unref(&pool_);
  }

  // The bytes may be nothing of what this walk looks for.
  void be_lenient() { is_lenient_ = true; }
  // In no other way than lib-mail's.
  void read_alone() { is_alone_ = true; }

  void feed(Bytes bytes) override;
  void finish() override;

private:
  // An entity that must not change; its size is known once parsing is done.
  struct PendingProtected {
    std::string path;
    const message_part *part;
    // Of so many bytes; empty if none was computed.
    std::string sha256;
    std::uint64_t digested = 0;
  };

  void parse();
  void end_parser();
  void take(const message_block &block);
  void take_marked_header(message_header_line *hdr);
  void take_header(message_header_line *hdr);
  void check_whole(const message_block &block);
  void take_sender(message_header_line *hdr, Entity &entity);
  void check_field(const message_header_line *hdr, Entity &entity);
  void note_ambiguous(const Entity &entity, const char *text);
  bool speaks_for_message(std::size_t level) const;
  void settle();
  void settle_cover(std::size_t level);
  void settle_readings(Entity &entity);
  void read_otherwise(Entity &entity, std::unique_ptr<ByteSink> reading);
  void read_by_boundaries(Entity &entity);
  void read_decoded(Entity &message);
  void read_stray(Entity &entity, const std::string &stray);
  void look_for_header(Entity &leaf);
  void feed_readings(Bytes bytes, std::size_t end);
  void feed_readings(const message_header_line &hdr);
  void end_readings(Entity &entity);
  void begin_record(Entity &entity);
  void feed_records(Bytes bytes, std::size_t end);
  void record_entity(Entity &entity);
  void add_field(const message_header_line &hdr);
  void note_stray(const message_header_line &hdr, Entity &entity);
  void look_for_cr_lines(Bytes piece);
  void report_cr_lines();
  void report_odd_lines(Entity &entity);
  void settle_senders(std::size_t level);
  void note_uncertain(const Entity &entity);
  bool can_verify(const Entity &multipart) const;
  void verify_clear_signed(const Entity &multipart);
  bool is_in_multipart_encrypted() const;
  void read_leaf(Entity &leaf, Bytes bytes);
  static void read_encrypted(Entity &leaf, Bytes bytes);
  void look_for_parts(Entity &multipart, Bytes bytes);
  void open_content(Entity &leaf);
  void begin_unknown_encoding(Entity &leaf);
  void report_unknown_encoding(const Entity &leaf);
  void close_entity();
  void close_leaf(Entity &leaf);
  void tell_parent(Entity &parent, const Entity &entity);
  void report_no_parts(Entity &multipart);
  void close_own_text(Entity &multipart);
  void close_multipart(const Entity &multipart);
  void close_clear_signed(const Entity &multipart);
  void report_spliced(const std::string &path);
  void close_multipart_encrypted(const Entity &multipart);

  std::string full_path(const std::string &path) const;
  Place place_of(const Entity &entity) const;
  void add_layer(const std::string &path, const std::string &type, const Entity &entity);
  void add_protected(const std::string &path, const message_part *part,
                     ContentDigests *digests = nullptr);

  Inspection &inspection_;
  std::string prefix_;
  bool top_level_;
  bool in_archive_;
  Cover cover_;
  pool_t pool_;
  istream *input_;
  message_parser_ctx *parser_;
  std::vector<Entity> open_;
  std::vector<PendingProtected> protected_;
  SignedPartDigests digests_{open_};
  // Of all open entities.
  std::size_t readings_ = 0;
  // Records of messages in this one that are open.
  std::size_t records_ = 0;
  HeaderList fields_{inspection_};
  bool is_lenient_ = false;
  bool is_alone_ = false;
  // What may be a delimiter to who takes a bare CR for a line end.
  std::vector<std::string> known_boundaries_;
  std::vector<std::string> cr_lines_;
  bool after_cr_ = false;
  bool in_cr_line_ = false;
  bool overflow_reported_ = false;
  std::uint64_t entities_ = 0;
};

std::string Walk::full_path(const std::string &path) const {
  if (!path.empty() || prefix_.empty())
    return prefix_ + path;
  return prefix_.substr(0, prefix_.size() - 1);
}

Place Walk::place_of(const Entity &entity) const {
  Place place;
  place.path = full_path(entity.path);
  place.type = entity.type;
  place.name = entity.name;
  place.smime_type = entity.smime_type;
  place.charset = entity.charset;
  if (inspection_.tools().inside != nullptr && !entity.name_value.empty())
    place.shown_name = utf8_parameter(entity.name_value, entity.is_name_extended);
  place.is_text = entity.is_text();
  place.has_cms_label = entity.has_cms_label();
  place.in_archive = in_archive_;
  place.cover = entity.cover;
  return place;
}

void Walk::add_layer(const std::string &path, const std::string &type, const Entity &entity) {
  if (!in_archive_)
    inspection_.add_layer({full_path(path), type, entity.micalg, entity.smime_type});
}

void Walk::add_protected(const std::string &path, const message_part *part,
                         ContentDigests *digests) {
  if (!top_level_)
    return;
  bool is_known = digests == nullptr && !protected_.empty() && protected_.back().part == part;
  if (is_known)
    return;
  if (protected_.size() >= Report::max_list) {
    inspection_.drop_protected(1);
    return;
  }
  protected_.push_back({path, part, "", 0});
  if (digests == nullptr)
    return;
  protected_.back().sha256 = digests->sha256_of_canonical().value_or("");
  protected_.back().digested = digests->size();
}

// Whether the header of the entity at level can say whom the message is from.
bool Walk::speaks_for_message(std::size_t level) const {
  if (level == 0)
    return cover_.whole;
  return open_[level - 1].type == "multipart/signed" && open_[level - 1].cover.whole;
}

void Walk::take_sender(message_header_line *hdr, Entity &entity) {
  if (hdr->continues) {
    hdr->use_full_value = hdr->full_value_len <= max_header_value;
    return;
  }
  std::string_view name(hdr->name, hdr->name_len);
  if (hdr->full_value == nullptr || hdr->full_value_len > max_header_value)
    entity.senders.add_too_long(name);
  else
    entity.senders.add(name, {hdr->full_value, hdr->full_value_len});
}

void Walk::settle() {
  std::size_t level = open_.size() - 1;
  if (!number_entity(open_, level))
    return;
  open_[level].end_header();
  begin_record(open_[level]);
  settle_cover(level);
  settle_senders(level);
  note_uncertain(open_[level]);
  settle_readings(open_[level]);
  if (can_verify(open_[level]))
    digests_.begin(open_[level]);
}

// Where this walk may see other parts than a reader, or none.
void Walk::note_uncertain(const Entity &entity) {
  entities_++;
  const Limits &limits = inspection_.limits();
  using Encoding = TransferDecoder::Encoding;
  bool at_bound = entities_ + 1 >= limits.max_parts || open_.size() + 1 >= limits.max_depth;
  bool is_message = (entity.part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0;
  if (at_bound || entity.contradicting || entity.header_too_long ||
      (entity.is_multipart() && entity.boundary.empty()) ||
      (is_container(entity) && entity.encoding == Encoding::base64))
    inspection_.want_labels();
  // RFC 2046 section 5.2.1 forbids it, and senders do it.
  if (is_message && entity.encoding != Encoding::none)
    inspection_.want_labels_surely();
}

// What is signed as a whole is the first part of a multipart/signed that is
// itself the whole; a message in a message is someone else's.
void Walk::settle_cover(std::size_t level) {
  Entity &entity = open_[level];
  if (level == 0) {
    entity.cover = cover_;
  } else if (speaks_for_message(level) && entity.index == 1) {
    entity.cover = open_[level - 1].cover;
    entity.cover.signed_around = true;
  } else {
    entity.cover.encrypted = cover_.encrypted;
  }
}

void Walk::settle_senders(std::size_t level) {
  Entity &entity = open_[level];
  SignatureFindings &findings = inspection_.signatures();
  if (top_level_ && level == 0) {
    findings.senders = std::move(entity.senders);
  } else if (entity.cover.whole && entity.protects_header &&
             entity.senders.from_fields + entity.senders.sender_fields > 0) {
    findings.has_protected_from = true;
    findings.protected_senders = std::move(entity.senders);
  }
}

bool Walk::can_verify(const Entity &multipart) const {
  // Its protocol may say anything: what the signature is tells its content.
  return inspection_.tools().verifier != nullptr && !in_archive_ &&
         multipart.type == "multipart/signed";
}

void Walk::note_ambiguous(const Entity &entity, const char *text) {
  auto &errors = inspection_.signatures().errors;
  if (errors.size() < Report::max_list)
    errors.push_back(
        {"ambiguous-structure", full_path(entity.path), text, "Look at the message's source."});
}

// lib-mail has what is no field as a value without a name.
std::string_view beginning_of(const message_header_line &hdr) {
  if (hdr.name_len > 0)
    return {hdr.name, hdr.name_len};
  return {reinterpret_cast<const char *>(hdr.value), hdr.value_len};
}

// Written by who keeps mail in mbox files.
bool is_of_mbox(const message_header_line &hdr) {
  std::string_view line = beginning_of(hdr);
  return line.starts_with("From ") || line.starts_with(">From ");
}

// Visible ASCII, and blanks at its end. What else is in a name some readers drop: NUL before From
// makes it From for them.
bool is_field_name(const message_header_line &hdr) {
  return std::all_of(hdr.name, hdr.name + hdr.name_len,
                     [](char c) { return (c > ' ' && c < 0x7f) || c == ' ' || c == '\t'; });
}

// A line that ends the header for some readers, or that hides a field from them.
void Walk::check_field(const message_header_line *hdr, Entity &entity) {
  bool is_first = !entity.seen_field;
  entity.seen_field = true;
  if (hdr->eoh || hdr->continued)
    return;
  if (!(is_first && is_of_mbox(*hdr)) &&
      (hdr->middle_len == 0 || hdr->middle[0] != ':' || !is_field_name(*hdr)))
    note_ambiguous(entity, "The header has a line that is no field as RFC 5322 has them: readers "
                           "may take it for the header's end.");
}

// lib-mail cuts values short where a header, or all of them together, have more than its
// bounds (10 and 50 MiB), without a word: of such a header nothing is known, and what was
// not digested could be anything.
void Walk::check_whole(const message_block &block) {
  const message_header_line &hdr = *block.hdr;
  Entity &entity = open_.back();
  if (!hdr.continued)
    entity.header_bytes += hdr.name_len + hdr.middle_len;
  entity.header_bytes += hdr.value_len;
  if (!hdr.no_newline)
    entity.header_bytes += hdr.crlf_newline ? 2 : 1;
  if (entity.header_bytes == block.part->header_size.physical_size)
    return;
  entity.header_bytes = block.part->header_size.physical_size;
  entity.header_too_long = true;
  digests_.give_up();
}

// Lines without a colon, and what seems to go on with them, are the body for readers who
// take the first of them for the header's end.
void count_stray(const message_header_line *hdr, Entity &entity) {
  bool folded = hdr->continued;
  if (!folded)
    entity.in_stray_line = !hdr->eoh && hdr->middle_len == 0 &&
                           !std::string_view(hdr->name, hdr->name_len).starts_with("From ");
  if (entity.in_stray_line)
    entity.stray_bytes += (folded ? 0 : hdr->name_len) + hdr->value_len;
}

void Walk::take_header(message_header_line *hdr) {
  Entity &entity = open_.back();
  count_stray(hdr, entity);
  note_stray(*hdr, entity);
  if (open_.size() == 1 && cover_.whole)
    check_field(hdr, entity);
  if (Senders::wants({hdr->name, hdr->name_len}) && speaks_for_message(open_.size() - 1)) {
    take_sender(hdr, entity);
    return;
  }
  if (!is_content_field(hdr))
    return;
  if (hdr->continues) {
    if (hdr->full_value_len > max_header_value)
      entity.header_too_long = true;
    hdr->use_full_value = !entity.header_too_long;
    return;
  }
  if (hdr->full_value != nullptr)
    entity.read_header(hdr);
}

// The byte order mark of a file that was put into mail stands before the first field, and is
// none of its name.
void Walk::take_marked_header(message_header_line *hdr) {
  bool has_mark =
      open_.size() == 1 && std::string_view(hdr->name, hdr->name_len).starts_with(byte_order_mark);
  std::size_t skipped = has_mark ? byte_order_mark.size() : 0;
  hdr->name += skipped;
  hdr->name_len -= skipped;
  take_header(hdr);
  hdr->name -= skipped;
  hdr->name_len += skipped;
}

// Of one reading among several: it is not what every reader sees.
Cover inside(const Cover &cover) {
  Cover covered;
  covered.encrypted = cover.encrypted;
  return covered;
}

// The pieces of a header's line, as they are in the message.
template <typename Take> void take_pieces(const message_header_line &hdr, Take take) {
  if (!hdr.continued) {
    take({reinterpret_cast<const unsigned char *>(hdr.name), hdr.name_len});
    take({hdr.middle, hdr.middle_len});
  }
  take({hdr.value, hdr.value_len});
  static constexpr std::string_view line_end = "\r\n";
  const auto *end = reinterpret_cast<const unsigned char *>(line_end.data());
  if (!hdr.no_newline)
    take(hdr.crlf_newline ? Bytes(end, 2) : Bytes(end + 1, 1));
}

bool is_blank(const unsigned char *data, std::size_t size) {
  return std::all_of(data, data + size, [](unsigned char c) { return c == ' ' || c == '\t'; });
}

// Why the header ends with this line for some readers, each of whom may read over the others:
// it is no field, its name is none, or there is nothing in it.
std::optional<HeaderEnd> end_for_some(const message_header_line &hdr) {
  if (hdr.eoh)
    return std::nullopt;
  if (hdr.continued)
    return is_blank(hdr.value, hdr.value_len) ? std::optional(HeaderEnd::blank) : std::nullopt;
  // The first line may look as if it went on with another.
  std::string_view line = beginning_of(hdr);
  if (line.starts_with(' ') || line.starts_with('\t'))
    return HeaderEnd::blank;
  if (hdr.middle_len == 0 || std::memchr(hdr.middle, ':', hdr.middle_len) == nullptr)
    return HeaderEnd::no_field;
  std::string_view name(hdr.name, hdr.name_len);
  // A blank before the colon is what RFC 5322 has as obsolete.
  bool is_name = hdr.middle[0] == ':' && !name.empty() &&
                 std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return is_name ? std::nullopt : std::optional(HeaderEnd::no_name);
}

// The type that the header said so far, with the name of the part's file.
std::string type_so_far(const Entity &entity) {
  LooseType type = entity.loose;
  if (type.type.empty())
    type.type = entity.type;
  std::erase_if(type.parameters, [](const auto &parameter) { return parameter.first == "name"; });
  if (!entity.name.empty())
    type.parameters.emplace_back("name", entity.name);
  return plain_field(type, type.first_boundary());
}

// What it said so far, for a reader to whom its body begins here.
std::string header_so_far(const Entity &entity) {
  std::string header = type_so_far(entity);
  using enum TransferDecoder::Encoding;
  if (entity.encoding == base64)
    header += "Content-Transfer-Encoding: base64\r\n";
  else if (entity.encoding == quoted_printable)
    header += "Content-Transfer-Encoding: quoted-printable\r\n";
  return header + "\r\n";
}

void Walk::note_stray(const message_header_line &hdr, Entity &entity) {
  auto has_cr = [](const void *data, std::size_t size) {
    return size > 0 && std::memchr(data, '\r', size) != nullptr;
  };
  entity.has_bare_cr = entity.has_bare_cr || has_cr(hdr.name, hdr.continued ? 0 : hdr.name_len) ||
                       has_cr(hdr.value, hdr.value_len);
  bool of_mbox = !entity.seen_line && is_of_mbox(hdr);
  entity.seen_line = true;
  auto end = of_mbox ? std::nullopt : end_for_some(hdr);
  if (end && entity.strays[static_cast<std::size_t>(*end)].empty())
    entity.strays[static_cast<std::size_t>(*end)] = header_so_far(entity);
  for (std::string &stray : entity.strays)
    if (!stray.empty() && stray.size() < max_stray_header)
      take_pieces(hdr, [&](Bytes bytes) { stray.append(as_text(bytes)); });
}

void Walk::feed_readings(Bytes bytes, std::size_t end) {
  if (readings_ == 0 || bytes.empty())
    return;
  for (std::size_t level = 0; level < std::min(end, open_.size()); level++)
    for (const auto &reading : open_[level].readings)
      reading->feed(bytes);
}

// Of a part in the parts that are read otherwise.
void Walk::feed_readings(const message_header_line &hdr) {
  if (readings_ > 0)
    take_pieces(hdr, [this](Bytes bytes) { feed_readings(bytes, open_.size() - 1); });
}

void Walk::read_otherwise(Entity &entity, std::unique_ptr<ByteSink> reading) {
  if (reading == nullptr)
    return;
  entity.layers_before = inspection_.report().layers.size();
  entity.readings.push_back(std::move(reading));
  readings_++;
}

// Where lib-mail has no boundary, or another than a reader may take. What is named as
// contradicting is not looked into in so many ways.
void Walk::read_by_boundaries(Entity &entity) {
  if (!entity.loose.is_multipart() || entity.contradicting)
    return;
  std::string_view compared = std::string_view(entity.boundary).substr(0, 80);
  for (const std::string &boundary : entity.loose.boundaries) {
    // What goes on behind what lib-mail compares is told by read_boundaries().
    if (!compared.empty() && std::string_view(boundary).starts_with(compared))
      continue;
    bool is_instead = compared.empty();
    std::string path = full_path(entity.path);
    std::string prefix = is_instead ? (path.empty() ? "" : path + ".") : path + "/";
    Cover cover = entity.cover;
    cover.whole = cover.whole && is_instead;
    auto make = [&]() -> std::unique_ptr<ByteSink> {
      auto walk = std::make_unique<Walk>(inspection_, prefix, false, in_archive_, cover);
      if (!is_instead)
        walk->be_lenient();
      return walk;
    };
    auto reading = make_reading(inspection_, place_of(entity),
                                plain_field(entity.loose, boundary) + "\r\n", make);
    entity.is_read_otherwise = entity.is_read_otherwise || (is_instead && reading != nullptr);
    read_otherwise(entity, std::move(reading));
  }
}

void Walk::read_decoded(Entity &message) {
  using enum TransferDecoder::Encoding;
  auto encoding = message.encoding;
  if (encoding == unknown && message.maybe_base64)
    encoding = base64;
  else if (encoding == unknown && message.maybe_quoted)
    encoding = quoted_printable;
  if (encoding == none)
    return;
  Place place = place_of(message);
  if (encoding == unknown) {
    if (!message.maybe_identity)
      inspection_.add_uninspectable(place, "unknown-encoding");
    return;
  }
  place.cover.whole = false;
  auto make = [this, place] { return make_content_reader(inspection_, place); };
  read_otherwise(message, make_decoded_reading(inspection_, place, encoding, make));
}

void Walk::read_stray(Entity &entity, const std::string &stray) {
  Place place = place_of(entity);
  if (stray.size() >= max_stray_header) {
    inspection_.add_malformed("header-too-long", place.path,
                              "A header has lines that are no fields, and does not end.");
    inspection_.add_uninspectable(place, "malformed");
    return;
  }
  auto make = [&] {
    return make_other_walk(inspection_, place.path + "/", in_archive_, inside(entity.cover));
  };
  read_otherwise(entity, make_reading(inspection_, place, stray, make));
}

void Walk::look_for_header(Entity &leaf) {
  Place place = place_of(leaf);
  auto make = [this, place] {
    return make_other_walk(inspection_, place.path + "/", place.in_archive, inside(place.cover));
  };
  read_otherwise(leaf, make_header_reading(inspection_, place, type_so_far(leaf), make));
}

void Walk::settle_readings(Entity &entity) {
  using enum TransferDecoder::Encoding;
  for (const std::string &boundary : {entity.boundary, entity.loose.first_boundary()})
    if (!boundary.empty() && known_boundaries_.size() < max_known_boundaries)
      known_boundaries_.push_back(boundary.substr(0, max_cr_line - 2));
  // The last line of the one is a delimiter of the other.
  auto is_closed_by = [](const std::string &one, const std::string &other) {
    return !one.empty() && !other.empty() && other.starts_with(one + "--");
  };
  for (std::size_t level = 0; level + 1 < open_.size(); level++)
    entity.false_delimiter = entity.false_delimiter ||
                             is_closed_by(entity.boundary, open_[level].boundary) ||
                             is_closed_by(open_[level].boundary, entity.boundary);
  if (is_in_multipart_encrypted() || is_alone_)
    return;
  read_by_boundaries(entity);
  // The beginning of a reading is one already: header and body change places for ever.
  bool is_begun = is_lenient_ && open_.size() == 1;
  for (std::string &stray : entity.strays)
    if (!stray.empty() && !is_begun)
      read_stray(entity, std::exchange(stray, {}));
  if ((entity.part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0)
    read_decoded(entity);
  else if (!is_container(entity) && entity.encoding != base64 && !is_begun &&
           !entity.is_read_otherwise)
    look_for_header(entity);
}

// What is signed or encrypted in a reading is part of these bytes.
void Walk::end_readings(Entity &entity) {
  if (entity.readings.empty())
    return;
  for (const auto &reading : entity.readings)
    reading->finish();
  readings_ -= entity.readings.size();
  entity.readings.clear();
  bool is_all =
      entity.children == 0 || (entity.part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0;
  if (is_all && inspection_.report().layers.size() > entity.layers_before)
    add_protected(entity.path, entity.part);
}

// Of what is no content of its own: multiparts, messages, and what is encrypted as one.
void Walk::begin_record(Entity &entity) {
  if (inspection_.tools().inside == nullptr)
    return;
  if (top_level_ && open_.size() == 1)
    fields_.finish();
  if (!is_container(entity) && !entity.is_multipart() && !is_in_multipart_encrypted())
    return;
  entity.record = std::make_unique<PartRecord>(inspection_, place_of(entity));
  bool is_message = (entity.part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0;
  entity.is_record_raw = is_message && entity.encoding == TransferDecoder::Encoding::none &&
                         records_ < max_digested_messages;
  records_ += entity.is_record_raw ? 1 : 0;
}

void Walk::feed_records(Bytes bytes, std::size_t end) {
  if (records_ == 0)
    return;
  for (std::size_t level = 0; level < std::min(end, open_.size()); level++)
    if (open_[level].is_record_raw)
      open_[level].record->feed(bytes);
}

// Once it is closed, unless its content tells of it. What is nothing to lib-mail is no part of
// another reader's.
void Walk::record_entity(Entity &entity) {
  bool is_nothing = is_lenient_ && open_.empty() && entity.children == 0;
  bool is_leaf = !is_container(entity) && !entity.is_multipart();
  bool is_told = is_leaf && entity.content != nullptr;
  records_ -= entity.is_record_raw ? 1 : 0;
  if (inspection_.tools().inside == nullptr || is_told || is_nothing || entity.is_read_otherwise)
    return;
  const Place place = place_of(entity);
  bool is_encrypted = is_leaf && entity.record != nullptr;
  if (entity.record == nullptr)
    entity.record = std::make_unique<PartRecord>(inspection_, place);
  if (is_leaf || entity.is_record_raw)
    entity.record->finish();
  InsidePart state = entity.record->state();
  std::string reason = inspection_.reason_of(place);
  state.kind = !is_leaf ? entity.is_multipart() ? "multipart" : "mail" : "empty";
  state.state = is_leaf ? "read" : "opened";
  state.by = is_leaf ? "" : "lib-mail";
  if (is_encrypted) {
    const Entity &parent = open_.back();
    bool is_pgp = parent.protocol == pgp_encrypted_type || parent.has_pgp_version ||
                  entity.type == pgp_encrypted_type;
    state.kind = is_pgp ? "OpenPGP message" : "unrecognised";
    reason = is_pgp ? "pgp-encrypted" : "unknown-encrypted";
  }
  if (!reason.empty()) {
    state.state = "named";
    state.by = std::move(reason);
  }
  inspection_.record_part(std::move(state));
}

void Walk::add_field(const message_header_line &hdr) {
  if (inspection_.tools().inside != nullptr && top_level_ && !is_alone_ && open_.size() == 1)
    fields_.add(hdr);
}

void Walk::report_odd_lines(Entity &entity) {
  entity.end_boundary();
  const Place place = place_of(entity);
  auto report = [&](const char *code, const char *text) {
    inspection_.add_malformed(code, place.path, text);
    inspection_.add_uninspectable(place, "malformed");
  };
  if (entity.has_bare_cr && !is_alone_)
    report("bare-cr", "A header has a CR without LF, which is a line end to some readers: they see "
                      "other fields.");
  if (entity.false_delimiter)
    report("false-delimiter", "Lines begin as the boundary between the parts and go on, or end "
                              "before it: readers see other parts.");
  if (entity.has_more_parts)
    report("parts-behind-the-end",
           "Behind the last boundary of a multipart there is another one, or "
           "a field of a part's header: some readers see more parts.");
  if (entity.is_multipart() && entity.loose.odd)
    report("odd-boundary", "The boundary is longer than any reader has to know, or ends in "
                           "blanks: readers see other parts.");
}

void Walk::look_for_cr_lines(Bytes piece) {
  const unsigned char *at = piece.data();
  const unsigned char *end = at + piece.size();
  while (at < end) {
    if (in_cr_line_) {
      std::string &line = cr_lines_.back();
      in_cr_line_ = *at != '\r' && *at != '\n' && line.size() < max_cr_line &&
                    (line.size() > 1 || *at == '-');
      if (in_cr_line_) {
        line += static_cast<char>(*at++);
        continue;
      }
      if (!line.starts_with("--"))
        cr_lines_.pop_back();
    }
    if (after_cr_ && *at == '-' && cr_lines_.size() < max_cr_lines) {
      cr_lines_.emplace_back();
      in_cr_line_ = true;
      after_cr_ = false;
      continue;
    }
    const void *cr = std::memchr(at, '\r', static_cast<std::size_t>(end - at));
    after_cr_ = cr != nullptr;
    at = cr == nullptr ? end : static_cast<const unsigned char *>(cr) + 1;
  }
}

void Walk::report_cr_lines() {
  bool found = false;
  for (const std::string &line : cr_lines_)
    found = found || std::any_of(known_boundaries_.begin(), known_boundaries_.end(),
                                 [&](const std::string &boundary) {
                                   return line.starts_with("--" + boundary);
                                 });
  found = found || (cr_lines_.size() >= max_cr_lines && !known_boundaries_.empty()) ||
          (!cr_lines_.empty() && known_boundaries_.size() >= max_known_boundaries);
  if (!found)
    return;
  Place place;
  place.path = full_path("");
  inspection_.add_malformed("bare-cr", place.path,
                            "A boundary stands behind a CR without LF, which is a line end to some "
                            "readers: they see other parts.");
  inspection_.add_uninspectable(place, "malformed");
}

void Walk::take(const message_block &block) {
  digests_.before(block);
  enter_part(
      open_, block.part, [this] { close_entity(); }, [this] { settle(); });
  if (block.hdr != nullptr) {
    check_whole(block);
    digests_.add(block);
    feed_readings(*block.hdr);
    if (records_ > 0)
      take_pieces(*block.hdr, [this](Bytes bytes) { feed_records(bytes, open_.size() - 1); });
    add_field(*block.hdr);
    take_marked_header(block.hdr);
    return;
  }
  settle();
  digests_.add(block);
  feed_readings({block.data, block.size}, open_.size());
  feed_records({block.data, block.size}, open_.size());
  Entity &entity = open_.back();
  if (entity.is_multipart()) {
    entity.read_boundaries({block.data, block.size});
    // The boundary may never come.
    if (entity.children == 0)
      entity.preamble_bytes += block.size;
    if (entity.preamble_bytes > max_preamble)
      inspection_.want_labels();
    if (entity.children == 0)
      look_for_parts(entity, {block.data, block.size});
    else if (entity.is_closed && entity.content != nullptr)
      entity.content->feed({block.data, block.size});
  }
  if (block.size == 0 || is_container(entity))
    return;
  if (!is_in_multipart_encrypted())
    read_leaf(entity, {block.data, block.size});
  else if (entity.record != nullptr)
    read_encrypted(entity, {block.data, block.size});
}

// Nobody looks into it.
void Walk::read_encrypted(Entity &leaf, Bytes bytes) {
  if (leaf.decoder == nullptr)
    leaf.decoder = std::make_unique<TransferDecoder>(leaf.encoding);
  leaf.record->feed(leaf.decoder->decode(bytes));
}

// Whether the body begins with nothing but what base64 has; there are senders who call base64
// what is not.
bool may_be_base64(Bytes bytes) {
  bytes = bytes.first(std::min<std::size_t>(bytes.size(), 64));
  return std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
           c == '/' || c == '=' || c == ' ' || (c >= '\t' && c <= '\r');
  });
}

void Walk::read_leaf(Entity &leaf, Bytes bytes) {
  leaf.has_body = leaf.has_body ||
                  std::any_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c > ' '; });
  if (leaf.content == nullptr && leaf.encoding == TransferDecoder::Encoding::unknown) {
    leaf.undecided.insert(leaf.undecided.end(), bytes.begin(), bytes.end());
    if (leaf.undecided.size() >= max_undecided)
      begin_unknown_encoding(leaf);
    return;
  }
  if (leaf.content == nullptr) {
    open_content(leaf);
    if (leaf.encoding == TransferDecoder::Encoding::base64 && leaf.other_content == nullptr &&
        !may_be_base64(bytes)) {
      Place guessed = place_of(leaf);
      guessed.is_guess = true;
      leaf.other_content = make_content_reader(inspection_, std::move(guessed));
      leaf.other_decoder = std::make_unique<TransferDecoder>(TransferDecoder::Encoding::none);
    }
  }
  leaf.read_body(bytes);
}

// A multipart's own bytes, of which readers make a text if it has no parts.
void Walk::look_for_parts(Entity &multipart, Bytes bytes) {
  if (multipart.signs == nullptr)
    multipart.signs = std::make_unique<PartSigns>(multipart.boundary);
  multipart.signs->feed(bytes);
  if (!is_container(multipart) || is_in_multipart_encrypted())
    return;
  if (multipart.content == nullptr) {
    Place place = place_of(multipart);
    if (place.path.empty())
      place.path = "1";
    place.is_guess = place.is_around_parts = true;
    multipart.content = make_content_reader(inspection_, std::move(place));
  }
  multipart.content->feed(bytes);
}

// Its parts are reported as one.
bool Walk::is_in_multipart_encrypted() const {
  return open_.size() > 1 && open_[open_.size() - 2].type == "multipart/encrypted";
}

void Walk::open_content(Entity &leaf) {
  Place place = place_of(leaf);
  if (!top_level_)
    (void)inspection_.count_part(place);
  // RFC 2046 section 5.2.2: its pieces become a message at the reader's.
  if (leaf.type == "message/partial")
    inspection_.add_uninspectable(place, "partial-message");
  // RFC 2046 section 5.2.3: the content is elsewhere.
  if (leaf.type == "message/external-body")
    inspection_.add_uninspectable(place, "external-body");
  if (leaf.maybe_quoted_printable && leaf.is_text()) {
    using enum TransferDecoder::Encoding;
    leaf.other_content = make_content_reader(inspection_, place);
    leaf.other_decoder =
        std::make_unique<TransferDecoder>(leaf.encoding == none ? quoted_printable : none);
  }
  leaf.content = make_content_reader(inspection_, std::move(place));
}

// The bytes are looked at as they are, and as base64 if that is what they look like.
void Walk::begin_unknown_encoding(Entity &leaf) {
  std::vector<unsigned char> bytes = std::exchange(leaf.undecided, {});
  Bytes beginning = Bytes(bytes).first(std::min(bytes.size(), max_undecided));
  using enum TransferDecoder::Encoding;
  if (Entity::looks_like_base64(beginning)) {
    TransferDecoder decoder(base64);
    if (looks_like_cms(decoder.decode(beginning)))
      leaf.encoding = base64;
  }
  open_content(leaf);
  bool may_be_base64 =
      leaf.maybe_base64 || (!leaf.maybe_quoted && Entity::looks_like_base64(beginning));
  if (leaf.encoding == unknown && (may_be_base64 || leaf.maybe_quoted)) {
    Place guessed = place_of(leaf);
    guessed.is_guess = true;
    leaf.other_content = make_content_reader(inspection_, std::move(guessed));
    leaf.other_decoder =
        std::make_unique<TransferDecoder>(may_be_base64 ? base64 : quoted_printable);
  }
  leaf.read_body(bytes);
}

// uuencode and the like, which some readers decode.
void Walk::report_unknown_encoding(const Entity &leaf) {
  if (leaf.encoding != TransferDecoder::Encoding::unknown)
    return;
  // Most readers show a text as it is.
  if (leaf.is_text()) {
    if (leaf.names_armor && !leaf.maybe_identity && !leaf.maybe_base64)
      inspection_.add_uninspectable(place_of(leaf), "unknown-encoding");
    return;
  }
  bool is_known = leaf.maybe_identity || (leaf.content->outcome().is_known && !leaf.maybe_armor);
  if ((leaf.maybe_base64 || leaf.maybe_quoted) && leaf.other_content != nullptr) {
    const ContentOutcome &decoded = leaf.other_content->outcome();
    is_known = is_known || decoded.is_known || decoded.is_text;
  }
  if (!is_known)
    inspection_.add_uninspectable(place_of(leaf), "unknown-encoding");
}

void Walk::close_entity() {
  settle();
  Entity entity = std::move(open_.back());
  open_.pop_back();

  if ((entity.part->flags & MESSAGE_PART_FLAG_OVERFLOW) != 0 && !overflow_reported_) {
    overflow_reported_ = true;
    const Limits &limits = inspection_.limits();
    inspection_.add_malformed(
        "limit-exceeded", full_path(entity.path),
        "The message has more MIME parts than max_parts=" + std::to_string(limits.max_parts) +
            " or nests deeper than max_depth=" + std::to_string(limits.max_depth) +
            "; the rest was not looked into.");
    inspection_.add_uninspectable(place_of(entity), "limit-exceeded");
  }
  if (entity.header_too_long) {
    inspection_.add_malformed("header-too-long", full_path(entity.path),
                              "The header, or a Content- field in it, is too long to read.");
    inspection_.add_uninspectable(place_of(entity), "malformed");
  }
  if (entity.contradicting) {
    inspection_.add_malformed("contradicting-header", full_path(entity.path),
                              "Content- header fields or their parameters are there twice "
                              "and contradict each other, or have a NUL in them: readers will "
                              "show different things.");
    inspection_.add_uninspectable(place_of(entity), "malformed");
  }
  report_odd_lines(entity);
  end_readings(entity);
  if (!is_container(entity)) {
    close_leaf(entity);
  } else {
    if (entity.is_multipart() && entity.encoding == TransferDecoder::Encoding::base64) {
      inspection_.add_uninspectable(place_of(entity), "malformed");
      inspection_.add_malformed("encoded-container", full_path(entity.path),
                                "A " + entity.type +
                                    " part is base64 encoded, which RFC 2045 forbids; it was not "
                                    "looked into, but for labels.");
      // Readers who decode it disagree about lines that are none of base64: any of it may be
      // signed for one of them.
      if (top_level_)
        inspection_.drop_protected(1);
    }
    if (entity.is_multipart())
      close_own_text(entity);
    bool is_nothing = is_lenient_ && open_.empty() && entity.children == 0;
    if (!entity.is_read_otherwise && !is_nothing)
      close_multipart(entity);
  }
  record_entity(entity);
  if (!open_.empty())
    tell_parent(open_.back(), entity);
}

void Walk::tell_parent(Entity &parent, const Entity &entity) {
  if (parent.type == "multipart/signed" && entity.index == 2 && entity.content != nullptr) {
    parent.signature = entity.content->outcome().cms;
    // What is labelled as text is shown, and more than a signature may be in it.
    parent.has_smime_signature =
        parent.signature.type == CmsType::signed_data && entity.type.starts_with("application/");
    if (!parent.has_smime_signature)
      parent.signature = {};
  }
  if (parent.type == "multipart/signed" && entity.index == 2)
    parent.has_pgp_signature = entity.type == pgp_signature_type;
  if (entity.type == pgp_encrypted_type)
    parent.has_pgp_version = true;
  if ((entity.content != nullptr && entity.content->outcome().is_encrypted()) ||
      (entity.type == "multipart/encrypted" && entity.children > 0))
    parent.encrypted_child = full_path(entity.path);
  else if (entity.is_multipart() && !entity.encrypted_child.empty())
    parent.encrypted_child = entity.encrypted_child;
}

// Without a boundary, or with one that never comes: what readers make of it is
// theirs.
void Walk::report_no_parts(Entity &multipart) {
  // Who reads it otherwise reports.
  if (multipart.is_read_otherwise || (is_lenient_ && open_.empty()))
    return;
  if (multipart.signs != nullptr)
    multipart.signs->finish();
  if (multipart.has_empty_body())
    return;
  inspection_.want_labels();
  inspection_.add_malformed("no-boundary", full_path(multipart.path),
                            "A " + multipart.type +
                                " part has no boundary, or no part behind one.");
  if (multipart.signs == nullptr || multipart.signs->has_sign() || multipart.stray_bytes > 0 ||
      multipart.encoding != TransferDecoder::Encoding::none)
    inspection_.add_uninspectable(place_of(multipart), "malformed");
}

void Walk::close_leaf(Entity &leaf) {
  if (leaf.is_multipart())
    report_no_parts(leaf);
  if (leaf.has_empty_body())
    return;
  if (!leaf.undecided.empty())
    begin_unknown_encoding(leaf);
  if (leaf.content == nullptr && leaf.has_cms_label())
    open_content(leaf);
  if (leaf.content == nullptr)
    return;
  leaf.content->finish();
  if (leaf.other_content != nullptr)
    leaf.other_content->finish();
  report_unknown_encoding(leaf);
  if (leaf.content->outcome().is_protected ||
      (leaf.other_content != nullptr && leaf.other_content->outcome().is_protected))
    add_protected(leaf.path, leaf.part);
}

// What a multipart without parts holds is shown as text; so may be what stands before and
// behind its parts.
void Walk::close_own_text(Entity &multipart) {
  if (multipart.children == 0)
    report_no_parts(multipart);
  if (multipart.content == nullptr || (multipart.children == 0 && multipart.has_empty_body()))
    return;
  multipart.content->finish();
  if (multipart.content->outcome().is_protected)
    add_protected(multipart.path, multipart.part);
}

// Of the message, whether or not anything of it is signed.
void Walk::report_spliced(const std::string &path) {
  const ReportError error{"spliced-encryption", path,
                          "An encrypted part stands beside others that are not: a reader that "
                          "shows them together may give its plaintext away.",
                          "Open the encrypted part by itself, without loading remote content."};
  inspection_.add_error(error.code, error.path, error.text, error.remedy);
  if (inspection_.tools().verifier != nullptr)
    inspection_.signatures().errors.push_back(error);
}

void Walk::close_multipart(const Entity &multipart) {
  // EFAIL's direct exfiltration: plain parts before and behind make a reader
  // put the plaintext into an address.
  if (!multipart.encrypted_child.empty() && multipart.children > 1 && !in_archive_ &&
      multipart.type != "multipart/signed" && multipart.type != "multipart/encrypted")
    report_spliced(multipart.encrypted_child);
  if (multipart.type == "multipart/signed")
    close_clear_signed(multipart);
  else if (multipart.type == "multipart/encrypted")
    close_multipart_encrypted(multipart);
}

void Walk::close_clear_signed(const Entity &multipart) {
  // The header of a signed message alone, as bounces return it.
  bool is_attached = !open_.empty() && open_.back().type.starts_with("message/");
  if (is_attached && multipart.children == 0 && multipart.has_empty_body())
    return;
  bool claims_pgp = multipart.protocol == pgp_signature_type ||
                    (multipart.protocol.empty() && multipart.has_pgp_signature);
  bool is_smime = multipart.has_smime_signature || is_cms_signature_type(multipart.protocol);
  std::string type = is_smime ? "signed" : claims_pgp ? "pgp-signed" : "unknown-signed";
  // What is labelled as signed is protected even if its signature is damaged;
  // of another protocol's content nothing is known but that.
  if (multipart.first_child != nullptr) {
    add_layer(multipart.first_child_path, type, multipart);
    add_protected(multipart.first_child_path, multipart.first_child, multipart.digests.get());
  }
  if (multipart.cover.whole && !is_smime && !multipart.has_pgp_signature)
    inspection_.signatures().errors.push_back(
        {"partial-cover", full_path(multipart.path),
         "The part around the signed one claims to be signed and has no signature that is known; "
         "what else is in it is not signed.",
         "Read the signed part by itself."});
  if (multipart.cover.whole && multipart.odd_boundary)
    note_ambiguous(multipart, "Lines begin as the boundary between the parts and go on, or the "
                              "boundary is too long: readers see other parts.");
  if (multipart.cover.whole && multipart.encoding != TransferDecoder::Encoding::none)
    note_ambiguous(multipart, "A multipart is encoded, which RFC 2045 forbids: readers see other "
                              "parts.");
  if (!is_smime && !claims_pgp)
    return;
  if (!in_archive_)
    inspection_.add_class(is_smime ? MessageClass::signed_ : MessageClass::pgp_signed);
  if (is_smime && multipart.first_child != nullptr)
    verify_clear_signed(multipart);
  if (is_smime ? !multipart.has_smime_signature : !multipart.has_pgp_signature)
    inspection_.add_malformed("no-signature", full_path(multipart.path),
                              "A multipart/signed part has no signature of its protocol.");
  if (multipart.children != 2)
    inspection_.add_malformed("extra-parts", full_path(multipart.path),
                              "A multipart/signed part has " + std::to_string(multipart.children) +
                                  " parts where RFC 1847 allows two.");
}

void Walk::verify_clear_signed(const Entity &multipart) {
  if (multipart.digests == nullptr)
    return;
  PassedLayer layer{full_path(multipart.first_child_path), multipart.cover,
                    multipart.signature.object.get(), multipart.digests.get(), ""};
  if (top_level_) {
    const message_part &part = *multipart.first_child;
    auto end = part.physical_pos + part.header_size.physical_size + part.body_size.physical_size;
    layer.place = "bytes " + std::to_string(part.physical_pos) + " to " + std::to_string(end) +
                  " of the message";
  }
  if (multipart.protocol == pgp_signature_type)
    layer.errors.push_back({"type-mismatch", layer.path,
                            "The message says that its signature is of OpenPGP, and it is of "
                            "S/MIME: readers go by the one or the other.",
                            "The sender's software labels its mail wrongly."});
  if (multipart.signature.has_content)
    layer.errors.push_back({"detached-with-content", layer.path,
                            "The detached signature carries content of its own.",
                            "Treat the message as forged: readers may show the one or the other."});
  if (multipart.children > 2)
    layer.errors.push_back({"partial-cover", layer.path,
                            "There are parts behind the signature that it does not cover.",
                            "Read the signed part by itself."});
  verify_layer(inspection_, std::move(layer));
}

void Walk::close_multipart_encrypted(const Entity &multipart) {
  if (multipart.children == 0 && multipart.has_empty_body())
    return;
  bool is_pgp = multipart.protocol == pgp_encrypted_type || multipart.has_pgp_version;
  inspection_.add_class(is_pgp ? MessageClass::pgp_encrypted : MessageClass::encrypted);
  add_layer(multipart.path, is_pgp ? "pgp-encrypted" : "unknown-encrypted", multipart);
  inspection_.add_uninspectable(place_of(multipart),
                                is_pgp ? "pgp-encrypted" : "unknown-encrypted");
  if (!in_archive_)
    note_signature_outside(inspection_, place_of(multipart));
  add_protected(multipart.path, multipart.part);
}

void Walk::feed(Bytes bytes) {
  // The message itself is walked to its end even if a bound was met inside it.
  if (!top_level_ && inspection_.stopped())
    return;
  while (!bytes.empty()) {
    Bytes piece = bytes.first(std::min(bytes.size(), max_piece));
    bytes = bytes.subspan(piece.size());
    smime_fed_stream_feed(input_, piece.data(), piece.size());
    parse();
    look_for_cr_lines(piece);
  }
}

void Walk::parse() {
  message_block block;
  i_zero(&block);
  while (message_parser_parse_next_block(parser_, &block) > 0)
    take(block);
}

void Walk::end_parser() {
  message_part *parts = nullptr;
  if (parser_ != nullptr)
    message_parser_deinit(&parser_, &parts);
}

void Walk::finish() {
  smime_fed_stream_end(input_);
  parse();
  digests_.finish();
  while (!open_.empty())
    close_entity();
  report_cr_lines();
  // Sizes are complete only now.
  end_parser();
  for (const PendingProtected &entity : protected_) {
    const message_part &part = *entity.part;
    std::uint64_t size = part.header_size.physical_size + part.body_size.physical_size;
    // lib-mail gives an entity whose last part has a header alone, and whose own boundary
    // does not close it, the line end of the boundary around it.
    inspection_.add_protected(
        {entity.path, part.physical_pos, size, entity.digested == size ? entity.sha256 : ""});
  }
}

} // namespace

std::unique_ptr<ByteSink> make_message_walk(Inspection &inspection) {
  return std::make_unique<Walk>(inspection, "", true, false, Cover{true});
}

std::unique_ptr<ByteSink> make_file_walk(Inspection &inspection) {
  auto walk = std::make_unique<Walk>(inspection, "", true, false, Cover{true});
  walk->read_alone();
  return walk;
}

std::unique_ptr<ByteSink> make_other_walk(Inspection &inspection, const std::string &prefix,
                                          bool in_archive, Cover cover) {
  auto walk = std::make_unique<Walk>(inspection, prefix, false, in_archive, cover);
  walk->be_lenient();
  return walk;
}

std::unique_ptr<ByteSink> make_layer_walk(Inspection &inspection, const std::string &prefix,
                                          bool in_archive, Cover cover) {
  return std::make_unique<Walk>(inspection, prefix, false, in_archive, cover);
}

} // namespace smime
