#include "plugin/delivery/inspection.h"

#include "plugin/delivery/session.h"
#include "plugin/dovecot/large-read.h"
#include "plugin/protect/preserving-copy.h"
#include "plugin/protect/read-back.h"
#include "plugin/scan/scanner-connect.h"

#include <algorithm>
#include <utility>

extern "C" {
#include "mail-deliver.h"
}

namespace smime {

ArrivalInspection::ArrivalInspection(mail_deliver_context *context, const UserContext &user,
                                     std::string from)
    : context_(context), user_(user), from_(std::move(from)) {
  original_.mail = context->src_mail;
}

RecentReports &ArrivalInspection::recent_reports() {
  static RecentReports all;
  return all;
}

bool ArrivalInspection::begin() {
  istream *input;
  uoff_t size;
  if (mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0 ||
      i_stream_get_size(input, TRUE, &size) <= 0) {
    error_ = "reading the message failed: " +
             std::string(mailbox_get_last_internal_error(context_->src_mail->box, nullptr));
    return true;
  }
  ScannerAddress address{
      scanner_socket_path(user_.settings->scanner_socket, context_->rcpt_user->set->base_dir),
      user_.settings->scanner_timeout_seconds,
      {},
      from_};
  key_ = shared_key(input, size, address.path);
  const Report *known = key_ ? recent_reports().find(*key_, ioloop_time) : nullptr;
  if (known != nullptr) {
    if (maybe_protected(input))
      readable_ = find_labelled_content(input);
    report_ = *known;
    take_report();
    return true;
  }
  requested_ = ioloop_time;
  request_ = std::make_unique<ReportRequest>(
      std::move(address), input, size, Shortcuts{true, context_->rcpt_user->set->mail_temp_dir});
  if (request_->maybe_protected()) {
    copy_ = request_->take_copy();
    original_.copy = copy_ == nullptr ? nullptr : copy_->stream();
    readable_ = find_labelled_content(original_.copy != nullptr ? original_.copy : input);
  }
  i_stream_seek(input, 0);
  return false;
}

// Dovecot keeps the first recipient's mail for the others only where there are others, and
// makes their copies from it.
std::optional<RecentReports::Key> ArrivalInspection::shared_key(istream *input, std::uint64_t size,
                                                                const std::string &scanner) const {
  if (!context_->save_dest_mail && is_raw(context_->src_mail))
    return std::nullopt;
  Sha256 sha256;
  i_stream_seek(input, 0);
  bool whole = read_rest(input,
                         [&](const unsigned char *data, std::size_t there) {
                           sha256.update({data, there});
                         }) &&
               input->v_offset == size;
  i_stream_seek(input, 0);
  if (!whole)
    return std::nullopt;
  return RecentReports::Key{sha256.result(), size, scanner};
}

bool ArrivalInspection::finish() {
  if (request_ == nullptr)
    return false;
  std::string error;
  report_ = request_->wait(error);
  fails_on_message_ = request_->fails_on_message();
  request_.reset();
  if (!report_)
    error_ = error;
  else if (key_)
    recent_reports().keep(*key_, *report_, requested_);
  take_report();
  return true;
}

void ArrivalInspection::take_report() {
  istream *input;
  if (mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0) {
    error_ = mailbox_get_last_internal_error(context_->src_mail->box, nullptr);
    report_.reset();
  } else {
    if (!readable_ || !find_reported_content(original_.copy != nullptr ? original_.copy : input))
      report_.reset();
    i_stream_seek(input, 0);
  }
  if (report_)
    take_certificates();
}

bool ArrivalInspection::find_labelled_content(istream *input) {
  looked_for_content_ = true;
  return locate_protected(input, {}, original_.content, error_);
}

// The same bytes have the same digest, whoever computes it.
void ArrivalInspection::take_reported_digests() {
  for (ProtectedPart &part : original_.content.parts) {
    for (const ProtectedEntity &entity : report_->protected_entities) {
      if (entity.path == part.path && entity.offset == part.offset && entity.size == part.size)
        part.sha256 = digest_from_hex(entity.sha256);
    }
  }
}

void ArrivalInspection::work_while_waiting(bool will_be_held) {
  const auto &parts = original_.content.parts;
  if (request_ == nullptr || !readable_ || parts.empty())
    return;
  istream *input = original_.copy;
  if (input == nullptr && mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0)
    return;
  // Those of clear-signed parts come from the scanner.
  if (std::none_of(parts.begin(), parts.end(),
                   [](const ProtectedPart &part) { return part.kind.starts_with("signed part"); }))
    readable_ = digest_protected(input, original_.content, error_);
  if (will_be_held) {
    std::string error;
    facts_ = read_original_facts(input, session_of(context_), error);
  }
  i_stream_seek(input, 0);
}

// Plain mail pays nothing: the scanner's report tells whether there is anything
// to protect. Without a report the labels do.
bool ArrivalInspection::find_reported_content(istream *input) {
  knows_content_ = find_all_content(input);
  if (knows_content_)
    return true;
  original_.content = {};
  return false;
}

bool ArrivalInspection::find_all_content(istream *input) {
  if (report_ && report_->protected_entities.empty() && report_->protected_dropped == 0 &&
      original_.content.empty())
    return true;
  if (!looked_for_content_ && !find_labelled_content(input))
    return false;
  if (!report_)
    return digest_protected(input, original_.content, error_);
  for (const ProtectedEntity &entity : report_->protected_entities) {
    bool labelled =
        std::any_of(original_.content.parts.begin(), original_.content.parts.end(),
                    [&](const ProtectedPart &part) { return part.path == entity.path; });
    if (!labelled)
      original_.extra_parts.push_back(entity.path);
  }
  // Which the others are is not known.
  if (report_->protected_dropped > 0)
    original_.extra_parts.emplace_back(whole_body);
  if (!original_.extra_parts.empty() &&
      !locate_protected(input, original_.extra_parts, original_.content, error_))
    return false;
  take_reported_digests();
  if (!digest_protected(input, original_.content, error_))
    return false;
  if (original_.content.non_canonical) {
    report_->classes.add(MessageClass::non_canonical);
    report_->errors.push_back({"non-canonical",
                               "",
                               "Protected content has bytes that IMAP cannot carry unchanged "
                               "(NUL, CR CR LF, or a bare LF).",
                               {}});
  }
  return true;
}

void ArrivalInspection::take_certificates() {
  bool verified = report_->signature == SignatureStatus::signed_verified ||
                  report_->signature == SignatureStatus::encrypted_signed_verified;
  if (verified && user_.settings->harvest_certificates)
    signers_ = report_->signers;
  for (Signer &signer : report_->signers)
    signer.certificate.clear();
}

std::string ArrivalInspection::label_kind() const {
  std::string kind;
  for (const ProtectedPart &part : original_.content.parts) {
    if (part.labelled)
      kind += part.kind + "\n";
  }
  return kind;
}

Report ArrivalInspection::report_or_stand_in() const {
  return report_ ? *report_ : report_without_scanner(error_);
}

std::vector<Signer> ArrivalInspection::take_signers() { return std::exchange(signers_, {}); }

} // namespace smime
