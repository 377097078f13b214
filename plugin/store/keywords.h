// The keywords that a delivered message gets from its report.
#ifndef SMIME_KEYWORDS_H
#define SMIME_KEYWORDS_H

#include "plugin/dovecot/compat.h"
#include "common/report.h"

#include <memory>
#include <string>
#include <vector>

struct mail;
struct mail_save_context;
struct mail_user;
struct seq_range;

namespace smime {

// Adds name to the keywords that the save has already. Dovecot leaves out what a mailbox cannot
// keep (mailbox_keywords_create_valid()).
void add_keyword(mail_save_context *save, const std::string &name);

// Adds the report's keywords, and flag if it is not empty.
void add_keywords(mail_save_context *save, const Report &report, const std::string &flag);

// What add_keywords() would leave.
std::vector<std::string> keywords_for(const mail_save_context *save, const Report &report,
                                      const std::string &flag);

// Those that the save has.
std::vector<std::string> keywords_of_save(const mail_save_context *save);

// The report's, and flag if it is not empty.
std::vector<std::string> keywords_of_report(const Report &report, const std::string &flag);

// Takes name off those that the save has.
void remove_keyword(mail_save_context *save, const std::string &name);

// Those that a stored message has.
std::vector<std::string> keywords_of(mail *m);

struct KeywordsUnref {
  void operator()(mail_keywords *keywords) const { mailbox_keywords_unref(&keywords); }
};
using KeywordsPtr = std::unique_ptr<mail_keywords, KeywordsUnref>;

// The keywords with or without this one.
KeywordsPtr change_keyword(mailbox *box, const mail_keywords *keywords, const std::string &name,
                           bool wanted);

// Adds flag to stored messages, through a session of its own with the mailbox.
void add_keyword_to_stored(mail_user *user, const std::string &mailbox, seq_range uids,
                           const std::string &flag);
// The same of any messages, all or none. False with error set unless that is on disk.
bool add_keyword_to_stored(mail_user *user, const std::string &mailbox,
                           const std::vector<std::uint32_t> &uids, const std::string &flag,
                           std::string &error);

} // namespace smime

#endif
