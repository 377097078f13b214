#include "plugin/hooks/smime-plugin.h"

#include "plugin/delivery/delivery.h"
#include "plugin/delivery/lmtp-reply.h"
#include "plugin/dovecot/compat.h"
#include "plugin/hooks/current-mail.h"
#include "plugin/hooks/mailbox.h"
#include "plugin/hooks/user.h"
#include "plugin/quarantine/guard.h"
#include "plugin/scan/scanner-client.h"

namespace {

mail_storage_hooks make_hooks() {
  mail_storage_hooks hooks{};
  hooks.mail_user_created = smime::user_created;
  hooks.mailbox_list_created = smime::mailbox_list_created;
  hooks.mailbox_allocated = smime::mailbox_allocated;
  hooks.mailbox_opened = smime::mailbox_opened;
  hooks.mail_allocated = smime::mail_allocated;
  return hooks;
}

const mail_storage_hooks hooks = make_hooks();

} // namespace

const char *smime_plugin_version = DOVECOT_ABI_VERSION;

void smime_plugin_init(struct module *module) {
  mail_storage_hooks_add(module, &hooks);
  smime::delivery_init();
  smime::lmtp_reply_init();
}

void smime_plugin_deinit(void) {
  smime::lmtp_reply_deinit();
  smime::delivery_deinit();
  mail_storage_hooks_remove(&hooks);
  smime::close_scanner_connection();
}
