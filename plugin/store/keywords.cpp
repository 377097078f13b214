#include "plugin/store/keywords.h"

#include "plugin/store/own-save.h"

#include <numeric>
#include <utility>
#include <vector>

namespace smime {
namespace {

std::vector<const char *> report_keywords(const Report &report, const std::string &flag) {
  std::vector<const char *> names;
  // A signed file in a message that nobody signed has the class, and no status.
  if (report.signature != SignatureStatus::unknown &&
      (report.classes.has(MessageClass::signed_) ||
       report.classes.has(MessageClass::opaque_signed)))
    names.push_back("$SMIMESigned");
  if (report.signature == SignatureStatus::signed_verified ||
      report.signature == SignatureStatus::encrypted_signed_verified)
    names.push_back("$SMIMEVerified");
  if (report.signature == SignatureStatus::signed_failed ||
      report.signature == SignatureStatus::encrypted_signed_failed)
    names.push_back("$SMIMEFailed");
  if (report.classes.has(MessageClass::encrypted))
    names.push_back("$SMIMEEncrypted");
  if (!report.uninspectable.empty())
    names.push_back("$Uninspected");
  if (!flag.empty())
    names.push_back(flag.c_str());
  return names;
}

// What Sieve or the client set already.
void append_present(const mail_save_context *save, std::vector<const char *> &names) {
  const mail_keywords *present = save->data.keywords;
  if (present == nullptr)
    return;
  const ARRAY_TYPE(keywords) *all = mail_index_get_keywords(save->transaction->box->index);
  for (unsigned i = 0; i < present->count; i++)
    names.push_back(*array_idx(all, present->idx[i]));
}

// In place of those that are set.
void set(mail_save_context *save, std::vector<const char *> names) {
  names.push_back(nullptr);
  mail_keywords *keywords = mailbox_keywords_create_valid(save->transaction->box, names.data());
  auto flags = static_cast<mail_flags>(save->data.flags | save->data.pvt_flags);
  mailbox_save_set_flags(save, flags, keywords);
  mailbox_keywords_unref(&keywords);
}

void add(mail_save_context *save, std::vector<const char *> names) {
  if (names.empty())
    return;
  append_present(save, names);
  set(save, std::move(names));
}

} // namespace

std::vector<std::string> keywords_for(const mail_save_context *save, const Report &report,
                                      const std::string &flag) {
  std::vector<const char *> names = report_keywords(report, flag);
  append_present(save, names);
  return {names.begin(), names.end()};
}

std::vector<std::string> keywords_of_save(const mail_save_context *save) {
  std::vector<const char *> names;
  append_present(save, names);
  return {names.begin(), names.end()};
}

std::vector<std::string> keywords_of_report(const Report &report, const std::string &flag) {
  std::vector<const char *> names = report_keywords(report, flag);
  return {names.begin(), names.end()};
}

std::vector<std::string> keywords_of(mail *m) {
  std::vector<std::string> names;
  for (const char *const *name = mail_get_keywords(m); *name != nullptr; name++)
    names.emplace_back(*name);
  return names;
}

KeywordsPtr change_keyword(mailbox *box, const mail_keywords *keywords, const std::string &name,
                           bool wanted) {
  const ARRAY_TYPE(keywords) *all = mail_index_get_keywords(box->index);
  std::vector<const char *> names;
  for (unsigned i = 0; i < keywords->count; i++) {
    const char *keyword = *array_idx(all, keywords->idx[i]);
    // Dovecot takes no account of case.
    if (strcasecmp(keyword, name.c_str()) != 0)
      names.push_back(keyword);
  }
  if (wanted)
    names.push_back(name.c_str());
  names.push_back(nullptr);
  return KeywordsPtr(mailbox_keywords_create_valid(box, names.data()));
}

void add_keyword_to_stored(mail_user *user, const std::string &mailbox, seq_range uids,
                           const std::string &flag) {
  std::vector<std::uint32_t> all(uids.seq2 - uids.seq1 + 1);
  std::iota(all.begin(), all.end(), uids.seq1);
  std::string ignored;
  (void)add_keyword_to_stored(user, mailbox, all, flag, ignored);
}

bool add_keyword_to_stored(mail_user *user, const std::string &mailbox,
                           const std::vector<std::uint32_t> &uids, const std::string &flag,
                           std::string &error) {
  MailboxPtr box = alloc_mailbox(user, mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (mailbox_open(box.get()) < 0 ||
      mailbox_sync(box.get(), static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box.get());
    return false;
  }
  Transaction transaction(box.get(), static_cast<mailbox_transaction_flags>(0), "smime");
  const char *names[] = {flag.c_str(), nullptr};
  mail_keywords *keywords = mailbox_keywords_create_valid(box.get(), names);
  mail *m = mail_alloc(transaction.get(), static_cast<mail_fetch_field>(0), nullptr);
  for (std::uint32_t uid : uids) {
    if (mail_set_uid(m, uid))
      mail_update_keywords(m, MODIFY_ADD, keywords);
  }
  mail_free(&m);
  mailbox_keywords_unref(&keywords);
  bool ok = transaction.commit() == 0;
  if (!ok)
    error = last_error(box.get());
  return ok;
}

void remove_keyword(mail_save_context *save, const std::string &name) {
  std::vector<const char *> names;
  append_present(save, names);
  std::erase_if(names, [&](const char *present) { return name == present; });
  set(save, std::move(names));
}

void add_keyword(mail_save_context *save, const std::string &name) { add(save, {name.c_str()}); }

void add_keywords(mail_save_context *save, const Report &report, const std::string &flag) {
  add(save, report_keywords(report, flag));
}

} // namespace smime
