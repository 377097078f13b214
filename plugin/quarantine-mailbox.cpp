#include "quarantine-mailbox.h"

#include "keywords.h"
#include "mailbox-context.h"
#include "protected-content.h"
#include "quarantine.h"
#include "user-context.h"

#include <algorithm>
#include <string_view>

namespace smime {

std::string last_error(mailbox *box) { return mailbox_get_last_internal_error(box, nullptr); }

std::string canonical_sha256(istream *input, std::string &error) {
  auto digest = digest_stream(input, error);
  return digest ? to_hex(*digest) : std::string();
}

MailboxPtr alloc_mailbox(mail_user *user, const std::string &name, unsigned flags) {
  mail_namespace *ns = mail_namespace_find(user->namespaces, name.c_str());
  return MailboxPtr(
      mailbox_alloc(ns->list, name.c_str(), static_cast<mailbox_flags>(flags)));
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
  OwnSaveUnderWay(mailbox *box, const OwnSave &own) : context_(mailbox_context(box)) {
    context_->own_save = &own;
  }
  OwnSaveUnderWay(const OwnSaveUnderWay &) = delete;
  ~OwnSaveUnderWay() { context_->own_save = nullptr; }

private:
  MailboxContext *context_;
};

} // namespace

bool save_stream(mailbox *box, istream *input, const SaveData &data, std::string &error) {
  OwnSave own{input, data.content};
  OwnSaveUnderWay under_way(box, own);
  Transaction transaction(box, MAILBOX_TRANSACTION_FLAG_EXTERNAL, "smime");
  mail_save_context *save = mailbox_save_alloc(transaction.get());
  if (data.received_date != static_cast<time_t>(-1))
    mailbox_save_set_received_date(save, data.received_date, 0);
  if (!data.from_envelope.empty())
    mailbox_save_set_from_envelope(save, data.from_envelope.c_str());
  if (!data.guid.empty())
    mailbox_save_set_guid(save, data.guid.c_str());
  set_keywords(save, data.keywords);
  mailbox_context(box)->mark_released = data.released;
  if (mailbox_save_begin(&save, input) < 0) {
    error = last_error(box);
    return false;
  }
  ssize_t ret;
  do {
    if (mailbox_save_continue(save) < 0) {
      error = last_error(box);
      mailbox_save_cancel(&save);
      return false;
    }
    ret = i_stream_read(input);
  } while (ret > 0);
  if (input->stream_errno != 0 || ret == 0) {
    error = std::string("reading the message failed: ") + i_stream_get_error(input);
    mailbox_save_cancel(&save);
    return false;
  }
  if (mailbox_save_finish(&save) < 0 || transaction.commit() < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

std::optional<ParsedBlock> read_block(istream *input) {
  std::size_t size = 0;
  const unsigned char *data = nullptr;
  std::size_t wanted = 4096;
  for (;;) {
    int ret = i_stream_read_bytes(input, &data, &size, wanted);
    std::string_view text(reinterpret_cast<const char *>(data), size);
    auto block = parse_block(text);
    if (block || ret <= 0 || size >= max_block_size)
      return block;
    // Messages that were never quarantined are told by their first byte.
    if (!text.starts_with("X-SMIME-Quarantine-Id: "))
      return std::nullopt;
    wanted = size * 2;
  }
}

StreamPtr open_original(istream *stored, const ParsedBlock &block) {
  i_stream_seek(stored, block.size);
  return StreamPtr(i_stream_create_limit(stored, UOFF_T_MAX));
}

bool has_guid(mailbox *box, const std::string &guid, bool &found, std::string &error) {
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
  mail_search_context *search = mailbox_search_init(
      transaction.get(), arguments.get(), nullptr, static_cast<mail_fetch_field>(0), nullptr);
  mail *found_mail;
  found = mailbox_search_next(search, &found_mail);
  if (mailbox_search_deinit(&search) < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

bool has_original(mailbox *box, time_t received, const std::string &sha256, bool &found,
                  std::string &error) {
  found = false;
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return false;
  }
  Transaction transaction(box, static_cast<mailbox_transaction_flags>(0), "smime");
  SearchArgsPtr arguments(mail_search_build_init());
  mail_search_build_add_all(arguments.get());
  mail_search_context *search = mailbox_search_init(transaction.get(), arguments.get(), nullptr,
                                                    MAIL_FETCH_RECEIVED_DATE, nullptr);
  mail *candidate;
  while (!found && mailbox_search_next(search, &candidate)) {
    DataStackFrame frame;
    time_t date;
    istream *input;
    if (mail_get_received_date(candidate, &date) < 0 || date != received ||
        mail_get_stream(candidate, nullptr, nullptr, &input) < 0)
      continue;
    i_stream_seek(input, 0);
    found = canonical_sha256(input, error) == sha256;
  }
  if (mailbox_search_deinit(&search) < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

bool find_released(mail_user *user, const std::string &mailbox, mail *quarantined,
                   const ParsedBlock &block, bool &there, std::string &error) {
  // In sessions of their own: the caller has transactions open.
  MailboxPtr target = alloc_mailbox(user, mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (!open_or_create(target.get(), error) ||
      !has_guid(target.get(), released_guid(block.record.id), there, error))
    return false;
  if (there)
    return true;
  auto keywords = keywords_of(quarantined);
  if (std::find(keywords.begin(), keywords.end(), releasing_keyword) == keywords.end()) {
    InternalAccess access(user);
    add_keyword_to_stored(user, quarantined->box->vname, {quarantined->uid, quarantined->uid},
                          releasing_keyword);
    return true;
  }
  time_t received;
  if (mail_get_received_date(quarantined, &received) < 0) {
    error = last_error(quarantined->box);
    return false;
  }
  return has_original(target.get(), received, block.record.sha256, there, error);
}

bool is_original(istream *stored, const ParsedBlock &block, std::string &error) {
  std::string digest = canonical_sha256(open_original(stored, block).get(), error);
  i_stream_seek(stored, block.size);
  if (digest.empty())
    return false;
  if (digest == block.record.sha256)
    return true;
  error = "the stored message is not the original any more (its SHA-256 is " + digest +
          ", X-SMIME-Quarantine-SHA256 says " + block.record.sha256 +
          "); it stays in the quarantine";
  return false;
}

} // namespace smime
