#include "plugin/doveadm/release.h"

#include "plugin/doveadm/compat.h"
#include "plugin/doveadm/root-again.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/release-copy.h"

extern "C" {
#include "master-service.h"
}

namespace smime {

istream *open_checked(mail *quarantined, const ParsedBlock &block, std::string &error) {
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0) {
    error = last_error(quarantined->box);
    return nullptr;
  }
  return is_original(stored, block, error) ? stored : nullptr;
}

bool may_go_to(mail_user *user, mail *quarantined, const QuarantineRecord &record, bool named,
               std::string &error) {
  bool central = is_central(quarantined->box);
  if (may_be_given_to(record, user->username, central) || (named && !central))
    return true;
  error = "it was held for " + recipient_of(record) + ", not for " + user->username +
          ": doveadm smime quarantine release -u " + recipient_of(record) + " " + record.id;
  if (!central)
    error += " (or, if both are one, -u " + std::string(user->username) + " --mailbox MAILBOX)";
  return false;
}

ReleaseResult release_message(mail_user *user, const Settings &settings, const std::string &mailbox,
                              mail *quarantined, const ParsedBlock &block, std::string &error) {
  if (mailbox == quarantined->box->vname || mailbox == settings.quarantine_mailbox) {
    error = "the message cannot be released into the quarantine itself";
    return ReleaseResult::failed;
  }
  istream *stored = open_checked(quarantined, block, error);
  if (stored == nullptr)
    return ReleaseResult::failed;
  auto release = begin_release(user, quarantined, block, error);
  if (!release)
    return ReleaseResult::failed;
  auto there = is_released_to(user, mailbox, *release, error);
  if (!there)
    return ReleaseResult::failed;
  if (*there)
    return ReleaseResult::was_released;
  MailboxPtr target = alloc_mailbox(user, mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (!open_or_create(target.get(), error))
    return ReleaseResult::failed;
  StreamPtr original = open_sized_original(stored, block);
  return save_stream(target.get(), original.get(), release->data, error) == SaveResult::saved
             ? ReleaseResult::released
             : ReleaseResult::failed;
}

ReleaseResult refilter_message(mail_user *user, mail *quarantined, const ParsedBlock &block,
                               std::string &error) {
  istream *stored = open_checked(quarantined, block, error);
  if (stored == nullptr)
    return ReleaseResult::failed;
  StreamPtr original = open_original(stored, block);
  std::string to = block.record.to.find('@') == std::string::npos ? std::string(user->username)
                                                                  : block.record.to;
  std::string from = block.record.from == "<>" ? "" : block.record.from;
  std::string release = std::string(setting_prefix) + "smime_release=" + block.record.id;
  const char *const arguments[] = {
      "-o", release.c_str(), "-c", master_service_get_config_path(master_service),
      "-d", user->username,  "-f", from.c_str(),
      "-a", to.c_str(),      "-e", nullptr};
  // dovecot-lda is to become the user by itself.
  RootAgain root;
  program_client *lda = create_program(user->event, SMIME_DOVECOT_LDA, arguments);
  program_client_set_input(lda, original.get());
  auto status = program_client_run(lda);
  program_client_destroy(&lda);
  if (status == PROGRAM_CLIENT_EXIT_STATUS_SUCCESS)
    return ReleaseResult::released;
  error = std::string(SMIME_DOVECOT_LDA) + " did not deliver it (see Dovecot's log); it stays in "
                                           "the quarantine";
  return ReleaseResult::failed;
}

} // namespace smime
