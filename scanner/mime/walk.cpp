#include "scanner/mime/walk.h"

#include "common/mime-labels.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/inspection/reader.h"
#include "scanner/inspection/signed-layer.h"
#include "scanner/mime/entity.h"
#include "scanner/mime/signed-part-digests.h"

// Needs lib-mail's message parts before it.
#include "common/section-number.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace smime {
namespace {

constexpr std::size_t max_header_value = 64 * 1024;

bool is_content_field(const message_header_line *hdr) {
  return hdr->name_len > 8 && strncasecmp(hdr->name, "Content-", 8) == 0;
}

bool is_field(const message_header_line *hdr, std::string_view name) {
  return hdr->name_len == name.size() && strncasecmp(hdr->name, name.data(), name.size()) == 0;
}

// Before a multipart's first part, in bytes: what is longer may be all there is of it.
constexpr std::uint64_t max_preamble = 2048;

// What goes into the parser at once.
constexpr std::size_t max_piece = 32 * 1024;

// Of a body of unknown encoding, to see whether it is base64.
constexpr std::size_t max_undecided = 128;

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
  void take_header(message_header_line *hdr);
  void check_whole(const message_block &block);
  void take_sender(message_header_line *hdr, Entity &entity);
  void check_field(const message_header_line *hdr, Entity &entity);
  void note_ambiguous(const Entity &entity, const char *text);
  bool speaks_for_message(std::size_t level) const;
  void settle();
  void settle_cover(std::size_t level);
  void settle_senders(std::size_t level);
  void note_uncertain(const Entity &entity);
  bool can_verify(const Entity &multipart) const;
  void verify_clear_signed(const Entity &multipart);
  bool is_in_multipart_encrypted() const;
  void read_leaf(Entity &leaf, Bytes bytes);
  void look_for_parts(Entity &multipart, Bytes bytes);
  void open_content(Entity &leaf);
  void begin_unknown_encoding(Entity &leaf);
  void report_unknown_encoding(const Entity &leaf);
  void close_entity();
  void close_leaf(Entity &leaf);
  void tell_parent(Entity &parent, const Entity &entity);
  void report_no_parts(Entity &multipart);
  void close_without_parts(Entity &multipart);
  void close_multipart(const Entity &multipart);
  void close_clear_signed(const Entity &multipart);
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
  bool is_sender = is_field(hdr, "Sender");
  if (hdr->full_value == nullptr || hdr->full_value_len > max_header_value)
    entity.senders.odd = "it is too long to read";
  else if (is_sender)
    entity.senders.add_sender({hdr->full_value, hdr->full_value_len});
  else
    entity.senders.add_from({hdr->full_value, hdr->full_value_len});
}

void Walk::settle() {
  std::size_t level = open_.size() - 1;
  if (!number_entity(open_, level))
    return;
  open_[level].end_header();
  settle_cover(level);
  settle_senders(level);
  note_uncertain(open_[level]);
  if (open_[level].type == "multipart/signed" && can_verify(open_[level]))
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
  return inspection_.tools().verifier != nullptr && !in_archive_ &&
         multipart.protocol != pgp_signature_type;
}

void Walk::note_ambiguous(const Entity &entity, const char *text) {
  auto &errors = inspection_.signatures().errors;
  if (errors.size() < Report::max_list)
    errors.push_back(
        {"ambiguous-structure", full_path(entity.path), text, "Look at the message's source."});
}

// A line that ends the header for some readers, or that hides a field from them.
void Walk::check_field(const message_header_line *hdr, Entity &entity) {
  bool is_first = !entity.seen_field;
  entity.seen_field = true;
  if (hdr->eoh || hdr->continued)
    return;
  std::string_view name(hdr->name, hdr->name_len);
  // Written by who keeps mail in mbox files.
  bool of_mbox = is_first && (name.starts_with("From ") || name.starts_with(">From "));
  if (!of_mbox && (hdr->middle_len == 0 || hdr->middle[0] != ':'))
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
  if (open_.size() == 1 && cover_.whole)
    check_field(hdr, entity);
  if ((is_field(hdr, "From") || is_field(hdr, "Sender")) && speaks_for_message(open_.size() - 1)) {
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

void Walk::take(const message_block &block) {
  digests_.before(block);
  enter_part(
      open_, block.part, [this] { close_entity(); }, [this] { settle(); });
  if (block.hdr != nullptr) {
    check_whole(block);
    digests_.add(block);
    take_header(block.hdr);
    return;
  }
  settle();
  digests_.add(block);
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
  }
  if (block.size == 0 || is_container(entity) || is_in_multipart_encrypted())
    return;
  read_leaf(entity, {block.data, block.size});
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
  if (leaf.content == nullptr)
    open_content(leaf);
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
    place.is_guess = true;
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
  if (leaf.encoding == unknown && Entity::looks_like_base64(beginning)) {
    Place guessed = place_of(leaf);
    guessed.is_guess = true;
    leaf.other_content = make_content_reader(inspection_, std::move(guessed));
    leaf.other_decoder = std::make_unique<TransferDecoder>(base64);
  }
  leaf.read_body(bytes);
}

// uuencode and the like, which some readers decode.
void Walk::report_unknown_encoding(const Entity &leaf) {
  if (leaf.encoding != TransferDecoder::Encoding::unknown || leaf.is_text())
    return;
  bool is_known = leaf.maybe_identity || (leaf.content->outcome().is_known && !leaf.maybe_armor);
  if (leaf.maybe_base64 && leaf.other_content != nullptr) {
    const Outcome &decoded = leaf.other_content->outcome();
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
  if (!is_container(entity)) {
    close_leaf(entity);
  } else {
    if (entity.encoding == TransferDecoder::Encoding::base64) {
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
    if (entity.is_multipart() && entity.children == 0)
      close_without_parts(entity);
    close_multipart(entity);
  }
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
  if (entity.content != nullptr && is_encrypted_type(entity.content->outcome().cms.type))
    parent.encrypted_child = full_path(entity.path);
  else if (entity.is_multipart() && !entity.encrypted_child.empty())
    parent.encrypted_child = entity.encrypted_child;
}

// Without a boundary, or with one that never comes: what readers make of it is
// theirs.
void Walk::report_no_parts(Entity &multipart) {
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

// What a multipart without parts holds is shown as text.
void Walk::close_without_parts(Entity &multipart) {
  report_no_parts(multipart);
  if (multipart.content == nullptr || multipart.has_empty_body())
    return;
  multipart.content->finish();
  if (multipart.content->outcome().is_protected)
    add_protected(multipart.path, multipart.part);
}

void Walk::close_multipart(const Entity &multipart) {
  // EFAIL's direct exfiltration: plain parts before and behind make a reader
  // put the plaintext into an address.
  if (!multipart.encrypted_child.empty() && multipart.children > 1 && !in_archive_ &&
      multipart.type != "multipart/signed" && inspection_.tools().verifier != nullptr)
    inspection_.signatures().errors.push_back(
        {"spliced-encryption", multipart.encrypted_child,
         "An encrypted part stands beside others that are not: a reader that shows them together "
         "may give its plaintext away.",
         "Open the encrypted part by itself, without loading remote content."});
  if (multipart.type == "multipart/signed")
    close_clear_signed(multipart);
  else if (multipart.type == "multipart/encrypted")
    close_multipart_encrypted(multipart);
}

void Walk::close_clear_signed(const Entity &multipart) {
  bool claims_pgp = multipart.protocol == pgp_signature_type;
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
  if (multipart.signature.has_content)
    layer.errors.push_back({"detached-with-content", layer.path,
                            "The detached signature carries content of its own.",
                            "Treat the message as forged: readers may show the one or the other."});
  if (multipart.children != 2)
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

std::unique_ptr<ByteSink> make_layer_walk(Inspection &inspection, const std::string &prefix,
                                          bool in_archive, Cover cover) {
  return std::make_unique<Walk>(inspection, prefix, false, in_archive, cover);
}

} // namespace smime
