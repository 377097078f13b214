#include "plugin/operator/register-check.h"

namespace smime {
namespace {

// The service brings rows in within a second.
constexpr time_t waits_long = 300;

std::string rows(std::size_t number) {
  return std::to_string(number) + (number == 1 ? " row waits" : " rows wait");
}

} // namespace

Findings check_register(const RegisterFacts &facts, time_t now) {
  Findings findings;
  if (!facts.is_set)
    return findings;
  auto add = [&](Severity severity, const char *setting, const std::string &detail,
                 const std::string &remedy) {
    findings.push_back({"register", severity, setting, detail, remedy});
  };
  if (!facts.error.empty())
    add(Severity::error, "smime_register", facts.error,
        "No delivery waits for it, and rows are kept in " + facts.spool +
            "; its tables are made once, by smime-register-sqlite.sql or -pgsql.sql: see THE "
            "REGISTER in dovecot-smime(7)");
  if (!facts.spool_error.empty())
    add(Severity::error, "smime_register_spool", facts.spool_error,
        "doveadm smime register drain makes it; what was held without it, doveadm smime register "
        "rebuild -A finds");
  if (facts.waiting > 0 && now - facts.oldest > waits_long)
    add(Severity::warning, "service smime-register",
        rows(facts.waiting) + " in " + facts.spool + " for more than five minutes",
        "doveadm smime register drain brings them in and says what is wrong; the service does it "
        "by itself, where the end of conf.d/90-smime.conf is in use and its executable has this "
        "directory");
  if (facts.refused > 0)
    add(Severity::warning, "smime_register_spool",
        std::to_string(facts.refused) + " refused in " + facts.spool,
        "The log says why; remove the files that end in .refused once you know, and run doveadm "
        "smime register check -A");
  if (findings.empty())
    add(Severity::ok, "smime_register",
        "the database answers, " + rows(facts.waiting) + " in " + facts.spool, "");
  return findings;
}

} // namespace smime
