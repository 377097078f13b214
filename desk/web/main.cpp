// smime-desk: the desk's pages, over HTTP. A service of Dovecot's that reads its texts and
// connects to its worker as root, and then gives up all rights before the first request.
#include "common/safe-text.h"
#include "desk/protocol/config.h"
#include "desk/web/http-compat.h"
#include "desk/web/library.h"
#include "desk/web/sandbox.h"
#include "desk/web/service.h"

extern "C" {
#include "restrict-access.h"
}

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>

namespace smime::desk {
namespace {

std::unique_ptr<Service> service;

extern "C" void client_connected(master_service_connection *connection) noexcept {
  (void)guarded("a connection", false, [&] {
    service->accept(*connection);
    return true;
  });
}

// Everything that has to be had before privileges go.
void load(const char *file) {
  std::string error;
  auto config = read_desk_config(file == nullptr ? SMIME_DESK_CONF : file, file != nullptr, error);
  if (!config)
    i_fatal("%s", log_text(error).c_str());
  auto library =
      read_library(config->texts.empty() ? SMIME_DESK_TEXTS : config->texts.c_str(), error);
  if (!library)
    i_fatal("%s", log_text(error).c_str());
  auto worker = WorkerLink::connect(base_directory() + "/smime-desk-worker", error);
  if (worker == nullptr)
    i_fatal("%s", log_text(error).c_str());
  service = std::make_unique<Service>(Desk(*config, std::move(*library)), std::move(worker));
}

// -c is ours: Dovecot's own option of that name is not wanted by a service of its.
bool parse_options(int argc, char *argv[], const char *&file) {
  int option;
  while ((option = getopt(argc, argv, "c:")) != -1) {
    if (option != 'c')
      return false;
    file = optarg;
  }
  return optind == argc;
}

int run(char *program, const char *file) {
  char *arguments[] = {program, nullptr};
  int count = 1;
  char **rest = arguments;
  optind = 1;
  master_service =
      master_service_init("smime-desk", MASTER_SERVICE_FLAG_UPDATE_PROCTITLE, &count, &rest, "");
  const char *settings_error;
  if (read_settings(&settings_error) < 0)
    i_fatal("Error reading configuration: %s", log_text(settings_error).c_str());
  master_service_init_log(master_service);
  load(file);
  // The time zone's file is out of reach later.
  tzset();
  restrict_access_by_env(static_cast<restrict_access_flags>(0), nullptr);
  master_service_init_finish(master_service);
  service->start();
  std::string error;
  if (!enter_sandbox(error))
    i_fatal("Entering the sandbox failed: %s", log_text(error).c_str());
  master_service_run(master_service, client_connected);
  service.reset();
  master_service_deinit(&master_service);
  return 0;
}

} // namespace
} // namespace smime::desk

int main(int argc, char *argv[]) {
  const char *file = nullptr;
  if (getenv(MASTER_IS_PARENT_ENV) == nullptr || !smime::desk::parse_options(argc, argv, file)) {
    (void)fprintf(stderr, "smime-desk is a service of Dovecot's (conf.d/92-smime-desk.conf)\n");
    return 64;
  }
  return smime::desk::run(argv[0], file);
}
