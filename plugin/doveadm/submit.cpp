#include "plugin/doveadm/submit.h"

#include "plugin/doveadm/compat.h"
#include "plugin/dovecot/ptr.h"
#ifdef SMIME_DOVECOT_24
#include "plugin/settings/dovecot-24.h"
#endif

#include <initializer_list>
#include <sstream>
#include <sys/stat.h>
#include <vector>

extern "C" {
#include "hostpid.h"
#include "master-service-settings.h"
#include "iostream-ssl.h"
#include "master-service.h"
#include "message-address.h"
#include "message-date.h"
#include "settings-parser.h"
#include "smtp-address.h"
#include "smtp-submit.h"
}

namespace smime {

#ifdef SMIME_DOVECOT_24

// Dovecot 2.4: doveadm knows every setting.
struct Submission::Settings {
  SettingsPtr<smtp_submit_settings> submit;
  // As root of the submission: settings for TLS are looked up by it.
  EventPtr event = EventPtr(event_create(nullptr));
  std::string from;
  std::string hostname;
};

Submission::~Submission() = default;

std::unique_ptr<Submission> Submission::create(std::string &) {
  std::unique_ptr<Submission> result(new Submission);
  result->settings_ = std::make_unique<Settings>();
  return result;
}

bool Submission::prepare(mail_user *user, std::string &error) {
  const char *reason;
  if (settings_->submit == nullptr)
    settings_->submit =
        get_settings<smtp_submit_settings>(user->event, smtp_submit_setting_parser_info, &reason);
  if (settings_->submit == nullptr) {
    error = std::string("reading submission_host and sendmail_path failed: ") + reason;
    return false;
  }
  return read_sender(user, error);
}

#else

struct Submission::Settings {
  pool_t pool = nullptr;
  smtp_submit_settings submit{};
  const ssl_iostream_settings *ssl = nullptr;
  std::string from;
  std::string hostname;

  Settings() : pool(pool_alloconly_create("smime submission settings", 1024)) {}
  ~Settings() { pool_unref(&pool); }
  Settings(const Settings &) = delete;
  Settings &operator=(const Settings &) = delete;
};

Submission::~Submission() = default;

namespace {

constexpr const char *doveconf = SMIME_DOVECONF;

// The settings as they hold for dovecot-lda, which sends rejections too. doveadm
// itself does not know them: at the shell doveconf is asked, and in the doveadm
// server Dovecot's config service.

// A setting with variables: its first byte says whether they are expanded. There
// are none in these.
const char *copy_text(pool_t pool, const char *value) {
  return p_strdup(pool, *value == '\0' ? value : value + 1);
}

bool read_from_config_service(pool_t pool, smtp_submit_settings &submit, std::string &error) {
  const setting_parser_info *roots[] = {&smtp_submit_setting_parser_info, nullptr};
  master_service_settings_input input{};
  input.roots = roots;
  input.module = "lda";
  input.service = "lda";
  input.preserve_home = TRUE;
  input.never_exec = TRUE;
  master_service_settings_output output;
  const char *reason;
  // What others read before stays valid.
  (void)master_service_settings_detach(master_service);
  if (master_service_settings_read(master_service, &input, &output, &reason) < 0) {
    error = std::string("reading submission_host and sendmail_path failed: ") + reason;
    return false;
  }
  const auto *read = static_cast<const smtp_submit_settings *>(
      master_service_settings_get_others(master_service)[0]);
  submit = *read;
  submit.hostname = p_strdup(pool, read->hostname);
  submit.submission_host = copy_text(pool, read->submission_host);
  submit.sendmail_path = copy_text(pool, read->sendmail_path);
  submit.submission_ssl = p_strdup(pool, read->submission_ssl);
  return true;
}

// The settings' values; empty if they cannot be read.
std::vector<std::string> read_settings(std::initializer_list<const char *> names) {
  DataStackFrame frame;
  std::vector<const char *> arguments{"-c", master_service_get_config_path(master_service), "-f",
                                      "service=lda", "-h"};
  arguments.insert(arguments.end(), names);
  arguments.push_back(nullptr);
  program_client *client = create_program(nullptr, doveconf, arguments.data());
  buffer_t *buffer = buffer_create_dynamic(default_pool, 256);
  OstreamPtr output(o_stream_create_buffer(buffer));
  program_client_set_output(client, output.get());
  bool ok = program_client_run(client) == PROGRAM_CLIENT_EXIT_STATUS_SUCCESS;
  program_client_destroy(&client);
  output.reset();
  std::vector<std::string> values;
  std::istringstream lines(std::string(static_cast<const char *>(buffer->data), buffer->used));
  for (std::string line; std::getline(lines, line);)
    values.push_back(line);
  buffer_free(&buffer);
  if (!ok || values.size() != names.size())
    values.clear();
  return values;
}

bool read_with_doveconf(pool_t pool, smtp_submit_settings &submit, std::string &error) {
  auto values = read_settings(
      {"hostname", "submission_host", "sendmail_path", "submission_timeout", "submission_ssl"});
  const char *reason = nullptr;
  if (values.empty() ||
      settings_get_time(values[3].c_str(), &submit.submission_timeout, &reason) < 0) {
    error = std::string(doveconf) + " does not tell submission_host and sendmail_path";
    return false;
  }
  submit.hostname = p_strdup(pool, values[0].empty() ? my_hostdomain() : values[0].c_str());
  submit.submission_host = p_strdup(pool, values[1].c_str());
  submit.sendmail_path = p_strdup(pool, values[2].c_str());
  submit.submission_ssl = p_strdup(pool, values[4].c_str());
  return true;
}

} // namespace

std::unique_ptr<Submission> Submission::create(std::string &error) {
  std::unique_ptr<Submission> result(new Submission);
  result->settings_ = std::make_unique<Settings>();
  struct stat status {};
  bool ok = stat(master_service_get_config_path(master_service), &status) == 0;
  if (ok && S_ISSOCK(status.st_mode))
    ok = read_from_config_service(result->settings_->pool, result->settings_->submit, error);
  else if (ok)
    ok = read_with_doveconf(result->settings_->pool, result->settings_->submit, error);
  else
    error = std::string(master_service_get_config_path(master_service)) + ": " + strerror(errno);
  return ok ? std::move(result) : nullptr;
}

bool Submission::prepare(mail_user *user, std::string &error) {
  if (settings_->ssl != nullptr)
    return true;
  DataStackFrame frame;
  if (!read_sender(user, error))
    return false;
  ssl_iostream_settings ssl;
  mail_user_init_ssl_client_settings(user, &ssl);
  settings_->ssl = ssl_iostream_settings_dup(settings_->pool, &ssl);
  return true;
}

#endif

bool read_postmaster(mail_user *user, std::string &from, std::string &hostname,
                     std::string &error) {
  DataStackFrame frame;
  const message_address *postmaster;
  const char *reason;
  if (!mail_user_set_get_postmaster_address(user->set, &postmaster, &reason)) {
    error = std::string("postmaster_address: ") + reason;
    return false;
  }
  from = std::string(postmaster->mailbox) + "@" + postmaster->domain;
  hostname = user->set->hostname;
  return true;
}

bool Submission::read_sender(mail_user *user, std::string &error) {
  return !settings_->from.empty() ||
         read_postmaster(user, settings_->from, settings_->hostname, error);
}

MailHead Submission::head_to(const std::string &to) const {
  DataStackFrame frame;
  guid_128_t unique;
  guid_128_generate(unique);
  return {settings_->from, to, message_date_create(ioloop_time), settings_->hostname,
          guid_128_to_string(unique)};
}

bool Submission::send(const std::string &to, const std::string &message, std::string &error) const {
  return submit(to, message, error) == Result::taken;
}

Submission::Result Submission::submit(const std::string &to, const std::string &message,
                                      std::string &error) const {
  DataStackFrame frame;
  smtp_address *recipient;
  const char *reason;
  if (smtp_address_parse_mailbox(pool_datastack_create(), to.c_str(),
                                 static_cast<smtp_address_parse_flags>(0), &recipient,
                                 &reason) < 0) {
    error = "\"" + to + "\" is no address: " + reason;
    return Result::refused;
  }
  smtp_submit_input input{};
#ifdef SMIME_DOVECOT_24
  input.event_parent = settings_->event.get();
  smtp_submit *session = smtp_submit_init_simple(&input, settings_->submit.get(), nullptr);
#else
  input.ssl = settings_->ssl;
  input.allow_root = TRUE;
  smtp_submit *session = smtp_submit_init_simple(&input, &settings_->submit, nullptr);
#endif
  smtp_submit_add_rcpt(session, recipient);
  ostream *stream = smtp_submit_send(session);
  o_stream_nsend(stream, message.data(), message.size());
  int ret = smtp_submit_run(session, &reason);
  if (ret <= 0)
    error = std::string(ret < 0 ? "sending mail failed for now: " : "the mail was refused: ") +
            reason + " (see submission_host and sendmail_path)";
  smtp_submit_deinit(&session);
  return ret > 0 ? Result::taken : ret == 0 ? Result::refused : Result::failed;
}

} // namespace smime
