#include "plugin/store/own-save.h"

#include "plugin/dovecot/say.h"
#include "plugin/store/mailbox-context.h"

namespace smime {

std::string last_error(mailbox *box) { return mailbox_get_last_internal_error(box, nullptr); }

MailboxPtr alloc_mailbox(mail_user *user, const std::string &name, unsigned flags) {
  mail_namespace *ns = mail_namespace_find(user->namespaces, name.c_str());
  return MailboxPtr(mailbox_alloc(ns->list, name.c_str(), static_cast<mailbox_flags>(flags)));
}

bool open_or_create(mailbox *box, std::string &error) {
  if (mailbox_open(box) == 0)
    return true;
  mail_error code;
  error = mailbox_get_last_internal_error(box, &code);
  if (code != MAIL_ERROR_NOTFOUND)
    return false;
  if (mailbox_create(box, nullptr, FALSE) < 0) {
    error = mailbox_get_last_internal_error(box, &code);
    // Another delivery may have been faster.
    if (code != MAIL_ERROR_EXISTS)
      return false;
  }
  if (mailbox_open(box) == 0)
    return true;
  error = last_error(box);
  return false;
}

namespace {

void set_keywords(mail_save_context *save, const std::vector<std::string> &keywords) {
  if (keywords.empty())
    return;
  std::vector<const char *> names;
  for (const std::string &keyword : keywords)
    names.push_back(keyword.c_str());
  names.push_back(nullptr);
  mail_keywords *list = mailbox_keywords_create_valid(save->transaction->box, names.data());
  mailbox_save_set_flags(save, static_cast<mail_flags>(0), list);
  mailbox_keywords_unref(&list);
}

class OwnSaveUnderWay {
public:
  OwnSaveUnderWay(mailbox *box, OwnSave &own) : context_(mailbox_context(box)) {
    context_->own_save = &own;
  }
  OwnSaveUnderWay(const OwnSaveUnderWay &) = delete;
  ~OwnSaveUnderWay() { context_->own_save = nullptr; }

private:
  MailboxContext *context_;
};

enum class Fed : unsigned char {
  whole,
  refused, // by the storage, which has the error
  unread,  // the input has the error, or stopped before its end
};

// Puts all of input into the save. Nothing but the input's end is its end.
Fed feed(mail_save_context *save, istream *input) {
  ssize_t ret;
  do {
    if (mailbox_save_continue(save) < 0)
      return Fed::refused;
    ret = i_stream_read(input);
  } while (ret > 0);
  return input->stream_errno == 0 && ret == -1 ? Fed::whole : Fed::unread;
}

} // namespace

void set_save_data(mail_save_context *save, const SaveData &data) {
  if (data.received_date != static_cast<time_t>(-1))
    mailbox_save_set_received_date(save, data.received_date, 0);
  if (!data.from_envelope.empty())
    mailbox_save_set_from_envelope(save, data.from_envelope.c_str());
  if (!data.guid.empty())
    mailbox_save_set_guid(save, data.guid.c_str());
  mailbox_context(save->transaction->box)->mark_released = data.released;
}

SaveResult save_stream(mailbox *box, istream *input, const SaveData &data, std::string &error) {
  OwnSave own{input, &data};
  OwnSaveUnderWay under_way(box, own);
  Transaction transaction(box, MAILBOX_TRANSACTION_FLAG_EXTERNAL, "smime");
  mail_save_context *save = mailbox_save_alloc(transaction.get());
  set_save_data(save, data);
  set_keywords(save, data.keywords);
  auto fail = [&](const std::string &text) {
    error = text;
    return own.changed ? SaveResult::changed : SaveResult::failed;
  };
  if (mailbox_save_begin(&save, input) < 0)
    return fail(last_error(box));
  auto fed = feed(save, input);
  if (fed != Fed::whole) {
    error = fed == Fed::refused
                ? last_error(box)
                : std::string("reading the message failed: ") + i_stream_get_error(input);
    mailbox_save_cancel(&save);
    return SaveResult::failed;
  }
  if (mailbox_save_finish(&save) < 0 || transaction.commit() < 0)
    return fail(last_error(box));
  return SaveResult::saved;
}

int save_for_copy(mail_save_context *save, istream *input) {
  save->copying_via_save = TRUE;
  if (mailbox_save_begin(&save, input) < 0) {
    if (save != nullptr)
      mailbox_save_cancel(&save);
    return -1;
  }
  auto fed = feed(save, input);
  if (fed == Fed::unread)
    set_critical(save->transaction->box, std::string("reading what is saved in place of a message "
                                                     "failed: ") +
                                             i_stream_get_error(input));
  if (fed != Fed::whole) {
    mailbox_save_cancel(&save);
    return -1;
  }
  // Not kept longer: where the finish fails, the next save may have the same address.
  MailboxContext *context = mailbox_context(save->transaction->box);
  context->unseen_copy = save;
  int result = mailbox_save_finish(&save);
  context->unseen_copy = nullptr;
  return result;
}

bool look_for_guid(mailbox *box, const std::string &guid, bool &found, std::string &error) {
  found = false;
  mailbox_status status;
  mailbox_get_open_status(box, static_cast<mailbox_status_items>(0), &status);
  if (!status.have_save_guids)
    return true;
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return false;
  }
  Transaction transaction(box, static_cast<mailbox_transaction_flags>(0), "smime");
  SearchArgsPtr arguments(mail_search_build_init());
  mail_search_build_add(arguments.get(), SEARCH_GUID)->value.str =
      p_strdup(arguments->pool, guid.c_str());
  mail_search_context *search = mailbox_search_init(transaction.get(), arguments.get(), nullptr,
                                                    static_cast<mail_fetch_field>(0), nullptr);
  mail *found_mail;
  found = mailbox_search_next(search, &found_mail);
  if (mailbox_search_deinit(&search) < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

} // namespace smime
