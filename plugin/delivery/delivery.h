// One delivery of one message to one recipient, from src_mail to the answer.
#ifndef SMIME_DELIVERY_H
#define SMIME_DELIVERY_H

#include "plugin/delivery/expectation.h"
#include "plugin/delivery/inspection.h"
#include "plugin/delivery/quiet-sieve.h"
#include "plugin/quarantine/release-copy.h"
#include "plugin/rules/fate.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/record.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

extern "C" {
struct mail_deliver_context;
}

namespace smime {

// Puts our deliver hook before Sieve's; does nothing in processes that do not
// deliver mail.
void delivery_init();
void delivery_deinit();

class Delivery {
public:
  Delivery(mail_deliver_context *context, UserContext &user);
  ~Delivery();
  Delivery(const Delivery &) = delete;
  Delivery &operator=(const Delivery &) = delete;

  // Asks the scanner for the report, which it makes while Sieve is at work.
  void inspect();
  // Waits for the report, if that was not done yet.
  void finish_inspection();

  // Makes this the release of a quarantined message: no rule holds for it, and a
  // mailbox that has it already does not get it again. False if the message is
  // not the one that was quarantined under this id.
  bool release(const std::string &id);

  enum class Outcome : unsigned char {
    save,    // go on and save
    done,    // save nothing, say yes: it is in the quarantine, or the mailbox has it already
    refused, // save nothing, say no
  };
  // Decides before Sieve runs, by the rules with when=arrival, and carries out the
  // decision; save: Sieve gets the message. Waits for the report only where one of the
  // rules may hold or refuse the message.
  Outcome at_arrival();
  // Decides on a save in the delivery's name, and carries out the decision but
  // for the save itself. A refusal holds for the rest of the delivery: no later
  // save, such as Sieve's implicit keep, may get around it.
  Outcome before_save(mail_save_context *save);

  // Holds the whole message instead of delivering it, since the storage of its mailbox does
  // not keep it as it arrived.
  Outcome hold_unstorable(const mailbox *box, const std::string &cause);

  // The keywords of ours with which a message may be written before its report is there;
  // nullopt if the report has to come first.
  std::optional<Keywords> expected_keywords(const mailbox *box) const;
  // Waits for the report. True if what was written to box with these keywords is
  // what before_save() would have had saved.
  bool confirms(const mailbox *box, const Keywords &keywords);

  // The message as it arrived, with its protected content; the digests are there
  // once the report is.
  const Original &original() const { return inspection_.original(); }
  // What is recorded of it in the index, but for the digest.
  ArrivalRecord arrival() const;
  // The same, waiting for the report if need be.
  ArrivalRecord awaited_arrival();

  // What smime_authentication_results puts before the message; empty if it is off
  // or this is a release.
  std::string results_field(mailbox *box);

  bool refused() const { return refusal_.has_value(); }
  const std::string &refusal_text() const { return refusal_->text; }

  // Ends a refused delivery: sets what the MTA is told. Returns the deliver
  // hook's return value.
  int answer_refusal();

  // For a delivery that succeeded, before its sender is told: what it holds is not taken back
  // any more. False if that failed, and the delivery has as well.
  bool keep_held();

  // For a delivery that failed: nothing of a message that its sender is told is not
  // delivered may be released later. Takes out of the quarantine what this try and those before
  // it put there, unless one of them succeeded; false if that failed, and the sender may not be
  // told so then.
  bool take_back_held();

private:
  struct Refusal {
    bool permanent = false;
    std::string text;
  };

  // What this process knows of deliveries before this one.
  static Expectations &expectations();

  // Computes what needs no report, while the scanner makes it.
  void work_while_waiting();
  // The report is there, or there will be none.
  void inspection_ended();
  Outcome save_released(mail_save_context *save);
  // Where a message was going that is held or refused.
  struct Destination {
    std::string mailbox;
    // Null at arrival, where nothing is saved yet.
    mail_save_context *save = nullptr;
    // What is held there is all that becomes of the message.
    bool at_arrival = false;
  };
  Outcome carry_out(const Fate &fate, const Destination &destination);
  Outcome quarantine(const Destination &destination, const std::string &rule,
                     const std::string &reason);
  Outcome refuse_unstorable(const std::string &mailbox, const std::string &cause);
  Outcome without_rules(const mailbox *box, const std::string &error);
  void refuse_by_rule(const std::string &mailbox, const Fate &fate);
  // There is no report, or no verdict of the virus scanner.
  void defer_for_scanner(const std::string &mailbox, const Fate &fate);
  bool is_aware_at_arrival() const;
  std::string find_default_mailbox() const;
  void harvest();
  bool has_room_for(mailbox *box, std::size_t added) const;
  bool may_divert() const;
  // The decision for a message that is delivered; nullopt for others.
  std::optional<Fate> deliverable_by(const mailbox *box) const;
  // For the register, if it has a row of every decision.
  void note_decision(const std::string &mailbox, const Fate &fate);
  Question question(const mailbox *box, const Report &report) const;
  std::string message_id() const;
  void mark_log_lines(const std::string &id, const std::string &mailbox);

  mail_deliver_context *context_;
  UserContext &user_;
  std::string from_;
  std::string to_;
  ArrivalInspection inspection_;
  std::optional<Refusal> refusal_;
  // There once a rule refuses the message.
  std::optional<QuietSieve> quiet_sieve_;
  // The release under way, if this is one.
  std::optional<Release> release_;
  // The mailboxes for which it is held.
  std::set<std::string> diverted_;
  // The identities of what is held as long as the delivery does not fail.
  std::set<std::string> provisional_;
  // Of these, what was not held before; and what is held in any case.
  std::set<std::string> newly_held_;
};

} // namespace smime

#endif
