// What is found out about a message that is being delivered, before anything is decided: the
// scanner's report, and what in it must not change. The scanner is at work while Sieve is.
#ifndef SMIME_ARRIVAL_INSPECTION_H
#define SMIME_ARRIVAL_INSPECTION_H

#include "common/report.h"
#include "plugin/delivery/recent-reports.h"
#include "plugin/protect/preserve.h"
#include "plugin/quarantine/original.h"
#include "plugin/scan/scanner-client.h"
#include "plugin/settings/user-context.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

extern "C" {
struct mail_deliver_context;
}

namespace smime {

class ArrivalInspection {
public:
  // from: the envelope sender, for what the scanner counts by it.
  ArrivalInspection(mail_deliver_context *context, const UserContext &user, std::string from);

  // Asks the scanner. True if the report is there at once, or there will be none.
  bool begin();
  bool is_under_way() const { return request_ != nullptr; }
  // Waits for the report. False if nothing was under way.
  bool finish();
  // What can be computed without the report, while the scanner makes it. will_be_held: facts()
  // as well.
  void work_while_waiting(bool will_be_held);

  // Null if there is none (yet); error() says why.
  const Report *report() const { return report_ ? &*report_ : nullptr; }
  const std::string &error() const { return error_; }
  // Whether the scanner failed on this message and not on others: there will be no report on it,
  // however often it comes.
  bool fails_on_message() const { return fails_on_message_; }
  // The report; where there is none, one that says so, for who keeps or tells it. It decides
  // nothing: report() stays null, and what becomes of the next copy is asked anew.
  Report report_or_stand_in() const;

  // The message as it arrived, with its protected content; the digests are there once the report
  // is.
  const Original &original() const { return original_; }
  bool is_readable() const { return readable_; }
  // The original's protected content if that is complete, with all digests; else null.
  const ProtectedContent *known_content() const {
    return knows_content_ ? &original_.content : nullptr;
  }
  const OriginalFacts *facts() const { return facts_ ? &*facts_ : nullptr; }
  // Which labels the message has: what is alike in this mostly ends alike.
  std::string label_kind() const;

  // The signers of a verified signature with their certificates, which the report that is kept
  // elsewhere does without. Once.
  std::vector<Signer> take_signers();

private:
  static RecentReports &recent_reports();

  // These return false with error_ set if the message cannot be read.
  bool find_labelled_content(istream *input);
  bool find_reported_content(istream *input);
  bool find_all_content(istream *input);
  void take_reported_digests();
  // A message has the same report for each of its recipients. Of its bytes; nullopt if it has
  // one recipient, or cannot be read.
  std::optional<RecentReports::Key> shared_key(istream *input, std::uint64_t size,
                                               const std::string &scanner) const;
  void take_report();
  void take_certificates();

  mail_deliver_context *context_;
  const UserContext &user_;
  std::string from_;
  std::unique_ptr<ReportRequest> request_;
  time_t requested_ = 0;
  std::optional<RecentReports::Key> key_;
  MessageCopy copy_;
  bool readable_ = true;
  std::optional<Report> report_;
  std::string error_;
  bool fails_on_message_ = false;
  std::vector<Signer> signers_;
  Original original_;
  bool looked_for_content_ = false;
  bool knows_content_ = false;
  std::optional<OriginalFacts> facts_;
};

} // namespace smime

#endif
