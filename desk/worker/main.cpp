// smime-desk-worker: what the desk's web process may not do itself. A service of Dovecot's, which
// runs as root, since it asks doveadm servers; at a shell it makes and revokes API tokens.
#include "common/safe-text.h"
#include "desk/protocol/config.h"
#include "desk/worker/connection.h"
#include "desk/worker/desk.h"
#include "desk/worker/tokens.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <sysexits.h>
#include <vector>

extern "C" {
#include "master-interface.h"
#include "master-service-settings.h"
#include "master-service.h"
}

namespace smime::desk {
namespace {

constexpr unsigned forget_milliseconds = 10000;

// Of this process, which does nothing else.
std::optional<Desk> desk;

extern "C" void client_connected(master_service_connection *connection) noexcept {
  master_service_client_connection_accept(connection);
  (void)guarded("a connection of the desk", false, [&] {
    Connection::begin(*desk, connection->fd);
    return true;
  });
}

extern "C" void forget_old(void * /*context*/) noexcept {
  (void)guarded("forgetting what is old", false, [] {
    desk->forget_old();
    return true;
  });
}

std::string config_argument(std::vector<std::string> &arguments) {
  std::string file = SMIME_DESK_CONF;
  if (arguments.size() >= 2 && arguments[0] == "-c") {
    file = arguments[1];
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  return file;
}

int run_service(char *name, const DeskConfig &config) {
  // Our arguments are not those of Dovecot's services: -c is another file.
  int count = 1;
  char *words[] = {name, nullptr};
  char **rest = words;
  master_service = master_service_init("smime-desk-worker", static_cast<master_service_flags>(0),
                                       &count, &rest, "");
  const char *error;
#ifdef SMIME_DOVECOT_24
  int read = master_service_settings_read_simple(master_service, &error);
#else
  int read = master_service_settings_read_simple(master_service, nullptr, &error);
#endif
  if (read < 0)
    i_fatal("Error reading configuration: %s", log_text(error).c_str());
  master_service_init_log(master_service);
  master_service_init_finish(master_service);
  desk.emplace(config);
  timeout *forget = (timeout_add)(forget_milliseconds, __FILE__, __LINE__, forget_old, nullptr);
  master_service_run(master_service, client_connected);
  timeout_remove(&forget);
  Connection::end_all();
  desk.reset();
  master_service_deinit(&master_service);
  return 0;
}

int run(int argc, char *argv[]) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string file = config_argument(arguments);
  std::string error;
  auto config = read_desk_config(file, true, error);
  if (!config) {
    (void)fprintf(stderr, "smime-desk-worker: %s\n", terminal_text(error).c_str());
    return EX_CONFIG;
  }
  if (!arguments.empty() && arguments[0] == "token")
    return token_command(config->token_file, {arguments.begin() + 1, arguments.end()});
  if (getenv(MASTER_IS_PARENT_ENV) == nullptr) {
    (void)fprintf(stderr,
                  "smime-desk-worker is a service of Dovecot's (conf.d/92-smime-desk.conf); at a "
                  "shell:\n  smime-desk-worker [-c FILE] token add|list|revoke\n");
    return EX_USAGE;
  }
  return run_service(argv[0], *config);
}

} // namespace
} // namespace smime::desk

int main(int argc, char *argv[]) {
  return smime::guarded("smime-desk-worker", 70, [&] { return smime::desk::run(argc, argv); });
}
