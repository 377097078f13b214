#include "plugin/delivery/delivery.h"

#include "plugin/delivery/authentication-results.h"
#include "plugin/delivery/session.h"
#include "plugin/dovecot/events.h"
#include "plugin/dovecot/large-read.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/dovecot/separator.h"
#include "plugin/protect/preserving-copy.h"
#include "plugin/protect/read-back.h"
#include "plugin/quarantine/exclusions.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/scan/scanner-client.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/mailbox-policy.h"
#include "plugin/store/certificate-store.h"
#include "plugin/store/keywords.h"

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

} // namespace

Delivery::Delivery(mail_deliver_context *context, UserContext &user)
    : context_(context), user_(user), from_(encode(context->mail_from)),
      to_(encode(context->rcpt_to)), inspection_(context, user, from_) {
  user_.delivery = this;
}

Delivery::~Delivery() { user_.delivery = nullptr; }

Expectations &Delivery::expectations() {
  // A mail process has one thread.
  static Expectations all;
  return all;
}

std::string session_of(const mail_deliver_context *context) {
  return context->session_id == nullptr ? "" : context->session_id;
}

std::string Delivery::message_id() const { return message_id_of(context_->src_mail); }

Question Delivery::question(const mailbox *box, const Report &report) const {
  return {box->vname, separator_of(box), from_, to_, Origin::delivery, report};
}

bool Delivery::may_divert() const {
  const Report *report = inspection_.report();
  if (report == nullptr)
    return fate_without_report(user_.settings->scanner_failure, inspection_.fails_on_message())
               .action == Action::quarantine;
  Question any_mailbox{{}, '/', from_, to_, Origin::delivery, *report};
  return report->scan == ScanVerdict::error ||
         has_mailbox_policies(context_->rcpt_user, *user_.settings) ||
         may_divert_in_some_mailbox(user_.settings->rules, any_mailbox);
}

void Delivery::inspect() {
  if (inspection_.begin())
    inspection_ended();
  // Whether the next recipient's copy may be made from this one's mail has to be
  // known before Dovecot's transaction begins.
  else if (context_->save_dest_mail)
    finish_inspection();
}

void Delivery::finish_inspection() {
  if (inspection_.finish())
    inspection_ended();
}

void Delivery::inspection_ended() {
  // The next recipient's copy is made from this one's mail if Dovecot can open
  // it; it cannot where the message may not be. And what storing makes of bytes
  // that IMAP cannot carry must not pass for what arrived.
  // With a field in front it is no copy of what arrived either.
  if (context_->save_dest_mail && (may_divert() || inspection_.original().content.non_canonical ||
                                   !user_.settings->authentication_results.empty()))
    context_->save_dest_mail = false;
  const Report *report = inspection_.report();
  if (report == nullptr) {
    send_event(context_->event, event_scanner_failed, EventLevel::error,
               EventFields(context_->rcpt_user),
               "msgid=" + message_id() + ": no report on the message: " + inspection_.error());
    return;
  }
  EventFields fields(context_->rcpt_user);
  fields.classes = join_class_names(report->classes);
  fields.status = name_of(report->signature);
  fields.size = report->size;
  send_event(context_->event, event_message_inspected, EventLevel::debug, fields,
             "message inspected: " + fields.classes);
}

void Delivery::work_while_waiting() {
  inspection_.work_while_waiting(expectations().is_diverted(inspection_.label_kind()));
}

// Never a reason not to deliver.
void Delivery::harvest() {
  const char *home;
  const auto signers = inspection_.take_signers();
  if (signers.empty() || mail_user_get_home(context_->rcpt_user, &home) <= 0)
    return;
  std::string error;
  for (const Signer &signer : signers) {
    if (!keep_certificate(certificate_folder(home), signer, error))
      log_warning(context_->event,
                  "msgid=" + message_id() + ": the signer's certificate is not kept: " + error);
  }
}

std::string Delivery::results_field(mailbox *box) {
  const std::string &id = user_.settings->authentication_results;
  if (id.empty() || release_)
    return {};
  unsigned foreign = 0;
  DataStackFrame frame;
  const char *const *values;
  if (mail_get_headers(context_->src_mail, "Authentication-Results", &values) > 0) {
    for (; *values != nullptr; values++)
      foreign += count_results_of(std::string("Authentication-Results: ") + *values + "\n", id);
  }
  if (foreign > 0)
    log_warning(context_->event, "msgid=" + message_id() + ": it came with " +
                                     std::to_string(foreign) +
                                     " Authentication-Results of our own name " + id +
                                     ", which are not ours and are kept: have the MTA remove them");
  std::string field = authentication_results(id, inspection_.report(), foreign);
  if (!has_room_for(box, field.size())) {
    log_warning(context_->event, "msgid=" + message_id() +
                                     ": no Authentication-Results is put before it, which would "
                                     "make it larger than the quota plugin allows");
    field.clear();
  }
  return field;
}

// What we add must be no reason to refuse a message that is within the limit as it came.
bool Delivery::has_room_for(mailbox *box, std::size_t added) const {
  auto limit = message_size_limit(box);
  istream *input;
  uoff_t size;
  return !limit || mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0 ||
         i_stream_get_size(input, TRUE, &size) <= 0 || size > *limit || size + added <= *limit;
}

ArrivalRecord Delivery::arrival() const {
  ArrivalRecord record;
  record.flags = original().content.non_canonical ? ArrivalRecord::flag_non_canonical : 0;
  if (release_)
    record.flags |= ArrivalRecord::flag_released;
  if (const Report *report = inspection_.report()) {
    record.signature_status = static_cast<std::uint8_t>(report->signature);
    record.classes = report->classes.bits();
  }
  return record;
}

ArrivalRecord Delivery::awaited_arrival() {
  finish_inspection();
  return arrival();
}

std::optional<Keywords> Delivery::expected_keywords(const mailbox *box) const {
  // An Authentication-Results field tells of the report.
  if (!inspection_.is_under_way() || !inspection_.is_readable() || refusal_ || release_ ||
      !user_.settings->authentication_results.empty())
    return std::nullopt;
  return is_aware(box, *user_.settings) ? expectations().find(inspection_.label_kind())
                                        : Keywords{};
}

// The keywords with which the rules have the message delivered to box; nullopt if
// they, or the lack of something, want anything else.
std::optional<Fate> Delivery::deliverable_by(const mailbox *box) const {
  std::string error;
  const Report *report = inspection_.report();
  auto rules = report != nullptr && !refusal_
                   ? rules_of(const_cast<mailbox *>(box), user_.settings, error)
                   : nullptr;
  if (rules == nullptr)
    return std::nullopt;
  Fate fate = fate_of(*rules, question(box, *report), user_.settings->scanner_failure);
  if (fate.action != Action::deliver)
    return std::nullopt;
  // The rules live no longer.
  fate.rule = nullptr;
  return fate;
}

bool Delivery::confirms(const mailbox *box, const Keywords &keywords) {
  std::size_t parts = original().content.parts.size();
  std::string kind = inspection_.label_kind();
  finish_inspection();
  if (!is_aware(box, *user_.settings))
    return true;
  auto fate = deliverable_by(box);
  std::optional<Keywords> wanted;
  if (fate)
    wanted = keywords_of_report(*inspection_.report(), fate->flag);
  if (wanted)
    expectations().delivered(kind, *wanted);
  else
    expectations().diverted(kind);
  // What only the report tells of was not read back.
  bool confirmed = wanted == keywords && original().extra_parts.empty() &&
                   original().content.parts.size() == parts;
  if (confirmed) {
    harvest();
    note_decision(box->vname, *fate);
  }
  return confirmed;
}

bool Delivery::release(const std::string &id) {
  istream *input;
  std::string error;
  if (!is_quarantine_id(id) || mail_get_stream(context_->src_mail, nullptr, nullptr, &input) < 0)
    return false;
  i_stream_seek(input, 0);
  std::string sha256 = canonical_sha256(input, error);
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    if (block.record.sha256 == sha256)
      release_ = begin_release(context_->rcpt_user, quarantined, block, error);
    return Visit::stop;
  };
  if (visit_quarantine(context_->rcpt_user, *user_.settings, id, visit, error) ==
      FindResult::failed)
    return false;
  return release_.has_value();
}

} // namespace smime
