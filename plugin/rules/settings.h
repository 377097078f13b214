// Our settings as one plain struct, and the table that reads it. No Dovecot
// header: settings/dovecot.cpp fetches the names and values.
#ifndef SMIME_SETTINGS_H
#define SMIME_SETTINGS_H

#include "plugin/rules/mailbox-pattern.h"
#include "plugin/rules/notice-interval.h"
#include "plugin/rules/policy.h"
#include "plugin/rules/roles.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace smime {

enum class Preserve : std::uint8_t { content, message, no };
enum class QuarantineAccess : std::uint8_t { reviewers, owner_read, owner };
enum class ScannerFailure : std::uint8_t { tempfail, quarantine, deliver };
enum class Unstorable : std::uint8_t { tempfail, reject };

// Where certificates are published, for doveadm smime certs --directory.
struct DirectorySettings {
  // "ldap://host", "ldaps://host", "ldapi://..."; empty: there is none.
  std::string uri;
  std::string base;
  // RFC 4515, "{address}" stands for the address.
  std::string filter;
  // Empty: an anonymous bind.
  std::string bind_dn;
  std::string bind_password_file;
};

// As parse_settings() fills it in, which knows the defaults.
struct Settings {
  MailboxPatterns stores;
  std::vector<Rule> rules;
  Preserve preserve{};
  std::string quarantine_mailbox;
  QuarantineAccess quarantine_access{};
  std::vector<std::string> reviewers;
  // Reviewers, too, who see all of the user's mailboxes; the others see the quarantine alone.
  std::vector<std::string> reviewers_all_mail;
  // A role that is wrong is one that allows nothing.
  std::vector<Role> roles;
  // The settings as a whole could not be read, so that nobody knows who is a reviewer.
  bool unreadable = false;
  std::string scanner_socket;
  unsigned scanner_timeout_seconds = 0;
  ScannerFailure scanner_failure{};
  Unstorable unstorable{};
  // Certificates of verified mail are kept for the user.
  bool harvest_certificates = false;
  // The authserv-id (RFC 8601 section 2.5) under which results are put before
  // delivered mail; empty: none are.
  std::string authentication_results;
  DirectorySettings directory;
  // The file with the keys of tokens; empty: there are no tokens.
  std::string token_key;
  // The dict with the register of held messages; empty: there is none.
  std::string register_dict;
  // Where rows wait for the database.
  std::string register_spool;
  // Its rows have the subject.
  bool register_subject = false;
  // It has a row of what was delivered or refused, too.
  bool register_deliveries = false;
  // How long it keeps what became of messages, in seconds; 0: for ever.
  std::int64_t history = 0;
  // Where the texts of notices are (empty: beside Dovecot's configuration), which of them the
  // user reads, and when he is told.
  std::string notice_texts;
  std::string notice_language;
  NoticeInterval notice_interval;
  // What a notice leads to for each message, with "{id}" and "{token}" in it; empty: nothing.
  std::string notice_link;
  // The quarantine id of the message that "release --refilter" has dovecot-lda
  // deliver; given by it alone.
  std::string release_id;

  // What is wrong with the settings, one sentence each, naming setting and
  // word. Mail is deferred while there is any.
  std::vector<std::string> errors;

  // The texts as configured, for "doveadm smime status".
  std::string stores_text;
};

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// Every setting but the rules and roles, with its default: of one that has words, the first of
// them.
struct SettingInfo {
  const char *name;
  const char *value;
  // "content:message:no"; else it takes a text.
  bool has_words;
  // Not the operator's.
  bool hidden;
};
inline constexpr std::size_t known_setting_count = 28;
const SettingInfo &setting_info(std::size_t number);

// Reads every value whose name begins with "smime_", in any order; rules are
// ordered by their number. Rules with a name, "smime_rule NAME", come before them in
// the order that they have. Roles are named in the same ways. Unknown names are errors: a misspelt
// rule must not be a rule that does nothing.
Settings parse_settings(const NamedValues &values);

} // namespace smime

#endif
