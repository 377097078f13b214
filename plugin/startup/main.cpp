// smime-startup: Dovecot's master process runs it when it starts and when its configuration
// is read anew. Where the plugin is not loaded, nothing of it can speak: this writes to
// Dovecot's log which protocols go without it, before mail is delivered unseen.
#include "common/safe-text.h"
#include "plugin/operator/doveconf.h"
#include "plugin/operator/protocol-plugins.h"
#include "plugin/operator/subprocess.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace smime {
namespace {

constexpr unsigned doveconf_seconds = 30;
// In base_dir, where the master process starts its services, it leaves a link to the file
// that it has read.
constexpr const char *config_link = "dovecot.conf";

// What a service writes here without the prefix of Dovecot's own programs is logged as an
// error.
void log_error(const std::string &text) {
  (void)std::fprintf(stderr, "%s\n", log_text(text).c_str());
}

std::optional<std::string> ask_doveconf(const std::string &filter,
                                        const std::vector<std::string> &names, std::string &error) {
  ProgramResult result =
      run_program(doveconf_command(SMIME_DOVECONF, file_behind(config_link), filter, names), {},
                  doveconf_seconds);
  if (result.status == 0)
    return result.output;
  error = std::string(SMIME_DOVECONF) + ": " + (result.status < 0 ? result.error : result.errors);
  return std::nullopt;
}

// doveconf is to run as from a shell: not to ask the service config, and to say in plain
// text what is wrong.
void leave_the_service() {
  for (const char *name :
       {"CONFIG_FILE", "DOVECOT_CONFIG_FD", "LOG_SERVICE", "DOVECOT_CHILD_PROCESS"})
    (void)unsetenv(name);
}

void check() {
  leave_the_service();
  std::string error;
  auto protocols = read_protocols(ask_doveconf, error);
  if (!protocols) {
    log_error("Whether smime is in mail_plugins of each protocol cannot be told: " + error +
              ". See doveadm smime status");
    return;
  }
  for (const Finding &finding : check_plugins(*protocols)) {
    if (finding.severity != Severity::ok)
      log_error(finding.setting + ": " + finding.detail + ". " + finding.remedy);
  }
}

} // namespace
} // namespace smime

// Not to be able to tell is logged, and no failure of the service: it would be started
// over and over.
int main() try {
  smime::check();
  return 0;
} catch (const std::exception &problem) {
  smime::log_error(std::string("smime-startup: ") + problem.what());
  return 0;
}
