#include "walk.h"

#include "dovecot-lib.h"
#include "entity.h"
#include "section-number.h"

#include <memory>
#include <utility>
#include <vector>

namespace smime {
namespace {

constexpr std::size_t max_header_value = 64 * 1024;

bool is_content_field(const message_header_line *hdr) {
  return hdr->name_len > 8 && strncasecmp(hdr->name, "Content-", 8) == 0;
}

bool is_smime_signature_type(const std::string &type) {
  return type == "application/pkcs7-signature" || type == "application/x-pkcs7-signature";
}

class Walk {
public:
  Walk(istream *input, const Limits &limits)
      : input_(input), limits_(limits), pool_(pool_alloconly_create("smime walk", 4096)) {}
  ~Walk() { pool_unref(&pool_); }
  Walk(const Walk &) = delete;
  Walk &operator=(const Walk &) = delete;

  std::optional<Report> run(std::string &error);

private:
  // An entity that must not change; its size is known once parsing is done.
  struct PendingProtected {
    std::string path;
    const message_part *part;
  };

  void take(const message_block &block);
  void take_header(message_header_line *hdr);
  void settle() { (void)number_entity(open_, open_.size() - 1); }
  void close_entity();
  void tell_parent(Entity &parent, const Entity &entity, const CmsFacts &facts);
  CmsFacts close_leaf(Entity &leaf);
  void close_multipart(const Entity &multipart);
  void close_clear_signed(const Entity &multipart);
  void close_multipart_encrypted(const Entity &multipart);
  void classify_cms(const Entity &leaf, const CmsFacts &facts);
  void classify_signed_data(const Entity &leaf, const CmsFacts &facts);
  void classify_broken_cms(const Entity &leaf);
  void classify_armor(Entity &leaf);

  void add_layer(const std::string &path, const std::string &type, const Entity &entity);
  void add_uninspectable(const Entity &entity, const std::string &reason);
  void add_protected(const std::string &path, const message_part *part);
  void add_error(const std::string &code, const std::string &path, const std::string &text);
  void add_malformed(const std::string &code, const std::string &path, const std::string &text);
  template <typename T> void append(std::vector<T> &list, T entry);
  Report finish();

  istream *input_;
  const Limits &limits_;
  pool_t pool_;
  std::vector<Entity> open_;
  std::vector<PendingProtected> protected_;
  Report report_;
  bool overflow_reported_ = false;
};

template <typename T> void Walk::append(std::vector<T> &list, T entry) {
  if (list.size() < Report::max_list)
    list.push_back(std::move(entry));
  else
    report_.dropped++;
}

void Walk::add_layer(const std::string &path, const std::string &type, const Entity &entity) {
  append(report_.layers, Layer{path, type, entity.micalg, entity.smime_type});
}

void Walk::add_uninspectable(const Entity &entity, const std::string &reason) {
  append(report_.uninspectable, Uninspectable{entity.path, reason, entity.type, entity.name});
}

void Walk::add_protected(const std::string &path, const message_part *part) {
  append(protected_, PendingProtected{path, part});
}

void Walk::add_error(const std::string &code, const std::string &path, const std::string &text) {
  append(report_.errors, ReportError{code, path, text, {}});
}

void Walk::add_malformed(const std::string &code, const std::string &path,
                         const std::string &text) {
  report_.classes.add(MessageClass::malformed);
  add_error(code, path, text);
}

void Walk::take_header(message_header_line *hdr) {
  Entity &entity = open_.back();
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
  enter_part(
      open_, block.part, [this] { close_entity(); }, [this] { settle(); });
  if (block.hdr != nullptr) {
    take_header(block.hdr);
    return;
  }
  settle();
  Entity &entity = open_.back();
  if (block.size > 0 && (block.part->flags & MESSAGE_PART_FLAG_MULTIPART) == 0)
    entity.read_body({block.data, block.size});
}

void Walk::close_entity() {
  settle();
  Entity entity = std::move(open_.back());
  open_.pop_back();

  if ((entity.part->flags & MESSAGE_PART_FLAG_OVERFLOW) != 0 && !overflow_reported_) {
    overflow_reported_ = true;
    add_malformed("limit-exceeded", entity.path,
                  "The message has more MIME parts than max_parts=" +
                      std::to_string(limits_.max_parts) + " or nests deeper than max_depth=" +
                      std::to_string(limits_.max_depth) + "; the rest was not looked into.");
    add_uninspectable(entity, "limit-exceeded");
  }
  if (entity.header_too_long)
    add_malformed("header-too-long", entity.path, "A Content- header field is too long to read.");

  CmsFacts facts;
  bool is_container = (entity.part->flags & (MESSAGE_PART_FLAG_MULTIPART |
                                             MESSAGE_PART_FLAG_MESSAGE_RFC822)) != 0;
  if (is_container && entity.encoding == TransferDecoder::Encoding::base64)
    add_malformed("encoded-container", entity.path,
                  "A " + entity.type + " part is base64 encoded, which RFC 2045 forbids.");
  if (is_container)
    close_multipart(entity);
  else
    facts = close_leaf(entity);
  if (!open_.empty())
    tell_parent(open_.back(), entity, facts);
}

void Walk::tell_parent(Entity &parent, const Entity &entity, const CmsFacts &facts) {
  if (parent.type == "multipart/signed" && entity.index == 2) {
    parent.signature = facts;
    parent.has_smime_signature = facts.type == CmsType::signed_data;
    parent.has_pgp_signature = entity.type == "application/pgp-signature";
  }
  if (entity.type == "application/pgp-encrypted")
    parent.has_pgp_version = true;
}

CmsFacts Walk::close_leaf(Entity &leaf) {
  if (leaf.is_multipart() &&
      (leaf.type == "multipart/signed" || leaf.type == "multipart/encrypted")) {
    add_malformed("no-boundary", leaf.path, "A " + leaf.type + " part has no boundary.");
    add_uninspectable(leaf, "malformed");
  }
  if (leaf.is_text())
    classify_armor(leaf);
  bool labelled = leaf.has_cms_label();
  if (!leaf.sniffed_cms)
    leaf.sniffed_cms = looks_like_cms(leaf.prefix);
  if (!labelled && !leaf.sniffed_cms)
    return {};
  CmsFacts facts = inspect_cms(leaf.prefix, !leaf.truncated);
  if (facts.type == CmsType::none || facts.type == CmsType::other)
    classify_broken_cms(leaf);
  else
    classify_cms(leaf, facts);
  leaf.prefix = {};
  return facts;
}

void Walk::classify_armor(Entity &leaf) {
  leaf.armor.finish();
  if (leaf.armor.found_message()) {
    report_.classes.add(MessageClass::pgp_encrypted);
    add_layer(leaf.path, "pgp-encrypted", leaf);
    add_uninspectable(leaf, "pgp-encrypted");
    add_protected(leaf.path, leaf.part);
  } else if (leaf.armor.found_signed()) {
    report_.classes.add(MessageClass::pgp_signed);
    add_layer(leaf.path, "pgp-signed", leaf);
    add_protected(leaf.path, leaf.part);
  }
}

// The label promises CMS and the bytes are none.
void Walk::classify_broken_cms(const Entity &leaf) {
  add_malformed("not-cms", leaf.path,
                "The part is labelled " + leaf.type + " but its content is no CMS object.");
  add_uninspectable(leaf, "malformed");
  // A reader may still make sense of it: nothing that says it is encrypted may
  // pass for something else because it is damaged.
  if (leaf.smime_type == "enveloped-data" || leaf.smime_type == "authenveloped-data")
    report_.classes.add(MessageClass::encrypted);
}

void Walk::classify_cms(const Entity &leaf, const CmsFacts &facts) {
  switch (facts.type) {
  case CmsType::signed_data:
    classify_signed_data(leaf, facts);
    break;
  case CmsType::enveloped_data:
  case CmsType::auth_enveloped_data:
  case CmsType::encrypted_data:
    report_.classes.add(MessageClass::encrypted);
    add_layer(leaf.path, std::string(name_of(facts.type)), leaf);
    add_uninspectable(leaf, "smime-encrypted");
    add_protected(leaf.path, leaf.part);
    break;
  case CmsType::compressed_data:
    report_.classes.add(MessageClass::compressed);
    add_layer(leaf.path, "compressed", leaf);
    add_protected(leaf.path, leaf.part);
    break;
  case CmsType::data:
  case CmsType::digested_data:
  case CmsType::authenticated_data:
    add_layer(leaf.path, std::string(name_of(facts.type)), leaf);
    add_protected(leaf.path, leaf.part);
    break;
  case CmsType::none:
  case CmsType::other:
    break;
  }
  if (!facts.parsed && !leaf.truncated)
    add_malformed("damaged-cms", leaf.path, "The CMS object begins well but is damaged.");
}

void Walk::classify_signed_data(const Entity &leaf, const CmsFacts &facts) {
  if (facts.has_content) {
    report_.classes.add(MessageClass::opaque_signed);
    add_layer(leaf.path, "opaque-signed", leaf);
    add_protected(leaf.path, leaf.part);
    return;
  }
  // Without content it is the signature of a multipart/signed, which that one
  // speaks of, or a bag of certificates (RFC 8551 section 3.8).
  if (facts.parsed && !facts.has_signers) {
    report_.classes.add(MessageClass::certs_only);
    add_layer(leaf.path, "certs-only", leaf);
    add_protected(leaf.path, leaf.part);
  }
}

void Walk::close_multipart(const Entity &multipart) {
  if (multipart.type == "multipart/signed")
    close_clear_signed(multipart);
  else if (multipart.type == "multipart/encrypted")
    close_multipart_encrypted(multipart);
}

void Walk::close_clear_signed(const Entity &multipart) {
  bool claims_pgp = multipart.protocol == "application/pgp-signature";
  bool is_smime =
      multipart.has_smime_signature || is_smime_signature_type(multipart.protocol);
  std::string type = is_smime ? "signed" : claims_pgp ? "pgp-signed" : "unknown-signed";
  // What is labelled as signed is protected even if its signature is damaged;
  // of another protocol's content nothing is known but that.
  if (multipart.first_child != nullptr) {
    add_layer(multipart.first_child_path, type, multipart);
    add_protected(multipart.first_child_path, multipart.first_child);
  }
  if (!is_smime && !claims_pgp)
    return;
  report_.classes.add(is_smime ? MessageClass::signed_ : MessageClass::pgp_signed);
  if (multipart.signature.has_content)
    add_error("detached-with-content", multipart.path,
              "The detached signature carries content of its own.");
  if (multipart.signature.parsed && !multipart.signature.has_signers)
    add_error("no-signer", multipart.path, "The signature has no signer.");
  if (is_smime ? !multipart.has_smime_signature : !multipart.has_pgp_signature)
    add_malformed("no-signature", multipart.path,
                  "A multipart/signed part has no signature of its protocol.");
  if (multipart.children != 2)
    add_malformed("extra-parts", multipart.path,
                  "A multipart/signed part has " + std::to_string(multipart.children) +
                      " parts where RFC 1847 allows two.");
}

void Walk::close_multipart_encrypted(const Entity &multipart) {
  bool is_pgp =
      multipart.protocol == "application/pgp-encrypted" || multipart.has_pgp_version;
  report_.classes.add(is_pgp ? MessageClass::pgp_encrypted : MessageClass::encrypted);
  add_layer(multipart.path, is_pgp ? "pgp-encrypted" : "unknown-encrypted", multipart);
  add_uninspectable(multipart, is_pgp ? "pgp-encrypted" : "unknown-encrypted");
  add_protected(multipart.path, multipart.part);
}

Report Walk::finish() {
  for (const PendingProtected &entity : protected_) {
    const message_part &part = *entity.part;
    report_.protected_entities.push_back(
        {entity.path, part.physical_pos,
         part.header_size.physical_size + part.body_size.physical_size});
  }
  if (report_.classes.intersects(any_signed_classes))
    report_.signature = SignatureStatus::signed_;
  if (!report_.uninspectable.empty())
    report_.scan = ScanVerdict::uninspectable;
  if (report_.classes.empty())
    report_.classes.add(MessageClass::plain);
  return std::move(report_);
}

std::optional<Report> Walk::run(std::string &error) {
  message_parser_settings settings;
  i_zero(&settings);
  settings.max_nested_mime_parts = static_cast<unsigned>(limits_.max_depth);
  settings.max_total_mime_parts = static_cast<unsigned>(limits_.max_parts);
  message_parser_ctx *parser = message_parser_init(pool_, input_, &settings);
  message_block block;
  i_zero(&block);
  int ret;
  while ((ret = message_parser_parse_next_block(parser, &block)) > 0)
    take(block);
  while (!open_.empty())
    close_entity();
  message_part *parts = nullptr;
  message_parser_deinit(&parser, &parts);
  if (ret == 0) {
    error = "the message did not arrive in time";
    return std::nullopt;
  }
  if (input_->stream_errno != 0) {
    error = i_stream_get_error(input_);
    return std::nullopt;
  }
  return finish();
}

} // namespace

std::optional<Report> walk_message(istream *input, const Limits &limits, std::string &error) {
  Walk walk(input, limits);
  auto report = walk.run(error);
  if (report)
    report->size = input->v_offset;
  return report;
}

Report report_too_large(std::uint64_t size, const Limits &limits) {
  Report report;
  report.size = size;
  report.classes.add(MessageClass::malformed);
  report.scan = ScanVerdict::uninspectable;
  report.uninspectable.push_back({"", "message-too-large", "", ""});
  report.errors.push_back({"message-too-large", "",
                           "The message is larger than max_message_size=" +
                               std::to_string(limits.max_message_size) +
                               "; it was not looked into.",
                           "Raise max_message_size in smime-scanner.conf."});
  return report;
}

} // namespace smime
