// What the doveadm smime quarantine commands share.
#ifndef SMIME_DOVEADM_QUARANTINE_H
#define SMIME_DOVEADM_QUARANTINE_H

#include "plugin/doveadm/caller.h"
#include "plugin/doveadm/quarantine-front.h"
#include "plugin/doveadm/smime.h"
#include "plugin/doveadm/submit.h"
#include "plugin/dovecot/events.h"
#include "plugin/notices/token.h"
#include "plugin/quarantine/filter.h"
#include "plugin/quarantine/known-recipients.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/requests.h"
#include "plugin/register/query.h"

#include <map>
#include <memory>
#include <set>

namespace smime {

// What a command knows beyond one user.
struct CommandState {
  // The ids that were given, or beginnings of some, with the ids that they were found to be.
  std::map<std::string, std::set<std::string>> named;

  // Of messages in a quarantine of several users that are not this user's: whose, by id.
  std::map<std::string, std::string> others;
  std::set<std::string> visited_users;
  KnownRecipients known;
  // What the token is that was given, if one was.
  TokenCheck token;

  // What the register chose, of a command without a user; else null.
  std::unique_ptr<RegisterChoice> choice;
  // With --limit: how many messages were visited, of which the caller may do this.
  std::size_t visited = 0;
  std::optional<Act> needed;

  // Ids of messages that are there, and by the user's settings not for the caller.
  std::set<std::string> hidden;

  // Of the commands that have the scanner look: its command line, or why there is none.
  std::vector<std::string> scanner;
  std::string scanner_error;
  // As it was when the message at hand was found to be due, of expire.
  RequestBook book;

  // Messages are visited to be acted on, by one command at a time.
  bool acting = false;

  // The pass in which messages of several users are counted is under way; confirm.h.
  bool counting = false;
  int (*next_in_first_pass)(doveadm_mail_cmd_context *context, const char **name) = nullptr;
  // Why nothing can be sent.
  std::string submission_error;
  std::vector<std::string> users;
  std::size_t next_user = 0;
  std::size_t count = 0;
  std::size_t users_with_any = 0;
};

// Zeroed by doveadm: plain members only.
struct QuarantineCommand {
  doveadm_mail_cmd_context ctx;
  // The filters.
  const char *class_name;
  const char *from;
  const char *rule;
  const char *since;
  const char *held_for;
  const char *recipient;
  const char *subject;
  const char *domain;
  const char *held_because;
  const char *state_name;
  const char *limit;
  const char *sort;
  const char *search;
  // hold --until, note --text
  const char *until;
  const char *text;
  // list --after
  const char *after;
  // release --mailbox, --refilter
  const char *mailbox;
  bool refilter;
  // preview --html
  bool html;
  // Of all acts.
  bool yes;
  bool dry_run;
  // release and request --token
  const char *token;
  // --recipient: the command is the user's own, as the recipient of what is held for him.
  bool is_recipients;
  // --as, --reason and --remote-ip
  Caller caller;
  // --older-than, as a time
  time_t before;
  // expire without --older-than: what is due by what its rule said.
  bool by_promise;
  // expire: what a reviewer has held until a later time stays.
  bool spares_kept;
  // report --to
  const char *to;
  Submission *submission;
  std::vector<UserDigest> *digest;
  // Some user was there, whose settings send the report.
  bool prepared;
  // Owned; there as long as the command.
  CommandState *state;
};

inline QuarantineCommand *quarantine_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<QuarantineCommand *>(context);
}

// The filters that were given; a wrong one ends doveadm with EX_USAGE.
QuarantineFilter filter_of(const QuarantineCommand *command);

// What is not about a message alone. Without a register, only what is held is there, the oldest
// first.
struct Selection {
  // 0: all.
  std::size_t limit = 0;
  RegisterSort sort = RegisterSort::oldest;
  std::optional<HeldState> state;
  bool any_state = false;
  std::optional<RegisterPosition> after;

  bool needs_register() const {
    return after || sort != RegisterSort::oldest || any_state ||
           (state && *state != HeldState::held);
  }
};
// A wrong one ends doveadm with EX_USAGE.
Selection selection_of(const QuarantineCommand *command);

// Neither a filter nor what --state and --limit say: all that is held would be meant.
bool names_nothing(const QuarantineCommand *command);

// In a command's init: takes no option that does not go with --recipient, which is about one user
// and gives what the rules give him. Ends doveadm with EX_USAGE. Nothing without it.
void check_recipient(doveadm_mail_cmd_context *context);
#define SMIME_RECIPIENT_OPTION "j"
inline doveadm_cmd_param recipient_parameter() {
  return parameter('j', "recipient", CMD_PARAM_BOOL);
}

// For a command's init: both are right, and the mailboxes can tell what was asked.
void check_filters(const QuarantineCommand *command);

// Takes one of the filters' options or the caller's; false if it is none.
bool parse_filter(doveadm_mail_cmd_context *context, int c);
#define SMIME_FILTER_OPTIONS SMIME_CALLER_OPTIONS "c:r:n:s:h:t:b:i:w:x:z:q:o:v:"

template <typename... Own> auto filter_parameters(const Own &...own) {
  return mail_parameters(
      parameter('c', "class", CMD_PARAM_STR), parameter('r', "from", CMD_PARAM_STR),
      parameter('n', "rule", CMD_PARAM_STR), parameter('s', "since", CMD_PARAM_STR),
      parameter('h', "held-for", CMD_PARAM_STR), parameter('a', "as", CMD_PARAM_STR),
      parameter('e', "reason", CMD_PARAM_STR), parameter('p', "remote-ip", CMD_PARAM_STR),
      parameter('t', "to", CMD_PARAM_STR), parameter('b', "subject", CMD_PARAM_STR),
      parameter('i', "domain", CMD_PARAM_STR), parameter('w', "held-because", CMD_PARAM_STR),
      parameter('x', "state", CMD_PARAM_STR), parameter('z', "limit", CMD_PARAM_STR),
      parameter('q', "sort", CMD_PARAM_STR), parameter('o', "older-than", CMD_PARAM_STR),
      parameter('v', "search", CMD_PARAM_STR), own...);
}

// Ends doveadm with EX_USAGE if one of the arguments is no quarantine id, nor the beginning
// of one.
void require_ids(const doveadm_mail_cmd_context *context, const char *const args[]);

std::optional<Report> report_of(const QuarantineRecord &record);
std::string class_names_of(const std::optional<Report> &report);

// Visits the user's held messages, or the one with this id, that the caller knows of: he may do
// something or other with them. visit_foreign is for who may list all.
using VisitWithActs = std::function<Visit(mail *, const ParsedBlock &, Acts)>;
FindResult visit_known(doveadm_mail_cmd_context *context, mail_user *user, const std::string &id,
                       const VisitWithActs &visit, std::string &error,
                       const std::function<void(mail *)> &visit_foreign = {});

// Whether the message is what the filters say.
bool matches(const QuarantineFilter &filter, mail *quarantined, const ParsedBlock &block);

// Visits what the register chose, or what the ids or, without ids, the filters say; without either,
// with visit_foreign also what is no held message. The beginning of an id stands for the one
// message whose id begins so; where there are several, nothing is visited, and error names them.
// Ids that are not there are put into missing.
FindResult visit_selected(doveadm_mail_cmd_context *context, mail_user *user,
                          const VisitWithActs &visit, std::vector<std::string> &missing,
                          std::string &error,
                          const std::function<void(mail *)> &visit_foreign = {});

// Whose messages the command is about.
HeldFor held_for(doveadm_mail_cmd_context *context);

std::string ambiguous_text(const std::string &beginning, const std::set<std::string> &ids);

// Why there is no message with this id, or beginning of one, for the user.
std::string missing_text(doveadm_mail_cmd_context *context, const std::string &id);

// Tells of messages in a quarantine of several users that are of none of those who were asked
// for, after a command without ids.
void report_strangers(doveadm_mail_cmd_context *context);

// The usage of the filters.
#define SMIME_FILTERS                                                                              \
  "[--class <class>] [--from <pattern>] [--to <pattern>] [--domain <domain>] [--subject <text>] "  \
  "[--search <text>] [--rule <text>] [--held-because <text>] [--since <date>] [--older-than "      \
  "<time>] "                                                                                       \
  "[--held-for <user>] [--state <state>|any] [--sort <field>] [--limit <number>] "                 \
  "[--as <name>] [--reason <text>] [--remote-ip <ip>] "

// Tells of ids that no user has. With one user they are told where they are missing.
void report_nobodys(doveadm_mail_cmd_context *context);

// The columns of a list, of which the last two are what the rule promised.
void print_list_headers();
// kept: until when a reviewer has it held, or 0.
void print_promise(const QuarantineRecord &record, std::int64_t kept);

// The end of a command: frees what it has.
void free_command(doveadm_mail_cmd_context *context) noexcept;

// The caller looked at a held message, or at the list of several in the user's quarantine: that
// is told. At a shell without --as it is for the debug log.
void tell_of_look(doveadm_mail_cmd_context *context, mail_user *user,
                  const QuarantineRecord &record, const char *action);
void tell_of_list(doveadm_mail_cmd_context *context, mail_user *user, std::size_t count);

// Logs text and has doveadm end with a temporary error; returns -1.
int fail(doveadm_mail_cmd_context *context, mail_user *user, const std::string &text);

// The caller knows of the message and may not do that with it: tells so, with the exit code of
// that; returns -1.
int refuse(doveadm_mail_cmd_context *context, mail_user *user, const std::string &id, Act act);

// Why the caller may not do it, with his name.
std::string refusal_of(doveadm_mail_cmd_context *context, Act act);

// print_type: null if it prints nothing by doveadm.
doveadm_mail_cmd_context *alloc_quarantine_command(const char *print_type);

// Who acts is settled here. False, with the exit code set, if what --as, --reason or --remote-ip
// says is refused.
bool check_caller(doveadm_mail_cmd_context *context, const mail_user *user);

template <int (*run)(doveadm_mail_cmd_context *, mail_user *)>
int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime quarantine", -1,
                 [&] { return check_caller(context, user) ? run(context, user) : -1; });
}

} // namespace smime

#endif
