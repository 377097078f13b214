#include "report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace smime {
namespace {

template <typename Enum, std::size_t N>
using NameTable = std::array<std::pair<Enum, std::string_view>, N>;

constexpr NameTable<MessageClass, 12> class_names{{
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

// Writes compact JSON as it goes; a document in between takes several times as long,
// and every message pays it.
class JsonWriter {
public:
  JsonWriter &begin_object() { return open('{'); }
  JsonWriter &end_object() { return close('}'); }
  JsonWriter &begin_list() { return open('['); }
  JsonWriter &end_list() { return close(']'); }
  JsonWriter &key(std::string_view name) {
    separate();
    text_.append(1, '"').append(name).append("\":");
    is_first_ = true;
    return *this;
  }
  JsonWriter &string(std::string_view value);
  JsonWriter &number(std::uint64_t value) { return raw(std::to_string(value)); }
  JsonWriter &boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter &put(std::string_view name, std::string_view value) {
    return key(name).string(value);
  }
  JsonWriter &put(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  JsonWriter &put_if_set(std::string_view name, std::string_view value) {
    return value.empty() ? *this : put(name, value);
  }
  std::string take() { return std::move(text_); }

private:
  void separate() {
    if (!is_first_)
      text_ += ',';
    is_first_ = false;
  }
  JsonWriter &raw(std::string_view value) {
    separate();
    text_ += value;
    return *this;
  }
  JsonWriter &open(char bracket) {
    separate();
    text_ += bracket;
    is_first_ = true;
    return *this;
  }
  JsonWriter &close(char bracket) {
    text_ += bracket;
    is_first_ = false;
    return *this;
  }

  std::string text_;
  // Nothing to be separated from: at the beginning and behind a key.
  bool is_first_ = true;
};

// ASCII only: the text also goes into a header field.
JsonWriter &JsonWriter::string(std::string_view value) {
  bool is_simple = std::all_of(value.begin(), value.end(), [](char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
  });
  if (!is_simple)
    return raw(nlohmann::json(value).dump(
        -1, ' ', true, nlohmann::json::error_handler_t::replace));
  separate();
  text_.append(1, '"').append(value).append(1, '"');
  return *this;
}

void write_layers(JsonWriter &writer, const Report &report) {
  writer.key("layers").begin_list();
  for (const Layer &layer : report.layers)
    writer.begin_object()
        .put("path", layer.path)
        .put("type", layer.type)
        .put_if_set("micalg", layer.micalg)
        .put_if_set("smime-type", layer.smime_type)
        .end_object();
  writer.end_list();
}

void write_errors(JsonWriter &writer, const std::vector<ReportError> &errors) {
  writer.key("errors").begin_list();
  for (const ReportError &error : errors)
    writer.begin_object()
        .put("code", error.code)
        .put_if_set("path", error.path)
        .put("text", error.text)
        .put_if_set("remedy", error.remedy)
        .end_object();
  writer.end_list();
}

void write_uninspectable(JsonWriter &writer, const Report &report) {
  writer.key("uninspectable").begin_list();
  for (const Uninspectable &part : report.uninspectable)
    writer.begin_object()
        .put("path", part.path)
        .put("reason", part.reason)
        .put("type", part.type)
        .put("name", part.name)
        .end_object();
  writer.end_list();
}

void write_encryption(JsonWriter &writer, const Report &report) {
  writer.key("encryption").begin_object();
  writer.put_if_set("content", report.content_encryption);
  writer.put("strength", name_of(report.strength));
  if (!report.content_encryption.empty())
    writer.key("authenticated").boolean(report.authenticated);
  writer.key("recipients").begin_list();
  for (const Recipient &recipient : report.recipients)
    writer.begin_object()
        .put_if_set("issuer", recipient.issuer)
        .put_if_set("serial", recipient.serial)
        .put_if_set("key_id", recipient.key_id)
        .put_if_set("key_encryption", recipient.key_encryption)
        .end_object();
  writer.end_list();
  if (report.recipient_count > report.recipients.size())
    writer.put("recipient_count", report.recipient_count);
  writer.end_object();
}

void write_signers(JsonWriter &writer, const Report &report) {
  writer.key("signers").begin_list();
  for (const Signer &signer : report.signers) {
    writer.begin_object().put("path", signer.path).put("subject", signer.subject);
    writer.key("email").begin_list();
    for (const std::string &address : signer.email)
      writer.string(address);
    writer.end_list()
        .put_if_set("issuer", signer.issuer)
        .put_if_set("serial", signer.serial)
        .put_if_set("digest", signer.digest)
        .put_if_set("signing_time", signer.signing_time)
        .put_if_set("sha256", signer.sha256)
        .put_if_set("certificate", signer.certificate)
        .end_object();
  }
  writer.end_list();
}

void write_signature(JsonWriter &writer, const Report &report) {
  writer.key("signature").begin_object().put("status", name_of(report.signature));
  if (report.classes.intersects(any_signed_classes) && report.strength != Strength::unknown)
    writer.put("strength", name_of(report.strength));
  write_signers(writer, report);
  write_errors(writer, report.signature_errors);
  writer.end_object();
}

void write_protected(JsonWriter &writer, const Report &report) {
  writer.key("protected").begin_list();
  for (const ProtectedEntity &entity : report.protected_entities)
    writer.begin_object()
        .put("path", entity.path)
        .put("offset", entity.offset)
        .put("size", entity.size)
        .put_if_set("sha256", entity.sha256)
        .end_object();
  writer.end_list();
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
  writer.begin_object().put_if_set("file", report.file);
  writer.key("class").begin_list();
  for (const auto &[value, name] : class_names) {
    if (report.classes.has(value))
      writer.string(name);
  }
  writer.end_list().put("size", report.size);
  write_layers(writer, report);
  write_signature(writer, report);
  if (report.classes.intersects(any_encrypted_classes))
    write_encryption(writer, report);
  write_uninspectable(writer, report);
  writer.key("scan")
      .begin_object()
      .put("verdict", name_of(report.scan))
      .put("engine", report.scan_engine)
      .put("name", report.scan_name)
      .end_object();
  write_protected(writer, report);
  if (!report.errors.empty())
    write_errors(writer, report.errors);
  if (report.dropped != 0)
    writer.put("dropped", report.dropped);
  return writer.end_object().take();
}

} // namespace smime
