#include "desk/web/report-view.h"

#include "common/report.h"
#include "desk/web/item-view.h"
#include "desk/web/time-text.h"
#include "desk/web/visible.h"

#include <array>
#include <optional>

namespace smime::desk {
namespace {

// What a reviewer can do about a part that could not be looked into: key "todo_...".
struct Remedy {
  std::string_view reason;
  const char *todo;
};
constexpr std::array<Remedy, 22> remedies{{{"smime-encrypted", "todo_key"},
                                           {"pgp-encrypted", "todo_key"},
                                           {"unknown-encrypted", "todo_key"},
                                           {"encrypted-archive", "todo_password"},
                                           {"encrypted-document", "todo_password"},
                                           {"encrypted-file", "todo_password"},
                                           {"rights-managed", "todo_rights"},
                                           {"damaged-archive", "todo_again"},
                                           {"damaged-document", "todo_again"},
                                           {"unsupported-document", "todo_other_format"},
                                           {"contradictory-archive", "todo_distrust"},
                                           {"unsupported-archive", "todo_other_format"},
                                           {"unsupported-compression", "todo_other_format"},
                                           {"unknown-encoding", "todo_other_format"},
                                           {"unrecognised", "todo_other_format"},
                                           {"unsupported-cms", "todo_other_format"},
                                           {"external-body", "todo_distrust"},
                                           {"partial-message", "todo_whole"},
                                           {"engine-limit", "todo_engine"},
                                           {"malformed", "todo_distrust"},
                                           {"limit-exceeded", "todo_bound"},
                                           {"message-too-large", "todo_bound"}}};

const char *todo_of(std::string_view reason) {
  for (const Remedy &remedy : remedies) {
    if (remedy.reason == reason)
      return remedy.todo;
  }
  return "todo_unknown";
}

std::string part_title(const Texts &texts, const std::string &path, const std::string &name) {
  if (!name.empty())
    return visible_line(name);
  return path.empty() ? texts.text("whole_message") : texts.text("part_n", {visible_line(path)});
}

void add_uninspectable(View &view, const Texts &texts, const Report &report) {
  View list = View::array();
  for (const Uninspectable &part : report.uninspectable) {
    std::string means = text_of_word(texts, "un", part.reason);
    if (means == visible_line(part.reason))
      means = texts.text("un_other", {means});
    list.push_back({{"PART_TITLE", part_title(texts, part.path, part.name)},
                    {"MEANS", means},
                    {"TODO", texts.text(todo_of(part.reason))},
                    {"CODE", visible_line(part.reason)}});
  }
  View odd = View::array();
  for (const ReportError &error : report.errors)
    odd.push_back({{"ODD_TITLE", part_title(texts, error.path, "")},
                   {"ODD_TEXT", visible_line(error.text)},
                   {"ODD_REMEDY", visible_line(error.remedy)}});
  view["NOTHING_UNINSPECTABLE"] = list.empty() && odd.empty();
  view["UNINSPECTABLE"] = std::move(list);
  view["ODD"] = std::move(odd);
  if (report.dropped > 0)
    view["DROPPED_TEXT"] = texts.count("dropped", report.dropped);
}

const char *look_of(SignatureStatus status) {
  switch (status) {
  case SignatureStatus::signed_verified:
  case SignatureStatus::encrypted_signed_verified: return "good";
  case SignatureStatus::signed_failed:
  case SignatureStatus::encrypted_signed_failed: return "bad";
  default: return "neutral";
  }
}

std::string joined(const std::vector<std::string> &values) {
  std::string result;
  for (const std::string &value : values)
    result += (result.empty() ? "" : ", ") + visible_line(value);
  return result;
}

std::string time_or_nothing(const std::string &time) {
  return time.empty() ? std::string() : full_time(time);
}

void add_signature(View &view, const Texts &texts, const Report &report) {
  view["SIGNATURE_LOOK"] = look_of(report.signature);
  view["SIGNATURE_BADGE"] = text_of_word(texts, "sig", name_of(report.signature));
  view["SIGNATURE_TEXT"] = text_of_word(texts, "sig_means", name_of(report.signature));
  View signers = View::array();
  for (const Signer &signer : report.signers)
    signers.push_back({{"SIGNER", signer.subject.empty() ? texts.text("signer_unknown")
                                                         : visible_line(signer.subject)},
                       {"SIGNER_EMAIL", joined(signer.email)},
                       {"ISSUER", visible_line(signer.issuer)},
                       {"SERIAL", visible_line(signer.serial)},
                       {"SIGNED_AT", time_or_nothing(signer.signing_time)},
                       {"CHECKED_AT", time_or_nothing(signer.checked_at)},
                       {"DIGEST", visible_line(signer.digest)},
                       {"CERT_SHA256", visible_line(signer.sha256)}});
  view["SIGNERS"] = std::move(signers);
  View errors = View::array();
  for (const ReportError &error : report.signature_errors)
    errors.push_back({{"ERROR_TEXT", visible_line(error.text)},
                      {"ERROR_REMEDY", visible_line(error.remedy)},
                      {"CODE", visible_line(error.code)}});
  view["SIGNATURE_ERRORS"] = std::move(errors);
}

std::string encryption_text(const Texts &texts, const Report &report) {
  if (!report.classes.intersects(any_encrypted_classes))
    return texts.text("enc_none");
  std::string text = texts.text(report.classes.has(MessageClass::encrypted) ||
                                        report.classes.has(MessageClass::pgp_encrypted)
                                    ? "enc_mail"
                                    : "enc_parts");
  if (!report.content_encryption.empty())
    text += " " + texts.text(report.authenticated ? "enc_algorithm_authenticated" : "enc_algorithm",
                             {visible_line(report.content_encryption)});
  if (report.strength == Strength::weak)
    text += " " + texts.text("enc_weak");
  return text;
}

void add_encryption(View &view, const Texts &texts, const Report &report) {
  view["ENCRYPTION_TEXT"] = encryption_text(texts, report);
  View recipients = View::array();
  for (const Recipient &recipient : report.recipients)
    recipients.push_back(
        {{"ISSUER", visible_line(recipient.issuer)},
         {"SERIAL_OR_KEY",
          visible_line(recipient.serial.empty() ? recipient.key_id : recipient.serial)},
         {"KEY_ENCRYPTION", visible_line(recipient.key_encryption)}});
  view["HAS_RECIPIENTS"] = !recipients.empty();
  view["RECIPIENTS_CAPTION"] =
      texts.count("recipients", std::max<std::uint64_t>(report.recipient_count, recipients.size()));
  view["RECIPIENTS"] = std::move(recipients);
  View layers = View::array();
  for (const Layer &layer : report.layers)
    layers.push_back({{"LAYER_TYPE", visible_line(layer.type)},
                      {"LAYER_SMIME", visible_line(layer.smime_type)},
                      {"LAYER_PATH", layer.path.empty() ? "–" : visible_line(layer.path)}});
  view["HAS_LAYERS"] = !layers.empty();
  view["LAYERS"] = std::move(layers);
}

void add_scan(View &view, const Texts &texts, const Report &report) {
  std::string key = "scan_" + std::string(name_of(report.scan));
  if (report.scan == ScanVerdict::not_scanned)
    key = "scan_not_scanned";
  view["SCAN_TEXT"] =
      texts.text(key, {visible_line(report.scan_engine), visible_line(report.scan_name)});
}

void add_classes(View &view, const Texts &texts, const Report &report) {
  View list = View::array();
  std::string names = join_class_names(report.classes);
  for (std::size_t begin = 0; begin < names.size();) {
    std::size_t end = std::min(names.find(' ', begin), names.size());
    std::string_view name = std::string_view(names).substr(begin, end - begin);
    list.push_back({{"CLASS_TEXT", text_of_word(texts, "class_means", name)}});
    begin = end + 1;
  }
  view["CLASS_TEXTS"] = std::move(list);
}

} // namespace

void add_report(View &view, const Texts &texts, const nlohmann::json &report) {
  std::string error;
  auto read = report.is_object() ? report_from_json(report.dump(), error) : std::nullopt;
  if (!read) {
    // Of a report that is not there, or that nobody can read, nothing good is said.
    view["UNINSPECTABLE"] = View::array({{{"PART_TITLE", texts.text("whole_message")},
                                          {"MEANS", texts.text("no_report")},
                                          {"TODO", texts.text("no_report_todo")},
                                          {"CODE", "no-report"}}});
    view["SIGNATURE_LOOK"] = "neutral";
    view["SIGNATURE_BADGE"] = texts.text("sig_unknown");
    view["SIGNATURE_TEXT"] = texts.text("no_report");
    view["ENCRYPTION_TEXT"] = texts.text("no_report");
    return;
  }
  add_classes(view, texts, *read);
  add_scan(view, texts, *read);
  add_uninspectable(view, texts, *read);
  add_signature(view, texts, *read);
  add_encryption(view, texts, *read);
}

} // namespace smime::desk
