// What the doveadm smime quarantine commands share.
#ifndef SMIME_DOVEADM_QUARANTINE_H
#define SMIME_DOVEADM_QUARANTINE_H

#include "doveadm-smime.h"
#include "events.h"
#include "quarantine-filter.h"
#include "quarantine.h"
#include "submit.h"

namespace smime {

// Zeroed by doveadm: plain members only.
struct QuarantineCommand {
  doveadm_mail_cmd_context ctx;
  // The filters.
  const char *class_name;
  const char *from;
  const char *rule;
  const char *since;
  // release --mailbox, --refilter
  const char *mailbox;
  bool refilter;
  // reject --reason
  const char *reason;
  // expire --older-than, as a time
  time_t before;
  // report --to
  const char *to;
  Submission *submission;
  std::vector<UserDigest> *digest;
  // Some user was there, whose settings send the report.
  bool prepared;
};

inline QuarantineCommand *quarantine_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<QuarantineCommand *>(context);
}

// The filters that were given; a wrong one ends doveadm with EX_USAGE.
QuarantineFilter filter_of(const QuarantineCommand *command);

// Takes one of the filters' options; false if it is none.
bool parse_filter(doveadm_mail_cmd_context *context, int c);
inline constexpr const char *filter_options = "c:r:n:s:";

template <typename... Own> auto filter_parameters(const Own &...own) {
  return mail_parameters(parameter('c', "class", CMD_PARAM_STR),
                         parameter('r', "from", CMD_PARAM_STR),
                         parameter('n', "rule", CMD_PARAM_STR),
                         parameter('s', "since", CMD_PARAM_STR), own...);
}

// Ends doveadm with EX_USAGE if one of the arguments is no quarantine id.
void require_ids(const doveadm_mail_cmd_context *context, const char *const args[]);

std::optional<Report> report_of(const QuarantineRecord &record);
std::string class_names_of(const std::optional<Report> &report);

// Visits what the ids or, without ids, the filters say. Ids that are not there
// are put into missing.
FindResult visit_selected(doveadm_mail_cmd_context *context, mail_user *user,
                          const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                          std::vector<std::string> &missing, std::string &error);

// Logs text and has doveadm end with a temporary error; returns -1.
int fail(doveadm_mail_cmd_context *context, mail_user *user, const std::string &text);

doveadm_mail_cmd_context *alloc_quarantine_command(const char *print_type);

template <int (*run)(doveadm_mail_cmd_context *, mail_user *)>
int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime quarantine", -1, [&] { return run(context, user); });
}

} // namespace smime

#endif
