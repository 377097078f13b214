#include "submit.h"

#include "dovecot-ptr.h"

extern "C" {
#include "iostream-ssl.h"
#include "master-service-settings.h"
#include "master-service.h"
#include "message-address.h"
#include "message-date.h"
#include "settings-parser.h"
#include "smtp-address.h"
#include "smtp-submit.h"
}

namespace smime {

struct Submission::Settings {
  pool_t pool = nullptr;
  const smtp_submit_settings *submit = nullptr;

  Settings() : pool(pool_alloconly_create("smime submission settings", 1024)) {}
  ~Settings() { pool_unref(&pool); }
  Settings(const Settings &) = delete;
  Settings &operator=(const Settings &) = delete;
};

Submission::~Submission() = default;

std::unique_ptr<Submission> Submission::create(std::string &error) {
  const setting_parser_info *roots[] = {&smtp_submit_setting_parser_info, nullptr};
  master_service_settings_input input{};
  input.roots = roots;
  // Postmasters set these for the deliveries: protocol lda { }.
  input.module = "lda";
  input.service = "lda";
  input.preserve_home = TRUE;
  master_service_settings_output output;
  const char *reason;
  // What others read before stays valid.
  (void)master_service_settings_detach(master_service);
  if (master_service_settings_read(master_service, &input, &output, &reason) < 0) {
    error = std::string("reading submission_host and sendmail_path failed: ") + reason;
    return nullptr;
  }
  std::unique_ptr<Submission> result(new Submission);
  result->settings_ = std::make_unique<Settings>();
  result->settings_->submit = static_cast<const smtp_submit_settings *>(
      settings_dup(&smtp_submit_setting_parser_info,
                   master_service_settings_get_others(master_service)[0],
                   result->settings_->pool));
  return result;
}

bool Submission::fill_head(mail_user *user, const std::string &to, MailHead &head,
                           std::string &error) const {
  DataStackFrame frame;
  const message_address *postmaster;
  const char *reason;
  if (!mail_user_set_get_postmaster_address(user->set, &postmaster, &reason)) {
    error = std::string("postmaster_address: ") + reason;
    return false;
  }
  guid_128_t unique;
  guid_128_generate(unique);
  head.from = std::string(postmaster->mailbox) + "@" + postmaster->domain;
  head.to = to;
  head.date = message_date_create(ioloop_time);
  head.hostname = user->set->hostname;
  head.unique = guid_128_to_string(unique);
  return true;
}

bool Submission::send(mail_user *user, const std::string &to, const std::string &message,
                      std::string &error) const {
  DataStackFrame frame;
  smtp_address *recipient;
  const char *reason;
  if (smtp_address_parse_mailbox(pool_datastack_create(), to.c_str(),
                                 static_cast<smtp_address_parse_flags>(0), &recipient,
                                 &reason) < 0) {
    error = "\"" + to + "\" is no address: " + reason;
    return false;
  }
  ssl_iostream_settings ssl;
  mail_user_init_ssl_client_settings(user, &ssl);
  smtp_submit_input input{};
  input.ssl = &ssl;
  input.event_parent = user->event;
  input.allow_root = TRUE;
  smtp_submit *submit = smtp_submit_init_simple(&input, settings_->submit, nullptr);
  smtp_submit_add_rcpt(submit, recipient);
  ostream *stream = smtp_submit_send(submit);
  o_stream_nsend(stream, message.data(), message.size());
  int ret = smtp_submit_run(submit, &reason);
  if (ret <= 0)
    error = std::string(ret < 0 ? "sending mail failed for now: " : "the mail was refused: ") +
            reason + " (see submission_host and sendmail_path)";
  smtp_submit_deinit(&submit);
  return ret > 0;
}

} // namespace smime
