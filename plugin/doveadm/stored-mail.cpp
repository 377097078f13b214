#include "plugin/doveadm/stored-mail.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"

extern "C" {
#include "doveadm-mail-iter.h"
#include "doveadm-mailbox-list-iter.h"
}

namespace smime {
namespace {

int look_at_mailbox(doveadm_mail_cmd_context *context, const mailbox_info *info, mail_user *user,
                    const LookAtMail &look) {
  doveadm_mail_iter *iteration;
  if (doveadm_mail_iter_init(context, info, context->search_args, MAIL_FETCH_STREAM_BODY, nullptr,
                             static_cast<doveadm_mail_iter_flags>(0), &iteration) < 0)
    return -1;
  int ret = 0;
  mail *m;
  while (doveadm_mail_iter_next(iteration, &m)) {
    DataStackFrame frame;
    std::string error;
    look(m, info->vname, error);
    if (error.empty() || m->expunged)
      continue;
    log_error(user->event, std::string("mailbox ") + info->vname + " uid " +
                               std::to_string(m->uid) + ": " + error);
    doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
    ret = -1;
  }
  return doveadm_mail_iter_deinit(&iteration) < 0 ? -1 : ret;
}

} // namespace

int look_at_stored_mail(doveadm_mail_cmd_context *context, mail_user *user,
                        const LookAtMail &look) {
  auto flags = static_cast<mailbox_list_iter_flags>(MAILBOX_LIST_ITER_NO_AUTO_BOXES |
                                                    MAILBOX_LIST_ITER_RETURN_NO_FLAGS);
  doveadm_mailbox_list_iter *iteration =
      doveadm_mailbox_list_iter_init(context, user, context->search_args, flags);
  int ret = 0;
  const mailbox_info *info;
  while ((info = doveadm_mailbox_list_iter_next(iteration)) != nullptr) {
    DataStackFrame frame;
    if (look_at_mailbox(context, info, user, look) < 0)
      ret = -1;
  }
  return doveadm_mailbox_list_iter_deinit(&iteration) < 0 ? -1 : ret;
}

} // namespace smime
