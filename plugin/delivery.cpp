#include "delivery.h"

#include "authentication-results.h"
#include "certificate-store.h"
#include "dovecot-ptr.h"
#include "events.h"
#include "keywords.h"
#include "large-read.h"
#include "mailbox-policy.h"
#include "preserving-copy.h"
#include "quarantine.h"
#include "quarantine-mailbox.h"
#include "scanner-client.h"

#include <algorithm>
#include <utility>

extern "C" {
#include "mail-deliver.h"
#include "smtp-address.h"
}

namespace smime {
namespace {

std::string encode(const smtp_address *address) {
  DataStackFrame frame;
  return smtp_address_isnull(address) ? "<>" : smtp_address_encode(address);
}

char separator_of(const mailbox *box) {
  return mail_namespace_get_sep(mailbox_get_namespace(box));
}

} // namespace

Delivery::Delivery(mail_deliver_context *context, UserContext &user)
    : context_(context), user_(user), from_(encode(context->mail_from)),
      to_(encode(context->rcpt_to)) {
  original_.mail = context->src_mail;
  user_.delivery = this;
}

Delivery::~Delivery() { user_.delivery = nullptr; }

Expectations &Delivery::expectations() {
  // A mail process has one thread.
  static Expectations all;
  return all;
}

RecentReports &Delivery::recent_reports() {
  static RecentReports all;
  return all;
}

std::string Delivery::message_id() const { return message_id_of(context_->src_mail); }

bool Delivery::is_aware(const mailbox *box) const {
  return user_.settings->stores.matches(box->vname, separator_of(box));
}

Question Delivery::question(const mailbox *box, const Report &report) const {
  return {box->vname, separator_of(box), from_, to_, Origin::delivery, report};
}

bool Delivery::may_divert() const {
  if (!report_)
    return user_.settings->scanner_failure == ScannerFailure::quarantine;
  Question any_mailbox{{}, '/', from_, to_, Origin::delivery, *report_};
  return report_->scan == ScanVerdict::error || has_mailbox_policies(context_->rcpt_user, *user_.settings) ||
         may_divert_in_some_mailbox(user_.settings->rules, any_mailbox);
}

void Delivery::inspect() {
  istream *input;
  uoff_t size;
  if (mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0 ||
      i_stream_get_size(input, TRUE, &size) <= 0) {
    scan_error_ = "reading the message failed: " +
                  std::string(mailbox_get_last_internal_error(context_->src_mail->box, nullptr));
    end_inspection();
    return;
  }
  ScannerAddress address{scanner_socket_path(user_.settings->scanner_socket,
                                             context_->rcpt_user->set->base_dir),
                         user_.settings->scanner_timeout_seconds};
  key_ = shared_key(input, size, address.path);
  const Report *known = key_ ? recent_reports().find(*key_, ioloop_time) : nullptr;
  if (known != nullptr) {
    if (maybe_protected(input))
      readable_ = find_labelled_content(input);
    report_ = *known;
    take_report();
    return;
  }
  requested_ = ioloop_time;
  request_ = std::make_unique<ReportRequest>(std::move(address), input, size,
                                             Shortcuts{true, context_->rcpt_user->set->mail_temp_dir});
  if (request_->maybe_protected()) {
    copy_ = request_->take_copy();
    original_.copy = copy_ == nullptr ? nullptr : copy_->stream();
    readable_ = find_labelled_content(original_.copy != nullptr ? original_.copy : input);
  }
  i_stream_seek(input, 0);
  // Whether the next recipient's copy may be made from this one's mail has to be
  // known before Dovecot's transaction begins.
  if (context_->save_dest_mail)
    finish_inspection();
}

// Dovecot keeps the first recipient's mail for the others only where there are others, and
// makes their copies from it.
std::optional<RecentReports::Key> Delivery::shared_key(istream *input, std::uint64_t size,
                                                       const std::string &scanner) const {
  if (!context_->save_dest_mail && is_raw(context_->src_mail))
    return std::nullopt;
  Sha256 sha256;
  i_stream_seek(input, 0);
  bool whole = read_rest(input, [&](const unsigned char *data, std::size_t there) {
    sha256.update({data, there});
  }) && input->v_offset == size;
  i_stream_seek(input, 0);
  if (!whole)
    return std::nullopt;
  return RecentReports::Key{sha256.result(), size, scanner};
}

void Delivery::finish_inspection() {
  if (request_ == nullptr)
    return;
  std::string error;
  report_ = request_->wait(error);
  request_.reset();
  if (!report_)
    scan_error_ = error;
  else if (key_)
    recent_reports().keep(*key_, *report_, requested_);
  take_report();
}

void Delivery::take_report() {
  istream *input;
  if (mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0) {
    scan_error_ = mailbox_get_last_internal_error(context_->src_mail->box, nullptr);
    report_.reset();
  } else {
    if (!readable_ ||
        !find_reported_content(original_.copy != nullptr ? original_.copy : input))
      report_.reset();
    i_stream_seek(input, 0);
  }
  end_inspection();
}

void Delivery::end_inspection() {
  // The next recipient's copy is made from this one's mail if Dovecot can open
  // it; it cannot where the message may not be. And what storing makes of bytes
  // that IMAP cannot carry must not pass for what arrived.
  // With a field in front it is no copy of what arrived either.
  if (context_->save_dest_mail &&
      (may_divert() || original_.content.non_canonical ||
       !user_.settings->authentication_results.empty()))
    context_->save_dest_mail = false;
  if (report_)
    take_certificates();
  if (!report_) {
    send_event(context_->event, event_scanner_failed, EventLevel::error, {},
               "msgid=" + message_id() + ": no report on the message: " + scan_error_);
    return;
  }
  EventFields fields;
  fields.classes = join_class_names(report_->classes);
  fields.status = name_of(report_->signature);
  fields.size = report_->size;
  send_event(context_->event, event_message_inspected, EventLevel::debug, fields,
             "message inspected: " + fields.classes);
}

bool Delivery::find_labelled_content(istream *input) {
  looked_for_content_ = true;
  return locate_protected(input, {}, original_.content, scan_error_);
}

// The same bytes have the same digest, whoever computes it.
void Delivery::take_reported_digests() {
  for (ProtectedPart &part : original_.content.parts) {
    for (const ProtectedEntity &entity : report_->protected_entities) {
      if (entity.path == part.path && entity.offset == part.offset && entity.size == part.size)
        part.sha256 = digest_from_hex(entity.sha256);
    }
  }
}

void Delivery::work_while_waiting() {
  const auto &parts = original_.content.parts;
  if (request_ == nullptr || !readable_ || parts.empty())
    return;
  istream *input = original_.copy;
  if (input == nullptr && mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0)
    return;
  // Those of clear-signed parts come from the scanner.
  if (std::none_of(parts.begin(), parts.end(), [](const ProtectedPart &part) {
        return part.kind.starts_with("signed part");
      }))
    readable_ = digest_protected(input, original_.content, scan_error_);
  if (expectations().is_diverted(label_kind())) {
    std::string error;
    i_stream_seek(input, 0);
    sha256_ = canonical_sha256(input, error);
  }
  i_stream_seek(input, 0);
}

// Plain mail pays nothing: the scanner's report tells whether there is anything
// to protect. Without a report the labels do.
bool Delivery::find_reported_content(istream *input) {
  knows_content_ = find_all_content(input);
  if (knows_content_)
    return true;
  original_.content = {};
  return false;
}

bool Delivery::find_all_content(istream *input) {
  if (report_ && report_->protected_entities.empty() && original_.content.empty())
    return true;
  if (!looked_for_content_ && !find_labelled_content(input))
    return false;
  if (!report_)
    return digest_protected(input, original_.content, scan_error_);
  for (const ProtectedEntity &entity : report_->protected_entities) {
    bool labelled = std::any_of(
        original_.content.parts.begin(), original_.content.parts.end(),
        [&](const ProtectedPart &part) { return part.path == entity.path; });
    if (!labelled)
      original_.extra_parts.push_back(entity.path);
  }
  if (!original_.extra_parts.empty() &&
      !locate_protected(input, original_.extra_parts, original_.content, scan_error_))
    return false;
  take_reported_digests();
  if (!digest_protected(input, original_.content, scan_error_))
    return false;
  if (original_.content.non_canonical) {
    report_->classes.add(MessageClass::non_canonical);
    report_->errors.push_back({"non-canonical", "",
                               "Protected content has bytes that IMAP cannot carry unchanged "
                               "(NUL, CR CR LF, or a bare LF).",
                               {}});
  }
  return true;
}

void Delivery::take_certificates() {
  bool verified = report_->signature == SignatureStatus::signed_verified ||
                  report_->signature == SignatureStatus::encrypted_signed_verified;
  if (verified && user_.settings->harvest_certificates)
    harvested_ = report_->signers;
  for (Signer &signer : report_->signers)
    signer.certificate.clear();
}

// Never a reason not to deliver.
void Delivery::harvest() {
  const char *home;
  if (harvested_.empty() || mail_user_get_home(context_->rcpt_user, &home) <= 0)
    return;
  std::string error;
  for (const Signer &signer : std::exchange(harvested_, {})) {
    if (!keep_certificate(certificate_folder(home), signer, error))
      e_warning(context_->event, "smime: msgid=%s: the signer's certificate is not kept: %s",
                message_id().c_str(), error.c_str());
  }
}

std::string Delivery::results_field() {
  const std::string &id = user_.settings->authentication_results;
  if (id.empty() || !released_id_.empty())
    return {};
  unsigned foreign = 0;
  DataStackFrame frame;
  const char *const *values;
  if (mail_get_headers(context_->src_mail, "Authentication-Results", &values) > 0) {
    for (; *values != nullptr; values++)
      foreign += count_results_of(std::string("Authentication-Results: ") + *values + "\n", id);
  }
  if (foreign > 0)
    e_warning(context_->event,
              "smime: msgid=%s: it came with %u Authentication-Results of our own name %s, which "
              "are not ours and are kept: have the MTA remove them",
              message_id().c_str(), foreign, id.c_str());
  return authentication_results(id, report_ ? &*report_ : nullptr, foreign);
}

ArrivalRecord Delivery::arrival() const {
  ArrivalRecord record;
  record.flags = original_.content.non_canonical ? ArrivalRecord::flag_non_canonical : 0;
  if (!released_id_.empty())
    record.flags |= ArrivalRecord::flag_released;
  if (report_) {
    record.signature_status = static_cast<std::uint8_t>(report_->signature);
    record.classes = report_->classes.bits();
  }
  return record;
}

ArrivalRecord Delivery::awaited_arrival() {
  finish_inspection();
  return arrival();
}

std::string Delivery::label_kind() const {
  std::string kind;
  for (const ProtectedPart &part : original_.content.parts) {
    if (part.labelled)
      kind += part.kind + "\n";
  }
  return kind;
}

std::optional<Keywords> Delivery::expected_keywords(const mailbox *box) const {
  // An Authentication-Results field tells of the report.
  if (request_ == nullptr || !readable_ || refusal_ || !released_id_.empty() ||
      !user_.settings->authentication_results.empty())
    return std::nullopt;
  return is_aware(box) ? expectations().find(label_kind()) : Keywords{};
}

// The keywords with which the rules have the message delivered to box; nullopt if
// they, or the lack of something, want anything else.
std::optional<Keywords> Delivery::deliverable_with(const mailbox *box) const {
  std::string error;
  auto rules = report_ && !refusal_ ? rules_of(const_cast<mailbox *>(box), user_.settings, error)
                                    : nullptr;
  if (rules == nullptr)
    return std::nullopt;
  Decision decision = decide(*rules, question(box, *report_));
  if (decision.action != Action::deliver || lacks_verdict(decision, *report_))
    return std::nullopt;
  return keywords_of_report(*report_, decision.rule == nullptr ? "" : decision.rule->flag);
}

bool Delivery::confirms(const mailbox *box, const Keywords &keywords) {
  std::size_t parts = original_.content.parts.size();
  std::string kind = label_kind();
  finish_inspection();
  if (!is_aware(box))
    return true;
  auto wanted = deliverable_with(box);
  if (wanted)
    expectations().delivered(kind, *wanted);
  else
    expectations().diverted(kind);
  // What only the report tells of was not read back.
  bool confirmed = wanted == keywords && original_.extra_parts.empty() &&
                   original_.content.parts.size() == parts;
  if (confirmed)
    harvest();
  return confirmed;
}

bool Delivery::release(const std::string &id) {
  istream *input;
  std::string error;
  if (!is_quarantine_id(id) || mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0)
    return false;
  i_stream_seek(input, 0);
  std::string sha256 = canonical_sha256(input, error);
  std::uint32_t uid = 0;
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    if (block.record.sha256 == sha256 &&
        mail_get_received_date(quarantined, &released_date_) == 0)
      released_id_ = id;
    released_sha256_ = sha256;
    auto keywords = keywords_of(quarantined);
    released_again_ =
        std::find(keywords.begin(), keywords.end(), releasing_keyword) != keywords.end();
    uid = quarantined->uid;
    return Visit::stop;
  };
  if (visit_quarantine(context_->rcpt_user, *user_.settings, id, visit, error) ==
      FindResult::failed)
    return false;
  if (!released_id_.empty() && !released_again_)
    add_keyword_to_stored(context_->rcpt_user, user_.settings->quarantine_mailbox, {uid, uid},
                          releasing_keyword);
  return !released_id_.empty();
}

} // namespace smime
