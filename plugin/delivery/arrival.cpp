// What becomes of a delivery before Sieve runs: the rules with when=arrival.
#include "plugin/rules/arrival.h"

#include "plugin/delivery/delivery.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/access.h"
#include "plugin/settings/awareness.h"

extern "C" {
#include "lda-settings.h"
#include "mail-deliver.h"

// In libdovecot-lda, which only lmtp and dovecot-lda link.
#pragma weak mail_deliver_save_open
}

namespace smime {

// Which mailbox it will be is not known. The sender may choose the default one (a detail
// in the address), so INBOX counts as well: nobody leaves the rules by naming a mailbox
// that is not S/MIME-aware.
bool Delivery::is_aware_at_arrival() const {
  auto is_aware_name = [&](const char *name) {
    return is_aware(mail_namespace_find(context_->rcpt_user->namespaces, name), name,
                    *user_.settings);
  };
  return is_aware_name("INBOX") || is_aware_name(context_->rcpt_default_mailbox);
}

// Where Dovecot would save the message if there were no Sieve: the default mailbox, or
// INBOX where that cannot be opened.
std::string Delivery::find_default_mailbox() const {
  mail_deliver_save_open_context open{};
  open.user = context_->rcpt_user;
  open.lda_mailbox_autocreate = context_->set->lda_mailbox_autocreate;
  open.lda_mailbox_autosubscribe = context_->set->lda_mailbox_autosubscribe;
  mailbox *box = nullptr;
  mail_error code;
  const char *error;
  DataStackFrame frame;
  int ret = mail_deliver_save_open(&open, context_->rcpt_default_mailbox, &box, &code, &error);
  MailboxPtr opened(box);
  // A release into the quarantine itself is none.
  return ret == 0 && !is_quarantine_mailbox(box, *user_.settings) ? box->vname : "INBOX";
}

Delivery::Outcome Delivery::at_arrival() {
  const Settings &settings = *user_.settings;
  if (release_ || !may_hold_at_arrival(settings.rules, from_, to_) || !is_aware_at_arrival())
    return Outcome::save;
  work_while_waiting();
  finish_inspection();
  const Report *report = inspection_.report();
  Fate fate = report == nullptr
                  ? fate_without_report(settings.scanner_failure, inspection_.fails_on_message())
                  : fate_of(settings.rules,
                            {{}, '/', from_, to_, Origin::delivery, *report, false, When::arrival},
                            settings.scanner_failure);
  // To look for the default mailbox may create it: only for what is held for it.
  return carry_out(fate, {fate.action == Action::quarantine ? find_default_mailbox()
                                                            : context_->rcpt_default_mailbox,
                          nullptr, true});
}

} // namespace smime
