#include "user-context.h"

#include "dovecot-ptr.h"
#include "exclusions.h"
#include "settings-dovecot.h"

namespace smime {
namespace {

MODULE_CONTEXT_DEFINE_INIT(smime_user_module, &mail_user_module_register);

void user_deinit(mail_user *user) noexcept {
  UserContext *context = user_context(user);
  auto super_deinit = context->module_ctx.super.deinit;
  MODULE_CONTEXT_UNSET(user, smime_user_module);
  delete context;
  super_deinit(user);
}

// Mail is deferred in the deliver hook; here the operator is told, and users
// can go on to read what they have.
void log_errors(mail_user *user, const Settings &settings) {
  for (const std::string &error : settings.errors)
    e_error(user->event,
            "smime: %s. Deliveries are deferred until this is mended; "
            "see doveadm smime status",
            error.c_str());
}

} // namespace

UserContext *user_context(mail_user *user) {
  return static_cast<UserContext *>(MODULE_CONTEXT(user, smime_user_module));
}

void user_created(mail_user *user) noexcept {
  if (user->autocreated)
    return;
  bool ok = guarded("reading the settings", false, [&] {
    auto context = std::make_unique<UserContext>();
    context->settings = settings_of_user(user);
    log_errors(user, *context->settings);
    context->edits_in_session = user->service == nullptr ||
                                (strcmp(user->service, "lmtp") != 0 &&
                                 strcmp(user->service, "lda") != 0);
    context->client_session = user->service != nullptr && strcmp(user->service, "imap") == 0;
    mail_user_vfuncs *v = user->vlast;
    context->module_ctx.super = *v;
    user->vlast = &context->module_ctx.super;
    v->deinit = user_deinit;
    MODULE_CONTEXT_SET(user, smime_user_module, context.get());
    exclude_quarantine(user, *context->settings);
    (void)context.release();
    return true;
  });
  if (!ok)
    user->error = "smime: reading the settings failed";
}

} // namespace smime
