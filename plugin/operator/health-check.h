// What doveadm smime status finds: facts in, findings out. No Dovecot header, and
// nothing is looked up here.
#ifndef SMIME_HEALTH_CHECK_H
#define SMIME_HEALTH_CHECK_H

#include "common/facts.h"
#include "common/report.h"
#include "plugin/operator/findings.h"
#include "plugin/rules/settings.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// --- the server

// The rest of smime-scanner.conf, its keys and its time-out beside the plugin's.
Findings check_scanner_settings(const HealthFacts &facts, const Settings &settings,
                                std::uint64_t vsz_limit);

// What status and trust check say of a store in which nothing can be looked at, each under
// its own name for it: trust_dir is not set, which is a choice, or it cannot be read.
std::optional<Finding> find_no_store(const StoreFacts &store);

// Expired and expiring CAs, stale CRLs, files that are none, in counts; trust
// list names them. now and the certificates' times in seconds since 1970.
Findings check_trust_store(const HealthFacts &facts, std::int64_t now);

// Whether others than root can read or change what a setting names.
Findings check_paths(const std::vector<PathFacts> &paths);

// The scanner's two sockets, and as whom lmtp asks the first.
struct SocketFacts {
  struct Socket {
    std::string path;
    bool exists = false;
    std::uint32_t mode = 0;
  };
  Socket own;
  // For local users.
  Socket users;
  // user of service lmtp; empty is root.
  std::string lmtp_user;
};
// health is null if it is not known.
Findings check_sockets(const SocketFacts &sockets, const HealthFacts *health);

// What became of a small message that the scanner was asked about.
struct Probe {
  std::string socket;
  // Nullopt: no report, and why.
  std::optional<Report> report;
  std::string error;
  std::uint64_t microseconds = 0;
};
// health is null if it is not known.
Findings check_probe(const Probe &probe, const HealthFacts *health);

// The words of a list such as mail_plugins, from what doveconf prints of it: a line
// "mail_plugins = a b", or as of Dovecot 2.4 also a block with lines "a = yes", which
// adds to the words of outer and takes from them.
std::string words_of_list(std::string_view doveconf_output, std::string_view outer);

// mail_plugins of Dovecot's protocols.
struct ProtocolPlugins {
  std::string protocol;
  std::string mail_plugins;
};
Findings check_plugins(const std::vector<ProtocolPlugins> &protocols);

// --- a user

Findings check_settings(const Settings &settings);

struct MailboxFacts {
  std::string name;
  char separator = '/';
  // The namespace's name as configured, or its prefix.
  std::string name_space;
  // Rules of its own, before the others.
  std::vector<Rule> own_rules;
  // Its own rules cannot be used.
  std::string policy_error;
  bool is_aware = true;
};
// One finding for each namespace: how many mailboxes are aware, and which are not.
// Then one for each set of rules that holds for some mailboxes.
Findings check_mailboxes(const std::vector<MailboxFacts> &mailboxes, const Settings &settings);

struct SieveFacts {
  // The setting and the file.
  std::string setting;
  std::string file;
  // Mailboxes that it files into.
  struct Target {
    std::string mailbox;
    bool is_aware = true;
  };
  std::vector<Target> targets;
  // Its actions that send mail, see sieve_sending_actions().
  std::vector<std::string> sending = {};
};
Findings check_sieve(const std::vector<SieveFacts> &scripts, const Settings &settings);

struct QuarantineFacts {
  // The quarantine's names that are the user's own mailboxes, with other mail in them.
  std::vector<std::string> users_own;
  // Mailboxes of the quarantine with messages in them that are not held, and how many.
  std::vector<std::pair<std::string, std::size_t>> foreign;
  // Mailboxes that were the quarantine before and are not empty, with their messages.
  std::vector<std::pair<std::string, std::size_t>> former = {};
  // Messages whose rule said hold=, and whose time was over more than a day ago.
  std::size_t overdue = 0;
  // Of the mailbox, as configured: seconds and messages, 0 for never.
  std::uint64_t autoexpunge = 0;
  std::uint64_t autoexpunge_max_mails = 0;
  // Roots of quota (setting, value); empty without the plugin.
  NamedValues quota_roots;
  // Its index is in memory, and keeps no marks.
  bool index_in_memory = false;
  std::string index_setting = "mail_location";
  // It is in a namespace that is not the user's own.
  bool central = false;
  // How fts_autoindex leaves it out: empty if there is none of it.
  std::string fts_exclusion;
  bool fts_autoindex = false;
  // Where the user's mail is: "maildir", "mbox", and the setting that says so.
  std::string storage;
  std::string storage_setting = "mail_location";
  bool can_read_back = true;
  bool has_home = true;
};
Findings check_quarantine(const QuarantineFacts &facts, const Settings &settings);

} // namespace smime

#endif
