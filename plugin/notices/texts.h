// The texts of notices in one language, from the files of a directory that the operator may
// change: "held.txt", whose first line is "Subject: ...", and "held.html"; "decided.txt" and
// "decided.html", for who asked for a message; "others.txt" and "sender.txt", for the addresses
// that a rule names and for the sender, without HTML; and "words", which says in plain words why
// mail is held. No Dovecot header.
#ifndef SMIME_NOTICES_TEXTS_H
#define SMIME_NOTICES_TEXTS_H

#include "plugin/notices/template.h"

#include "common/report.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// What the files may name; see dovecot-smime(7), NOTICES.
const Vocabulary &notice_vocabulary();
// The keys of "words".
std::vector<std::string_view> reason_words();

struct NoticeTemplates {
  Template subject;
  Template text;
  Template html;
};

struct PlainTemplates {
  Template subject;
  Template text;
};

struct NoticeTexts {
  NoticeTemplates held;
  NoticeTemplates decided;
  PlainTemplates others;
  PlainTemplates sender;
  std::map<std::string, std::string, std::less<>> words;
};

// Of directory/language. Nullopt with errors set, one sentence each: "FILE: line N: ...".
std::optional<NoticeTexts> read_notice_texts(const std::string &directory,
                                             const std::string &language,
                                             std::vector<std::string> &errors);

// "KEY = TEXT" a line, one for each of reason_words(). Nullopt with error set.
std::optional<std::map<std::string, std::string, std::less<>>> parse_words(std::string_view text,
                                                                           std::string &error);

// Why a message is held, in the words of the language: those for what no scanner could look
// into, for malware, damage and broken signatures; those of "other" where it is nothing of it.
std::string why_held(const NoticeTexts &texts, const Report *report);

} // namespace smime

#endif
