// smime-register SPOOL: the service that brings what waits in the register's spool into its
// database as it comes, by "doveadm smime register drain". Whoever writes a row tells nobody: the
// kernel does (inotify). Where it is not running, rows wait, and nothing else does.
#include "common/safe-text.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/operator/doveconf.h"
#include "plugin/operator/subprocess.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

extern "C" {
#include "master-interface.h"
#include "master-service-settings.h"
#include "master-service.h"
}

namespace smime {
namespace {

// Rows that come close behind each other go together.
constexpr unsigned gather_milliseconds = 300;
// A database that is away is asked again, and a spool that cannot be watched is looked at.
constexpr unsigned again_milliseconds = 60000;
constexpr unsigned drain_seconds = 3600;
// What the register has of long ago is looked for.
constexpr unsigned thin_milliseconds = 3600000;
// In base_dir, where the service runs, the master process leaves a link to its file.
constexpr const char *config_link = "dovecot.conf";
// Whether what a line of doveadm's begins with tells of an error.
constexpr std::array<std::pair<std::string_view, bool>, 3> levels{
    {{"Error: ", true}, {"Fatal: ", true}, {"Warning: ", false}}};

struct Watch {
  std::string spool;
  io *notify = nullptr;
  timeout *gather = nullptr;
  timeout *again = nullptr;
  timeout *thin = nullptr;
  // What was logged last: a database that is away for a day is told of once.
  std::string told;
};

// Of this process, which does nothing else.
Watch watch;

void look_again(void *) noexcept;

bool has_rows() {
  std::error_code failure;
  for (std::filesystem::directory_iterator at(watch.spool, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (at->path().extension() == ".row")
      return true;
  }
  return false;
}

// A line of doveadm's begins with its level.
void tell_line(std::string line, bool failed) {
  for (const auto &[level, is_error] : levels) {
    if (!line.starts_with(level))
      continue;
    line.erase(0, level.size());
    failed = is_error;
    break;
  }
  if (failed)
    i_error("%s", log_text(line).c_str());
  else
    i_warning("%s", log_text(line).c_str());
}

void tell(const ProgramResult &result) {
  std::string text = result.error.empty() ? result.errors : result.error;
  if (result.status == 0)
    watch.told.clear();
  if (text.empty() || (result.status != 0 && text == watch.told))
    return;
  if (result.status != 0)
    watch.told = text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    tell_line(line, result.status != 0);
}

ProgramResult run_register(const char *command) {
  return run_program({SMIME_DOVEADM, "-c", file_behind(config_link), "smime", "register", command},
                     {}, drain_seconds);
}

// Also makes the directory.
void drain() { tell(run_register("drain")); }

// A database that is away is told of by the other.
void thin(void *) noexcept {
  (void)guarded("thinning the register's history", false, [] {
    ProgramResult result = run_register("thin");
    if (watch.told.empty())
      tell(result);
    return true;
  });
}

void gathered(void *) noexcept {
  timeout_remove(&watch.gather);
  (void)guarded("emptying the register's spool", false, [] {
    if (has_rows())
      drain();
    return true;
  });
}

void changed(void *) noexcept {
  if (watch.gather == nullptr)
    watch.gather = (timeout_add)(gather_milliseconds, __FILE__, __LINE__, gathered, nullptr);
}

void start_watching() {
  if (watch.notify == nullptr && (io_add_notify)(watch.spool.c_str(), __FILE__, __LINE__, changed,
                                                 nullptr, &watch.notify) != IO_NOTIFY_ADDED)
    watch.notify = nullptr;
}

void look_again(void *) noexcept {
  start_watching();
  changed(nullptr);
}

// Nobody has anything to say to it.
void client_connected(master_service_connection *connection) noexcept {
  (void)connection;
  changed(nullptr);
}

// doveadm is to run as from a shell.
void leave_the_service() {
  for (const char *name :
       {"CONFIG_FILE", "DOVECOT_CONFIG_FD", "LOG_SERVICE", "DOVECOT_CHILD_PROCESS"})
    (void)unsetenv(name);
}

int run(int argc, char *argv[]) {
  master_service =
      master_service_init("smime-register", static_cast<master_service_flags>(0), &argc, &argv, "");
  if (master_getopt(master_service) > 0)
    return FATAL_DEFAULT;
  const char *error;
#ifdef SMIME_DOVECOT_24
  int read = master_service_settings_read_simple(master_service, &error);
#else
  int read = master_service_settings_read_simple(master_service, nullptr, &error);
#endif
  if (read < 0)
    i_fatal("Error reading configuration: %s", log_text(error).c_str());
  master_service_init_log(master_service);
  const char *spool = argv[optind];
  if (spool == nullptr || *spool != '/')
    i_fatal("the spool's path is missing (executable of service smime-register)");
  watch.spool = spool;
  master_service_init_finish(master_service);
  leave_the_service();
  (void)guarded("emptying the register's spool", false, [] {
    drain();
    return true;
  });
  // What came between the two would be seen by nobody for a minute.
  look_again(nullptr);
  thin(nullptr);
  watch.again = (timeout_add)(again_milliseconds, __FILE__, __LINE__, look_again, nullptr);
  watch.thin = (timeout_add)(thin_milliseconds, __FILE__, __LINE__, thin, nullptr);
  master_service_run(master_service, client_connected);
  timeout_remove(&watch.thin);
  timeout_remove(&watch.again);
  if (watch.gather != nullptr)
    timeout_remove(&watch.gather);
  if (watch.notify != nullptr)
    io_remove(&watch.notify);
  master_service_deinit(&master_service);
  return 0;
}

} // namespace
} // namespace smime

int main(int argc, char *argv[]) {
  if (getenv(MASTER_IS_PARENT_ENV) == nullptr) {
    (void)fprintf(stderr, "smime-register is a service of Dovecot's (conf.d/90-smime.conf)\n");
    return 64;
  }
  return smime::run(argc, argv);
}
