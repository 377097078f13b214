#include "report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace smime {
namespace {

using Json = nlohmann::ordered_json;

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

void put_if_set(Json &object, const char *key, const std::string &value) {
  if (!value.empty())
    object[key] = value;
}

const Json *member(const Json &object, const char *key) {
  auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

std::string get_string(const Json &object, const char *key,
                       std::size_t most = max_report_text) {
  const Json *value = member(object, key);
  return value != nullptr && value->is_string()
             ? value->get_ref<const std::string &>().substr(0, most)
             : std::string();
}

std::uint64_t get_number(const Json &object, const char *key) {
  const Json *value = member(object, key);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

// Calls take(entry) for each object in the list named key, max_list at most.
template <typename Take> void for_each_object(const Json &object, const char *key, Take take) {
  const Json *list = member(object, key);
  if (list == nullptr || !list->is_array())
    return;
  std::size_t count = 0;
  for (const Json &entry : *list) {
    if (!entry.is_object() || ++count > Report::max_list)
      break;
    take(entry);
  }
}

Json layers_json(const Report &report) {
  Json list = Json::array();
  for (const Layer &layer : report.layers) {
    Json entry{{"path", layer.path}, {"type", layer.type}};
    put_if_set(entry, "micalg", layer.micalg);
    put_if_set(entry, "smime-type", layer.smime_type);
    list.push_back(std::move(entry));
  }
  return list;
}

Json errors_json(const std::vector<ReportError> &errors) {
  Json list = Json::array();
  for (const ReportError &error : errors) {
    Json entry{{"code", error.code}};
    put_if_set(entry, "path", error.path);
    entry["text"] = error.text;
    put_if_set(entry, "remedy", error.remedy);
    list.push_back(std::move(entry));
  }
  return list;
}

Json uninspectable_json(const Report &report) {
  Json list = Json::array();
  for (const Uninspectable &part : report.uninspectable)
    list.push_back({{"path", part.path},
                    {"reason", part.reason},
                    {"type", part.type},
                    {"name", part.name}});
  return list;
}

Json encryption_json(const Report &report) {
  Json entry = Json::object();
  put_if_set(entry, "content", report.content_encryption);
  entry["strength"] = name_of(report.strength);
  if (!report.content_encryption.empty())
    entry["authenticated"] = report.authenticated;
  Json list = Json::array();
  for (const Recipient &recipient : report.recipients) {
    Json one = Json::object();
    put_if_set(one, "issuer", recipient.issuer);
    put_if_set(one, "serial", recipient.serial);
    put_if_set(one, "key_id", recipient.key_id);
    put_if_set(one, "key_encryption", recipient.key_encryption);
    list.push_back(std::move(one));
  }
  entry["recipients"] = std::move(list);
  if (report.recipient_count > report.recipients.size())
    entry["recipient_count"] = report.recipient_count;
  return entry;
}

Json signers_json(const Report &report) {
  Json list = Json::array();
  for (const Signer &signer : report.signers) {
    Json entry{{"path", signer.path}, {"subject", signer.subject}, {"email", signer.email}};
    put_if_set(entry, "issuer", signer.issuer);
    put_if_set(entry, "serial", signer.serial);
    put_if_set(entry, "digest", signer.digest);
    put_if_set(entry, "signing_time", signer.signing_time);
    put_if_set(entry, "sha256", signer.sha256);
    put_if_set(entry, "certificate", signer.certificate);
    list.push_back(std::move(entry));
  }
  return list;
}

Json signature_json(const Report &report) {
  Json entry{{"status", name_of(report.signature)}};
  if (report.classes.intersects(any_signed_classes) && report.strength != Strength::unknown)
    entry["strength"] = name_of(report.strength);
  entry["signers"] = signers_json(report);
  entry["errors"] = errors_json(report.signature_errors);
  return entry;
}

Json protected_json(const Report &report) {
  Json list = Json::array();
  for (const ProtectedEntity &entity : report.protected_entities) {
    Json entry{{"path", entity.path}, {"offset", entity.offset}, {"size", entity.size}};
    put_if_set(entry, "sha256", entity.sha256);
    list.push_back(std::move(entry));
  }
  return list;
}

bool read_classes(const Json &document, ClassSet &classes, std::string &error) {
  const Json *list = member(document, "class");
  if (list == nullptr || !list->is_array() || list->empty()) {
    error = "report has no class";
    return false;
  }
  for (const Json &entry : *list) {
    auto value = entry.is_string() ? class_from_name(entry.get_ref<const std::string &>())
                                   : std::nullopt;
    if (!value) {
      error = "report has an unknown class";
      return false;
    }
    classes.add(*value);
  }
  return true;
}

void read_encryption(const Json &encryption, Report &report) {
  if (auto strength = strength_from_name(get_string(encryption, "strength")))
    report.strength = *strength;
  report.content_encryption = get_string(encryption, "content");
  const Json *authenticated = member(encryption, "authenticated");
  report.authenticated =
      authenticated != nullptr && authenticated->is_boolean() && authenticated->get<bool>();
  for_each_object(encryption, "recipients", [&](const Json &entry) {
    report.recipients.push_back({get_string(entry, "issuer"), get_string(entry, "serial"),
                                 get_string(entry, "key_id"),
                                 get_string(entry, "key_encryption")});
  });
  report.recipient_count = std::max<std::uint64_t>(get_number(encryption, "recipient_count"),
                                                   report.recipients.size());
}

void read_errors(const Json &object, std::vector<ReportError> &errors) {
  for_each_object(object, "errors", [&](const Json &entry) {
    errors.push_back({get_string(entry, "code"), get_string(entry, "path"),
                      get_string(entry, "text"), get_string(entry, "remedy")});
  });
}

Signer read_signer(const Json &entry) {
  Signer signer;
  signer.path = get_string(entry, "path");
  signer.subject = get_string(entry, "subject");
  signer.issuer = get_string(entry, "issuer");
  signer.serial = get_string(entry, "serial");
  signer.digest = get_string(entry, "digest");
  signer.signing_time = get_string(entry, "signing_time");
  signer.sha256 = get_string(entry, "sha256");
  // Half a certificate is none.
  signer.certificate = get_string(entry, "certificate", max_report_certificate + 1);
  if (signer.certificate.size() > max_report_certificate)
    signer.certificate.clear();
  const Json *email = member(entry, "email");
  if (email == nullptr || !email->is_array())
    return signer;
  for (const Json &address : *email) {
    if (signer.email.size() >= Signer::max_email)
      break;
    if (address.is_string())
      signer.email.push_back(address.get_ref<const std::string &>().substr(0, max_report_text));
  }
  return signer;
}

bool read_states(const Json &document, Report &report, std::string &error) {
  const Json *signature = member(document, "signature");
  const Json *scan = member(document, "scan");
  const Json *encryption = member(document, "encryption");
  if (signature == nullptr || !signature->is_object() || scan == nullptr || !scan->is_object()) {
    error = "report has no signature or scan object";
    return false;
  }
  auto status = signature_status_from_name(get_string(*signature, "status"));
  auto verdict = scan_verdict_from_name(get_string(*scan, "verdict"));
  if (!status || !verdict) {
    error = "report has an unknown signature status or scan verdict";
    return false;
  }
  report.signature = *status;
  for_each_object(*signature, "signers", [&](const Json &entry) {
    if (report.signers.size() < Report::max_signers)
      report.signers.push_back(read_signer(entry));
  });
  read_errors(*signature, report.signature_errors);
  report.scan = *verdict;
  report.scan_engine = get_string(*scan, "engine");
  report.scan_name = get_string(*scan, "name");
  report.strength =
      strength_from_name(get_string(*signature, "strength")).value_or(Strength::unknown);
  if (encryption != nullptr && encryption->is_object())
    read_encryption(*encryption, report);
  return true;
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
  Json document = Json::object();
  put_if_set(document, "file", report.file);
  Json classes = Json::array();
  for (const auto &[value, name] : class_names) {
    if (report.classes.has(value))
      classes.push_back(name);
  }
  document["class"] = std::move(classes);
  document["size"] = report.size;
  document["layers"] = layers_json(report);
  document["signature"] = signature_json(report);
  if (report.classes.intersects(any_encrypted_classes))
    document["encryption"] = encryption_json(report);
  document["uninspectable"] = uninspectable_json(report);
  document["scan"] = {{"verdict", name_of(report.scan)},
                      {"engine", report.scan_engine},
                      {"name", report.scan_name}};
  document["protected"] = protected_json(report);
  if (!report.errors.empty())
    document["errors"] = errors_json(report.errors);
  if (report.dropped != 0)
    document["dropped"] = report.dropped;
  // ASCII only: the text also goes into a header field.
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<Report> report_from_json(std::string_view text, std::string &error) {
  Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) {
    error = "report is not a JSON object";
    return std::nullopt;
  }
  Report report;
  if (!read_classes(document, report.classes, error) || !read_states(document, report, error))
    return std::nullopt;
  report.file = get_string(document, "file");
  report.size = get_number(document, "size");
  report.dropped = get_number(document, "dropped");
  for_each_object(document, "layers", [&](const Json &entry) {
    report.layers.push_back({get_string(entry, "path"), get_string(entry, "type"),
                             get_string(entry, "micalg"), get_string(entry, "smime-type")});
  });
  for_each_object(document, "uninspectable", [&](const Json &entry) {
    report.uninspectable.push_back({get_string(entry, "path"), get_string(entry, "reason"),
                                    get_string(entry, "type"), get_string(entry, "name")});
  });
  for_each_object(document, "protected", [&](const Json &entry) {
    report.protected_entities.push_back(
        {get_string(entry, "path"), get_number(entry, "offset"), get_number(entry, "size"),
         get_string(entry, "sha256")});
  });
  read_errors(document, report.errors);
  return report;
}

} // namespace smime
