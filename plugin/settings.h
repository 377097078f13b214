// Our settings as one plain struct, and the table that reads it. No Dovecot
// header: settings-dovecot.cpp fetches the names and values.
#ifndef SMIME_SETTINGS_H
#define SMIME_SETTINGS_H

#include "mailbox-pattern.h"
#include "policy.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace smime {

enum class Preserve : std::uint8_t { content, message, no };
enum class QuarantineAccess : std::uint8_t { reviewers, owner_read, owner };
enum class ScannerFailure : std::uint8_t { tempfail, quarantine, deliver };

// Where certificates are published, for doveadm smime certs --directory.
struct DirectorySettings {
  // "ldap://host", "ldaps://host", "ldapi://..."; empty: there is none.
  std::string uri;
  std::string base;
  // RFC 4515, "{address}" stands for the address.
  std::string filter = "(mail={address})";
  // Empty: an anonymous bind.
  std::string bind_dn;
  std::string bind_password_file;
};

struct Settings {
  MailboxPatterns stores;
  std::vector<Rule> rules;
  Preserve preserve = Preserve::content;
  std::string quarantine_mailbox = "Quarantine";
  QuarantineAccess quarantine_access = QuarantineAccess::reviewers;
  std::vector<std::string> reviewers;
  std::string scanner_socket = "smime-scanner";
  unsigned scanner_timeout_seconds = 30;
  ScannerFailure scanner_failure = ScannerFailure::tempfail;
  // Certificates of verified mail are kept for the user.
  bool harvest_certificates = false;
  // The authserv-id (RFC 8601 section 2.5) under which results are put before
  // delivered mail; empty: none are.
  std::string authentication_results;
  DirectorySettings directory;
  // The quarantine id of the message that "release --refilter" has dovecot-lda
  // deliver; given by it alone.
  std::string release_id;

  // What is wrong with the settings, one sentence each, naming setting and
  // word. Mail is deferred while there is any.
  std::vector<std::string> errors;

  // The texts as configured, for "doveadm smime status".
  std::string stores_text = "*";
};

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// Reads every value whose name begins with "smime_", in any order; rules are
// ordered by their number. Rules with a name, "smime_rule NAME", come before them in
// the order that they have. Unknown names are errors: a misspelt rule must not
// be a rule that does nothing.
Settings parse_settings(const NamedValues &values);

} // namespace smime

#endif
