#include "plugin/settings/user-context.h"

#include "plugin/dovecot/session.h"

#include <utility>

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

} // namespace

UserContext *user_context(mail_user *user) {
  return static_cast<UserContext *>(MODULE_CONTEXT(user, smime_user_module));
}

void attach_user_context(mail_user *user, std::shared_ptr<const Settings> settings) {
  auto context = std::make_unique<UserContext>();
  context->settings = std::move(settings);
  context->edits_in_session = !delivers(user);
  context->client_session = service_of(user) == "imap";
  mail_user_vfuncs *v = user->vlast;
  context->module_ctx.super = *v;
  user->vlast = &context->module_ctx.super;
  v->deinit = user_deinit;
  MODULE_CONTEXT_SET(user, smime_user_module, context.get());
  (void)context.release();
}

} // namespace smime
