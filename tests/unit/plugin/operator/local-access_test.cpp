#include "plugin/operator/local-access.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

Reach reach(const char *account, const char *shell, bool at_shell, const char *error = "") {
  return {"/srv/mail/alice", error, 1001, account, shell, at_shell};
}

} // namespace

TEST_GROUP(LocalAccess){};

TEST(LocalAccess, LoginShells) {
  for (const char *shell : {"/bin/sh", "/bin/bash", "", "/usr/bin/git-shell"})
    CHECK(is_login_shell(shell));
  for (const char *shell : {"/usr/sbin/nologin", "/bin/false", "/usr/bin/true", "/bin/sync"})
    CHECK(!is_login_shell(shell));
}

TEST(LocalAccess, WhoReadsHeldMail) {
  struct Row {
    Reach reach;
    bool as_root;
    QuarantineAccess access;
    Severity severity;
  };
  const auto reviewers = QuarantineAccess::reviewers;
  const Row rows[] = {
      {reach("alice", "/bin/bash", true), true, reviewers, Severity::warning},
      // A user who asks himself is not to be alarmed, nor one who may read it.
      {reach("alice", "/bin/bash", true), false, reviewers, Severity::ok},
      {reach("alice", "/bin/bash", true), true, QuarantineAccess::owner_read, Severity::ok},
      // Dovecot's processes have a group that he has not.
      {reach("alice", "/bin/bash", false), true, reviewers, Severity::ok},
      {reach("vmail", "", false), true, reviewers, Severity::ok},
      {reach("", "", false), true, reviewers, Severity::ok},
      {reach("", "", false, "Permission denied"), true, reviewers, Severity::error},
  };
  for (const Row &row : rows) {
    Settings settings;
    settings.quarantine_access = row.access;
    Findings findings = check_reach(row.reach, row.as_root, settings);
    LONGS_EQUAL(1, findings.size());
    CHECK(findings[0].severity == row.severity);
    CHECK(row.severity == Severity::ok || !findings[0].remedy.empty());
    CHECK(findings[0].detail.find(row.reach.path) != std::string::npos);
  }
}

TEST(LocalAccess, AnAccountWithoutMailIsNoFault) {
  auto severity = [](const char *account, const char *shell, const char *user) {
    Findings findings = check_unusable_store(reach(account, shell, false, "Permission denied"),
                                             "/srv/mail/alice/mail", user, "mail_path");
    LONGS_EQUAL(1, findings.size());
    return findings[0].severity;
  };
  CHECK(severity("nobody", "", "nobody") == Severity::ok);
  CHECK(severity("alice", "/bin/bash", "alice") == Severity::error);
  CHECK(severity("", "", "alice") == Severity::error);
  // Virtual users, whose mail is one account's.
  CHECK(severity("vmail", "", "alice") == Severity::error);
}
