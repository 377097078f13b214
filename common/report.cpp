#include "common/report.h"

#include "common/json-writer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace smime {
namespace {

template <typename Enum, std::size_t N>
using NameTable = std::array<std::pair<Enum, std::string_view>, N>;

constexpr NameTable<MessageClass, 13> class_names{{
    {MessageClass::plain, "plain"},
    {MessageClass::signed_, "signed"},
    {MessageClass::opaque_signed, "opaque-signed"},
    {MessageClass::encrypted, "encrypted"},
    {MessageClass::compressed, "compressed"},
    {MessageClass::certs_only, "certs-only"},
    {MessageClass::pgp_signed, "pgp-signed"},
    {MessageClass::pgp_encrypted, "pgp-encrypted"},
    {MessageClass::encrypted_archive, "encrypted-archive"},
    {MessageClass::encrypted_document, "encrypted-document"},
    {MessageClass::non_canonical, "non-canonical"},
    {MessageClass::malformed, "malformed"},
    {MessageClass::unrecognised, "unrecognised"},
}};

constexpr NameTable<SignatureStatus, 6> status_names{{
    {SignatureStatus::unknown, "unknown"},
    {SignatureStatus::signed_, "signed"},
    {SignatureStatus::signed_verified, "signed/verified"},
    {SignatureStatus::signed_failed, "signed/failed"},
    {SignatureStatus::encrypted_signed_verified, "encrypted+signed/verified"},
    {SignatureStatus::encrypted_signed_failed, "encrypted+signed/failed"},
}};

constexpr NameTable<ScanVerdict, 5> verdict_names{{
    {ScanVerdict::not_scanned, "not-scanned"},
    {ScanVerdict::clean, "clean"},
    {ScanVerdict::infected, "infected"},
    {ScanVerdict::uninspectable, "uninspectable"},
    {ScanVerdict::error, "error"},
}};

constexpr NameTable<Strength, 3> strength_names{{
    {Strength::unknown, "unknown"},
    {Strength::strong, "strong"},
    {Strength::weak, "weak"},
}};

template <typename Enum, std::size_t N>
std::string_view look_up_name(const NameTable<Enum, N> &table, Enum value) {
  for (const auto &[candidate, name] : table) {
    if (candidate == value)
      return name;
  }
  return {};
}

template <typename Enum, std::size_t N>
std::optional<Enum> look_up_value(const NameTable<Enum, N> &table, std::string_view name) {
  for (const auto &[value, candidate] : table) {
    if (candidate == name)
      return value;
  }
  return std::nullopt;
}

// How the bytes of a report are shared out. What does not fit into its share is left out
// and counted, so that no message can make a report that is too large.
constexpr std::size_t text_limit = 512;
constexpr std::size_t sentence_limit = 1024;
constexpr std::size_t file_limit = max_report_text;
// Of everything that is no list, the lists' keys and brackets included.
constexpr std::size_t fixed_share = 8UL * 1024;
constexpr std::size_t layers_share = 24UL * 1024;
// With their certificates.
constexpr std::size_t signers_share = 80UL * 1024;
constexpr std::size_t signature_errors_share = 24UL * 1024;
constexpr std::size_t recipients_share = 24UL * 1024;
constexpr std::size_t uninspectable_share = 24UL * 1024;
constexpr std::size_t protected_share = 48UL * 1024;
constexpr std::size_t errors_share = 24UL * 1024;
static_assert(fixed_share + layers_share + signers_share + signature_errors_share +
                  recipients_share + uninspectable_share + protected_share + errors_share <=
              max_report_size);
// One entry at least has room, whatever is in it.
static_assert(5 * sentence_limit < uninspectable_share);

// Writes those entries of a list that fit into its share, max_list at most. Returns how
// many do not.
template <typename Entry, typename Write>
std::uint64_t write_list(JsonWriter &writer, std::string_view name, const std::vector<Entry> &list,
                         std::size_t share, Write write) {
  writer.key(name).begin_list();
  std::size_t begin = writer.size();
  std::size_t count = std::min(list.size(), Report::max_list);
  std::uint64_t left_out = list.size() - count;
  for (std::size_t i = 0; i < count; i++) {
    JsonWriter::Mark before = writer.mark();
    write(list[i]);
    if (writer.size() - begin <= share)
      continue;
    writer.go_back(before);
    left_out++;
  }
  writer.end_list();
  return left_out;
}

std::uint64_t write_layers(JsonWriter &writer, const Report &report) {
  return write_list(writer, "layers", report.layers, layers_share, [&](const Layer &layer) {
    writer.begin_object()
        .put("path", layer.path, text_limit)
        .put("type", layer.type, text_limit)
        .put_if_set("micalg", layer.micalg, text_limit)
        .put_if_set("smime-type", layer.smime_type, text_limit)
        .end_object();
  });
}

std::uint64_t write_errors(JsonWriter &writer, const std::vector<ReportError> &errors,
                           std::size_t share) {
  return write_list(writer, "errors", errors, share, [&](const ReportError &error) {
    writer.begin_object()
        .put("code", error.code, text_limit)
        .put_if_set("path", error.path, text_limit)
        .put("text", error.text, sentence_limit)
        .put_if_set("remedy", error.remedy, sentence_limit)
        .end_object();
  });
}

std::uint64_t write_uninspectable(JsonWriter &writer, const Report &report) {
  return write_list(writer, "uninspectable", report.uninspectable, uninspectable_share,
                    [&](const Uninspectable &part) {
                      writer.begin_object()
                          .put("path", part.path, text_limit)
                          .put("reason", part.reason, text_limit)
                          .put("type", part.type, text_limit)
                          .put("name", part.name, text_limit)
                          .end_object();
                    });
}

std::uint64_t write_encryption(JsonWriter &writer, const Report &report) {
  writer.key("encryption").begin_object();
  writer.put_if_set("content", report.content_encryption, text_limit);
  writer.put("strength", name_of(report.strength), text_limit);
  if (!report.content_encryption.empty())
    writer.key("authenticated").boolean(report.authenticated);
  std::uint64_t left_out = write_list(
      writer, "recipients", report.recipients, recipients_share, [&](const Recipient &recipient) {
        writer.begin_object()
            .put_if_set("issuer", recipient.issuer, text_limit)
            .put_if_set("serial", recipient.serial, text_limit)
            .put_if_set("key_id", recipient.key_id, text_limit)
            .put_if_set("key_encryption", recipient.key_encryption, text_limit)
            .end_object();
      });
  if (left_out > 0 || report.recipient_count > report.recipients.size())
    writer.put("recipient_count",
               std::max<std::uint64_t>(report.recipient_count, report.recipients.size()));
  writer.end_object();
  return left_out;
}

void write_signer(JsonWriter &writer, const Signer &signer, bool with_certificate) {
  writer.begin_object()
      .put("path", signer.path, text_limit)
      .put("subject", signer.subject, sentence_limit);
  writer.key("email").begin_list();
  for (std::size_t i = 0; i < std::min(signer.email.size(), Signer::max_email); i++)
    writer.string(signer.email[i], text_limit);
  writer.end_list()
      .put_if_set("issuer", signer.issuer, sentence_limit)
      .put_if_set("serial", signer.serial, text_limit)
      .put_if_set("digest", signer.digest, text_limit)
      .put_if_set("signing_time", signer.signing_time, text_limit)
      .put_if_set("checked_at", signer.checked_at, text_limit)
      .put_if_set("sha256", signer.sha256, text_limit);
  if (with_certificate)
    writer.put_if_set("certificate", signer.certificate, max_report_certificate);
  writer.end_object();
}

// Half a certificate is none: a signer whose certificate has no room stays without it.
std::uint64_t write_signers(JsonWriter &writer, const Report &report) {
  writer.key("signers").begin_list();
  std::size_t begin = writer.size();
  std::size_t count = std::min(report.signers.size(), Report::max_signers);
  std::uint64_t left_out = report.signers.size() - count;
  for (std::size_t i = 0; i < count; i++) {
    const Signer &signer = report.signers[i];
    JsonWriter::Mark before = writer.mark();
    bool is_bounded = signer.certificate.size() <= max_report_certificate;
    write_signer(writer, signer, is_bounded);
    if (writer.size() - begin > signers_share) {
      writer.go_back(before);
      write_signer(writer, signer, false);
      is_bounded = signer.certificate.empty();
    }
    bool has_room = writer.size() - begin <= signers_share;
    if (!has_room)
      writer.go_back(before);
    left_out += !has_room || !is_bounded;
  }
  writer.end_list();
  return left_out;
}

std::uint64_t write_signature(JsonWriter &writer, const Report &report) {
  writer.key("signature").begin_object().put("status", name_of(report.signature), text_limit);
  if (report.classes.intersects(any_signed_classes) && report.strength != Strength::unknown)
    writer.put("strength", name_of(report.strength), text_limit);
  std::uint64_t left_out = write_signers(writer, report);
  left_out += write_errors(writer, report.signature_errors, signature_errors_share);
  writer.end_object();
  return left_out;
}

bool is_section_number(std::string_view path) {
  return path.size() <= text_limit &&
         path.find_first_not_of("0123456789.") == std::string_view::npos;
}

// A section number that is cut would be another part's: such an entity is left out as well.
std::uint64_t write_protected(JsonWriter &writer, const Report &report) {
  std::vector<ProtectedEntity> named;
  std::copy_if(report.protected_entities.begin(), report.protected_entities.end(),
               std::back_inserter(named),
               [](const ProtectedEntity &entity) { return is_section_number(entity.path); });
  std::uint64_t unnamed = report.protected_entities.size() - named.size();
  return unnamed + write_list(writer, "protected", named, protected_share,
                              [&](const ProtectedEntity &entity) {
                                writer.begin_object()
                                    .put("path", entity.path, text_limit)
                                    .put("offset", entity.offset)
                                    .put("size", entity.size)
                                    .put_if_set("sha256", entity.sha256, text_limit)
                                    .end_object();
                              });
}

} // namespace

std::string_view name_of(MessageClass c) { return look_up_name(class_names, c); }
std::string_view name_of(SignatureStatus s) { return look_up_name(status_names, s); }
std::string_view name_of(ScanVerdict v) { return look_up_name(verdict_names, v); }
std::string_view name_of(Strength s) { return look_up_name(strength_names, s); }

std::optional<MessageClass> class_from_name(std::string_view name) {
  return look_up_value(class_names, name);
}
std::optional<SignatureStatus> signature_status_from_name(std::string_view name) {
  return look_up_value(status_names, name);
}
std::optional<ScanVerdict> scan_verdict_from_name(std::string_view name) {
  return look_up_value(verdict_names, name);
}
std::optional<Strength> strength_from_name(std::string_view name) {
  return look_up_value(strength_names, name);
}

std::string join_class_names(ClassSet set, char separator) {
  std::string result;
  for (const auto &[value, name] : class_names) {
    if (!set.has(value))
      continue;
    if (!result.empty())
      result += separator;
    result += name;
  }
  return result;
}

std::string to_json(const Report &report) {
  JsonWriter writer;
  writer.begin_object().put_if_set("file", report.file, file_limit);
  writer.key("class").begin_list();
  for (const auto &[value, name] : class_names) {
    if (report.classes.has(value))
      writer.string(name, text_limit);
  }
  writer.end_list().put("size", report.size);
  std::uint64_t left_out = write_layers(writer, report);
  left_out += write_signature(writer, report);
  if (report.classes.intersects(any_encrypted_classes))
    left_out += write_encryption(writer, report);
  left_out += write_uninspectable(writer, report);
  writer.key("scan")
      .begin_object()
      .put("verdict", name_of(report.scan), text_limit)
      .put("engine", report.scan_engine, text_limit)
      .put("name", report.scan_name, text_limit)
      .end_object();
  std::uint64_t unprotected = write_protected(writer, report);
  left_out += unprotected;
  if (report.protected_dropped + unprotected != 0)
    writer.put("protected_dropped", report.protected_dropped + unprotected);
  if (!report.errors.empty())
    left_out += write_errors(writer, report.errors, errors_share);
  if (report.dropped + left_out != 0)
    writer.put("dropped", report.dropped + left_out);
  return writer.end_object().take();
}

} // namespace smime
