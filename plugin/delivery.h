// One delivery of one message to one recipient, from src_mail to the answer.
#ifndef SMIME_DELIVERY_H
#define SMIME_DELIVERY_H

#include "expectation.h"
#include "preserve.h"
#include "recent-reports.h"
#include "record.h"
#include "report.h"
#include "scanner-client.h"
#include "user-context.h"

#include <map>
#include <optional>
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
    save,     // go on and save
    diverted, // the message is on disk in the quarantine; save nothing, say yes
    refused,  // save nothing, say no
  };
  // Decides on a save in the delivery's name, and carries out the decision but
  // for the save itself. A refusal holds for the rest of the delivery: no later
  // save, such as Sieve's implicit keep, may get around it.
  Outcome before_save(mail_save_context *save);

  // For a save that is written before the report is there. With which keywords
  // of ours; nullopt if the report has to come first.
  std::optional<Keywords> expected_keywords(const mailbox *box) const;
  // Waits for the report. True if what was written to box with these keywords is
  // what before_save() would have had saved.
  bool confirms(const mailbox *box, const Keywords &keywords);

  // The message as it arrived, with its protected content; the digests are there
  // once the report is.
  const Original &original() const { return original_; }
  // What is recorded of it in the index, but for the digest.
  ArrivalRecord arrival() const;
  // The same, waiting for the report if need be.
  ArrivalRecord awaited_arrival();

  // What smime_authentication_results puts before the message; empty if it is off
  // or this is a release.
  std::string results_field();

  bool refused() const { return refusal_.has_value(); }
  const std::string &refusal_text() const { return refusal_->text; }

  // Ends a refused delivery: sets what the MTA is told. Returns the deliver
  // hook's return value.
  int answer_refusal();

private:
  struct Refusal {
    bool permanent = false;
    std::string text;
  };

  // What this process knows of deliveries before this one.
  static Expectations &expectations();
  static RecentReports &recent_reports();

  // These return false with scan_error_ set if the message cannot be read.
  bool find_labelled_content(istream *input);
  bool find_reported_content(istream *input);
  bool find_all_content(istream *input);
  void take_reported_digests();
  // What can be computed without the report, while the scanner makes it.
  void work_while_waiting();
  // A message has the same report for each of its recipients. Of its bytes; nullopt if it has
  // one recipient, or cannot be read.
  std::optional<RecentReports::Key> shared_key(istream *input, std::uint64_t size,
                                               const std::string &scanner) const;
  void take_report();
  void end_inspection();
  Outcome save_released(mail_save_context *save);
  Outcome without_report(mail_save_context *save);
  Outcome without_verdict(mail_save_context *save);
  Outcome quarantine(mail_save_context *save, const std::string &rule, const std::string &reason);
  Outcome without_rules(const mailbox *box, const std::string &error);
  Outcome refuse(const mailbox *box, const Decision &decision);
  void take_certificates();
  void harvest();
  bool may_divert() const;
  bool is_aware(const mailbox *box) const;
  std::string label_kind() const;
  std::optional<Keywords> deliverable_with(const mailbox *box) const;
  Question question(const mailbox *box, const Report &report) const;
  std::string message_id() const;
  void mark_log_lines(const std::string &id, const std::string &mailbox);

  mail_deliver_context *context_;
  UserContext &user_;
  std::string from_;
  std::string to_;
  std::unique_ptr<ReportRequest> request_;
  time_t requested_ = 0;
  std::optional<RecentReports::Key> key_;
  MessageCopy copy_;
  bool readable_ = true;
  std::optional<Report> report_;
  std::string scan_error_;
  // Of a verified signature, with their certificates, which the report that is
  // kept elsewhere does without.
  std::vector<Signer> harvested_;
  Original original_;
  bool looked_for_content_ = false;
  // original_.content is complete, with all digests.
  bool knows_content_ = false;
  // Of the whole message, in canonical form; empty until it is computed.
  std::string sha256_;
  std::optional<Refusal> refusal_;
  // Of the release under way; else empty.
  std::string released_id_;
  time_t released_date_ = static_cast<time_t>(-1);
  std::string released_sha256_;
  // It was tried before.
  bool released_again_ = false;
  // Mailbox to quarantine id.
  std::map<std::string, std::string> quarantined_;
};

} // namespace smime

#endif
