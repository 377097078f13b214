// smime-scanner: a service under Dovecot's master process, or --inspect for
// files with no Dovecot running.
#include "common/safe-text.h"
#include "common/sha256.h"
#include "scanner/base/charset-text.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/content/inspect-stream.h"
#include "scanner/formats/kinds.h"
#include "scanner/process/config.h"
#include "scanner/process/lookup.h"
#include "scanner/process/sandbox.h"
#include "scanner/process/service.h"
#include "scanner/process/toolbox.h"
#include "scanner/x509/certificates.h"

extern "C" {
#include "ioloop.h"
#include "master-interface.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "restrict-access.h"
}

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <getopt.h>
#include <memory>
#include <openssl/crypto.h>
#include <optional>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace smime {
namespace {

struct Options {
  std::string config = SMIME_SCANNER_CONF;
  bool config_given = false;
  // Nobody's mail is opened, and the key is never read.
  bool no_escrow = false;
  enum class Action : unsigned char { serve, inspect, kinds, health, trust, certificate };
  Action action = Action::serve;
  std::optional<std::int64_t> at;
  // When the messages arrived, if not then.
  std::optional<std::int64_t> arrived;
  bool parts = false;
  bool text = false;
  bool html = false;
  std::vector<std::string> files;
};

void complain(const std::string &text) {
  std::fprintf(stderr, "smime-scanner: %s\n", terminal_text(text).c_str());
}

void print_usage(FILE *to) {
  std::fputs("Usage: smime-scanner [-c FILE] --inspect [--parts [--text] [--html]] FILE...\n"
             "       smime-scanner --kinds\n"
             "       smime-scanner [-c FILE] --health\n"
             "       smime-scanner [-c FILE] --trust [DIRECTORY]\n"
             "       smime-scanner --certificate FILE...\n"
             "       smime-scanner [-c FILE] [--no-escrow]  (started by Dovecot's master process)\n"
             "\n"
             "  --inspect      print the report for each message file (- is standard input)\n"
             "  --parts        with the header, and what became of each part of the message\n"
             "  --text         with what the parts say, as text\n"
             "  --html         and the HTML of those that are HTML\n"
             "  --kinds        print the kinds of content that are known, and who looks into each\n"
             "  --at TIME      verify signatures as of that time (2026-11-24T12:00:00Z)\n"
             "  --arrived TIME the messages arrived at that time\n"
             "  --health       print what there is to know of the configuration\n"
             "  --trust        print what is in trust_dir, or in another directory\n"
             "  --certificate  print the certificates and CRLs in each file\n"
             "  --no-escrow    serve without the escrow key, which is not read\n"
             "  -c FILE        configuration (default: " SMIME_SCANNER_CONF ")\n",
             to);
}

bool is_file_count(Options::Action action, std::size_t count) {
  switch (action) {
  case Options::Action::inspect:
  case Options::Action::certificate: return count > 0;
  case Options::Action::trust: return count <= 1;
  case Options::Action::kinds:
  case Options::Action::health:
  case Options::Action::serve: break;
  }
  return count == 0;
}

// Returns -1 to go on, else the exit code.
int parse_options(int argc, char *argv[], Options &options) {
  static const option long_options[] = {{"inspect", no_argument, nullptr, 'i'},
                                        {"at", required_argument, nullptr, 'a'},
                                        {"health", no_argument, nullptr, 'H'},
                                        {"trust", no_argument, nullptr, 'T'},
                                        {"certificate", no_argument, nullptr, 'C'},
                                        {"config", required_argument, nullptr, 'c'},
                                        {"no-escrow", no_argument, nullptr, 'E'},
                                        {"parts", no_argument, nullptr, 'P'},
                                        {"text", no_argument, nullptr, 't'},
                                        {"html", no_argument, nullptr, 'm'},
                                        {"arrived", required_argument, nullptr, 'A'},
                                        {"kinds", no_argument, nullptr, 'K'},
                                        {"help", no_argument, nullptr, 'h'},
                                        {"version", no_argument, nullptr, 'V'},
                                        {nullptr, 0, nullptr, 0}};
  int c;
  while ((c = getopt_long(argc, argv, "c:", long_options, nullptr)) != -1) {
    switch (c) {
    case 'c':
      options.config = optarg;
      options.config_given = true;
      break;
    case 'a':
      options.at = seconds_of_text(optarg);
      if (!options.at) {
        complain(std::string("--at ") + optarg + ": expected a time such as 2026-11-24T12:00:00Z");
        return 64;
      }
      break;
    case 'A':
      options.arrived = seconds_of_text(optarg);
      if (!options.arrived) {
        complain(std::string("--arrived ") + optarg +
                 ": expected a time such as 2026-11-24T12:00:00Z");
        return 64;
      }
      break;
    case 'i': options.action = Options::Action::inspect; break;
    case 'H': options.action = Options::Action::health; break;
    case 'T': options.action = Options::Action::trust; break;
    case 'C': options.action = Options::Action::certificate; break;
    case 'P': options.parts = true; break;
    case 't': options.text = true; break;
    case 'm': options.text = options.html = true; break;
    case 'K': options.action = Options::Action::kinds; break;
    case 'E': options.no_escrow = true; break;
    case 'h': print_usage(stdout); return 0;
    case 'V': std::puts("smime-scanner " SMIME_VERSION); return 0;
    default: print_usage(stderr); return 64;
    }
  }
  options.files.assign(argv + optind, argv + argc);
  if (!is_file_count(options.action, options.files.size()) ||
      ((options.at || options.arrived || options.parts) &&
       options.action != Options::Action::inspect) ||
      (options.text && !options.parts)) {
    print_usage(stderr);
    return 64;
  }
  return -1;
}

int open_file(const std::string &file) {
  return file == "-" ? STDIN_FILENO : open(file.c_str(), O_RDONLY | O_CLOEXEC);
}

void raise_open_files_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// A second pass over the protected entities, which the service has no way back
// to. False if the file cannot be read again as it was.
bool add_digests(int fd, Report &report) {
  std::array<unsigned char, IO_BLOCK_SIZE> buffer;
  for (ProtectedEntity &entity : report.protected_entities) {
    CanonicalSha256 sha256;
    std::uint64_t at = entity.offset;
    std::uint64_t end = entity.offset + entity.size;
    while (at < end) {
      auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
      ssize_t size = pread(fd, buffer.data(), wanted, static_cast<off_t>(at));
      if (size <= 0)
        return false;
      sha256.update({buffer.data(), static_cast<std::size_t>(size)});
      at += static_cast<std::uint64_t>(size);
    }
    entity.sha256 = to_hex(sha256.result());
  }
  return true;
}

bool inspect_file(const std::string &file, int fd, const Limits &limits, const Tools &tools) {
  istream *input = i_stream_create_fd(fd, IO_BLOCK_SIZE * 8);
  i_stream_set_name(input, file.c_str());
  istream *limited = i_stream_create_limit(input, limits.max_message_size + 1);
  std::string error;
  auto report = inspect_stream(limited, limits, tools, error);
  bool is_too_large = report && report->size > limits.max_message_size;
  if (is_too_large) {
    if (input->seekable)
      i_stream_seek(input, 0);
    report = report_too_large(input, report->size, limits);
  }
  i_stream_unref(&limited);
  i_stream_unref(&input);
  if (!report) {
    complain(file + ": " + error);
    return false;
  }
  if (!is_too_large && lseek(fd, 0, SEEK_CUR) >= 0 && !add_digests(fd, *report)) {
    complain(file + ": changed while it was read");
    return false;
  }
  report->file = file;
  std::puts((tools.inside == nullptr ? to_json(*report) : to_json(*report, *tools.inside)).c_str());
  return true;
}

int inspect(const Options &options, const ScannerConfig &config) {
  raise_open_files_limit();
  bool ok = true;
  std::vector<std::pair<std::string, int>> opened;
  for (const std::string &file : options.files) {
    int fd = open_file(file);
    if (fd < 0) {
      complain(file + ": " + std::strerror(errno));
      ok = false;
      continue;
    }
    opened.emplace_back(file, fd);
  }
  lib_init(); // opens /dev/null
  if (options.parts)
    load_charsets();
  std::string error;
  auto drop = [] {
    std::string ignored;
    return drop_root(ignored);
  };
  auto toolbox = Toolbox::open(config, {drop, drop, ""}, error);
  if (toolbox == nullptr || !drop_root(error) || !enter_sandbox(Sandbox::inspect, error)) {
    complain(error);
    return toolbox == nullptr ? 78 : 1;
  }
  if (!toolbox->warning().empty())
    complain(toolbox->warning());
  if (options.at)
    toolbox->verify_at(*options.at);
  toolbox->set_arrival(options.arrived);
  Tools tools = toolbox->tools();
  tools.wants_text = options.text;
  tools.wants_html = options.html;
  for (const auto &[file, fd] : opened) {
    Inside inside;
    tools.inside = options.parts ? &inside : nullptr;
    ok = inspect_file(file, fd, config.limits, tools) && ok;
    (void)close(fd);
  }
  lib_deinit();
  return ok ? 0 : 1;
}

// --- certificates, the trust store and the configuration

// Up to max_trust_file_size and one byte more.
bool read_bytes(int fd, std::vector<unsigned char> &bytes) {
  std::array<unsigned char, IO_BLOCK_SIZE> buffer;
  for (;;) {
    ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size <= 0)
      return size == 0;
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + size);
    if (bytes.size() > max_trust_file_size)
      return true;
  }
}

int print_certificates(const Options &options) {
  std::vector<std::pair<std::string, std::vector<unsigned char>>> contents;
  bool ok = true;
  for (const std::string &file : options.files) {
    int fd = open_file(file);
    std::vector<unsigned char> bytes;
    if (fd < 0 || !read_bytes(fd, bytes)) {
      complain(file + ": " + std::strerror(errno));
      ok = false;
    } else {
      contents.emplace_back(file, std::move(bytes));
    }
    if (fd > STDIN_FILENO)
      (void)close(fd);
  }
  (void)OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_DIGESTS, nullptr);
  std::string error;
  if (!drop_root(error) || !enter_sandbox(Sandbox::inspect, error)) {
    complain(error);
    return 1;
  }
  for (const auto &[file, bytes] : contents) {
    FileFacts facts{file, {}, {}};
    if (bytes.size() > max_trust_file_size)
      facts.error = "the file is larger than " + std::to_string(max_trust_file_size) + " bytes";
    else
      facts = file_facts(file, bytes, time(nullptr));
    std::puts(to_json(facts).c_str());
  }
  return ok ? 0 : 1;
}

int print_trust(const Options &options, const ScannerConfig &config) {
  TrustConfig trust = config.trust;
  if (!options.files.empty())
    trust.directory = options.files.front();
  std::puts(to_json(store_facts(trust)).c_str());
  return 0;
}

int print_health(const Options &options, const std::optional<ScannerConfig> &config,
                 const std::string &error) {
  HealthFacts facts = health_facts(options.config, config.value_or(ScannerConfig()), SMIME_VERSION);
  if (!config)
    facts.config_error = error;
  std::puts(to_json(facts).c_str());
  return 0;
}

// What the service's callback needs; it is given none of its own.
struct Service {
  ScannerConfig config;
  std::unique_ptr<Toolbox> toolbox;
  std::optional<Peers> peers;
  std::unique_ptr<ConnectionPlaces> places;
};
Service service;

// In the sandbox nothing can be read anew: Dovecot's master starts another
// process, which does.
extern "C" void end_if_outdated(void *) {
  if (service.toolbox->is_outdated())
    master_service_stop(master_service);
}

constexpr unsigned outdated_check_milliseconds = 1000;

// Whoever asked and has no answer when the process ends defers the message.
extern "C" void client_connected(master_service_connection *connection) noexcept try {
  master_service_client_connection_accept(connection);
  int fd = connection->fd;
  serve_connection(fd, {service.config.limits, service.toolbox->tools(), service.toolbox->keys(),
                        *service.peers, service.places.get(),
                        master_service_get_socket_count(master_service),
                        [] { return service.toolbox->is_outdated(); }});
  if (close(fd) < 0)
    i_error("close(client) failed: %m");
  master_service_client_connection_destroyed(master_service);
  end_if_outdated(nullptr);
} catch (const std::exception &problem) {
  i_fatal("This process has to end: %s. A message without a report is deferred. If it is memory, "
          "raise vsz_limit of service smime-scanner.",
          log_text(problem.what()).c_str());
}

bool drop_to_service_user() {
  restrict_access_by_env(static_cast<restrict_access_flags>(0), nullptr);
  return true;
}

// The helper has to reach the engine's socket.
bool drop_and_keep_root_directory() {
  (void)unsetenv("RESTRICT_CHROOT");
  return drop_to_service_user();
}

// What is shared by all processes of both services, in Dovecot's directory for sockets.
std::string shared_file(const char *name) {
#ifdef SMIME_DOVECOT_24
  const char *base_dir = master_service_get_service_settings(master_service)->base_dir;
#else
  const char *base_dir = master_service_settings_get(master_service)->base_dir;
#endif
  return std::string(base_dir) + "/" + name;
}

// Without the escrow key where that is said.
std::optional<ScannerConfig> read_config(const Options &options, std::string &error) {
  auto config = read_scanner_config(options.config, options.config_given, error);
  if (config && options.no_escrow) {
    config->escrow_key.clear();
    config->escrow_certificate.clear();
  }
  return config;
}

// Everything that has to be had before privileges go. False with error set.
bool load_service(const Options &options, std::string &error) {
  auto config = read_config(options, error);
  if (!config)
    return false;
  service.config = *config;
  service.peers = Peers::resolve(config->trusted_users, getuid(), error);
  if (!service.peers)
    return false;
  service.toolbox = Toolbox::open(
      *config,
      {drop_and_keep_root_directory, drop_to_service_user, shared_file("smime-scanner.failures")},
      error);
  if (service.toolbox == nullptr)
    return false;
  // Opened behind the helpers' fork: they would keep it open.
  service.places =
      ConnectionPlaces::open(shared_file("smime-scanner.connections"),
                             {static_cast<unsigned>(config->limits.max_user_connections),
                              master_service_get_process_limit(master_service) / 2},
                             error);
  return service.places != nullptr;
}

int run_service(char *program, const Options &options) {
  char *arguments[] = {program, nullptr};
  int count = 1;
  char **rest = arguments;
  optind = 1;
  const char *name = options.no_escrow ? "smime-scanner-user" : "smime-scanner";
  master_service =
      master_service_init(name, MASTER_SERVICE_FLAG_UPDATE_PROCTITLE, &count, &rest, "");
  const char *settings_error;
#ifdef SMIME_DOVECOT_24
  int read = master_service_settings_read_simple(master_service, &settings_error);
#else
  int read = master_service_settings_read_simple(master_service, nullptr, &settings_error);
#endif
  if (read < 0)
    i_fatal("Error reading configuration: %s", log_text(settings_error).c_str());
  master_service_init_log(master_service);

  std::string error;
  if (!load_service(options, error))
    i_fatal("%s: mail is handled by smime_scanner_failure until this is mended",
            log_text(error).c_str());
  if (!service.toolbox->warning().empty())
    i_warning("%s", log_text(service.toolbox->warning()).c_str());

  restrict_access_by_env(static_cast<restrict_access_flags>(0), nullptr);
  master_service_init_finish(master_service);
  // A message that arrives here must not push its deliverer off the processor, which
  // goes on to write it meanwhile; where it cannot be had nothing is lost.
  const sched_param no_priority{};
  (void)sched_setscheduler(0, SCHED_BATCH, &no_priority);
  if (!enter_sandbox(Sandbox::service, error))
    i_fatal("Entering the sandbox failed: %s", log_text(error).c_str());
  timeout *check = nullptr;
  if (!service.config.trust.directory.empty())
    check = timeout_add(outdated_check_milliseconds, end_if_outdated, static_cast<void *>(nullptr));
  master_service_run(master_service, client_connected);
  timeout_remove(&check);
  master_service_deinit(&master_service);
  return 0;
}

} // namespace
} // namespace smime

int main(int argc, char *argv[]) {
  smime::Options options;
  int exit_code = smime::parse_options(argc, argv, options);
  if (exit_code >= 0)
    return exit_code;
  if (options.action == smime::Options::Action::serve) {
    if (getenv(MASTER_IS_PARENT_ENV) == nullptr) {
      smime::print_usage(stderr);
      return 64;
    }
    return smime::run_service(argv[0], options);
  }
  std::string error;
  if (options.action == smime::Options::Action::kinds) {
    std::fputs(smime::kinds_as_text().c_str(), stdout);
    return 0;
  }
  if (options.action == smime::Options::Action::certificate)
    return smime::print_certificates(options);
  auto config = smime::read_config(options, error);
  if (options.action == smime::Options::Action::health)
    return smime::print_health(options, config, error);
  if (!config) {
    smime::complain(error);
    return 78;
  }
  return options.action == smime::Options::Action::trust ? smime::print_trust(options, *config)
                                                         : smime::inspect(options, *config);
}
