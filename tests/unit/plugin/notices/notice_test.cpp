#include "plugin/notices/notice.h"

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <string>
#include <vector>

using namespace smime;

namespace {

// As they are shipped: beside the tests' data.
std::string shipped() {
  return std::string(std::getenv("SMIME_TEST_DATA")) + "/../../conf.d/smime-notices";
}

NoticeTexts texts_of(const std::string &language) {
  std::vector<std::string> errors;
  auto texts = read_notice_texts(shipped(), language, errors);
  CHECK_TEXT(texts.has_value(), errors.empty() ? "" : errors.front().c_str());
  return *texts;
}

NoticeMessage a_message() {
  NoticeMessage message;
  message.id = "0123456789abcdef0123456789abcdef";
  message.time = "2026-11-24T10:00:05Z";
  message.from = "Bob Builder <bob@example.com>";
  message.sender = "bob@example.com";
  message.to = "alice@example.org";
  message.subject = "The plans";
  Report report;
  report.classes = MessageClass::encrypted;
  message.report = report;
  return message;
}

Notice a_notice() {
  return {"postmaster@example.org",          "alice@example.org", "alice",
          "Tue, 24 Nov 2026 12:00:00 +0000", "imap.example.org",  {a_message()}};
}

std::string decode(const std::string &mail) {
  std::string text;
  for (std::size_t i = 0; i < mail.size(); i++) {
    if (mail.compare(i, 3, "=\r\n") == 0)
      i += 2;
    else if (mail[i] == '=' && i + 2 < mail.size() && isxdigit(mail[i + 1]) != 0 &&
             isxdigit(mail[i + 2]) != 0) {
      text += static_cast<char>(std::stoi(mail.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else
      text += mail[i];
  }
  return text;
}

bool has(const std::string &text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string header_of(const std::string &mail) { return mail.substr(0, mail.find("\r\n\r\n") + 2); }

// What any server takes: ASCII in CR LF lines of at most 78, and so many fields.
void check_form(const std::string &mail, std::size_t wanted_fields = 8) {
  std::size_t start = 0;
  for (std::size_t end; (end = mail.find('\n', start)) != std::string::npos; start = end + 1) {
    CHECK(end > start && mail[end - 1] == '\r');
    CHECK(end - start <= 79);
  }
  CHECK_EQUAL(mail.size(), start);
  for (char c : mail)
    CHECK(c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c <= '~'));
  std::size_t fields = 0;
  std::string header = header_of(mail);
  for (std::size_t at = 0; at < header.size(); at = header.find("\r\n", at) + 2)
    fields += header[at] == ' ' ? 0 : 1;
  CHECK_EQUAL(wanted_fields, fields);
}

} // namespace

TEST_GROUP(Notice){};

TEST(Notice, SaysWhoWhatWhenAndWhy) {
  std::string mail = format_notice(texts_of("en"), a_notice());
  check_form(mail);
  std::string header = header_of(mail);
  CHECK(has(header, "From: <postmaster@example.org>\r\nTo: <alice@example.org>\r\n"
                    "Subject: 1 held for review: mail for alice\r\n"
                    "Auto-Submitted: auto-generated\r\n"));
  CHECK(has(header, "Content-Type: multipart/alternative;"));
  std::string text = decode(mail);
  for (const char *part :
       {"Bob Builder <bob@example.com>", "2026-11-24 10:00 UTC", "The plans",
        "It is encrypted (S/MIME), so no scanner can look into it.",
        "0123456789abcdef0123456789abcdef", "<bdi>Bob Builder &lt;bob@example.com&gt;</bdi>"})
    CHECK_TEXT(has(text, part), part);
  // Neither what is not there nor what is said already.
  CHECK_FALSE(has(text, "Sent by") || has(text, "More:") || has(text, "{{"));
}

TEST(Notice, IsThereInTwoLanguages) {
  std::string mail = format_notice(texts_of("de"), a_notice());
  check_form(mail);
  CHECK(has(mail, "Subject: =?utf-8?B?"));
  CHECK(has(decode(mail), "verschl\xc3\xbcsselt (S/MIME)"));
}

TEST(Notice, TellsASenderWhoIsNotTheOneInFrom) {
  Notice notice = a_notice();
  notice.messages[0].sender = "mallory@example.net";
  notice.messages[0].reason = "Ask the helpdesk";
  notice.messages[0].link = "https://desk.example.org/?token=smime1.a.b.c";
  std::string text = decode(format_notice(texts_of("en"), notice));
  CHECK(has(text, "Sent by:  mallory@example.net"));
  CHECK(has(text, "Ask the helpdesk"));
  CHECK(has(text, "More:     https://desk.example.org/?token=smime1.a.b.c"));
  CHECK(has(text, "<a href=\"https://desk.example.org/?token=smime1.a.b.c\">"));
  notice.messages[0].from.clear();
  text = decode(format_notice(texts_of("en"), notice));
  CHECK(has(text, "From:     mallory@example.net"));
}

TEST(Notice, SaysUntilWhen) {
  Notice notice = a_notice();
  CHECK_FALSE(has(decode(format_notice(texts_of("en"), notice)), "Until"));
  notice.messages[0].until = "2026-12-24T10:00:05Z";
  for (const auto &[then, told] : {std::pair{Then::remove, "then it is deleted"},
                                   {Then::release, "then it is delivered"},
                                   {Then::reject, "then it goes back to its sender"}}) {
    notice.messages[0].then = then;
    std::string mail = format_notice(texts_of("en"), notice);
    check_form(mail);
    std::string line = std::string("Until:    2026-12-24 10:00 UTC; ") + told + "\r\n";
    CHECK_TEXT(has(decode(mail), line), line.c_str());
    CHECK_TEXT(has(decode(mail), "2026-12-24 10:00 UTC; " + std::string(told) + "</td>"), told);
  }
}

TEST(Notice, WarnsByAnother) {
  Notice notice = a_notice();
  std::string id = notice_id(notice);
  notice.kind = NoticeKind::warning;
  CHECK(notice_id(notice) != id);
  CHECK(has(format_notice(texts_of("en"), notice),
            "Subject: Not for long: 1 held for review: mail for alice\r\n"));
}

TEST(Notice, TellsWhatWasDecided) {
  Notice notice = a_notice();
  std::string id = notice_id(notice);
  notice.kind = NoticeKind::decision;
  CHECK(notice_id(notice) != id);
  const std::pair<std::optional<Then>, const char *> words[] = {
      {Then::release, "Delivered:"},
      {Then::reject, "it went back to its sender"},
      {Then::remove, "it is deleted"},
      {std::nullopt, "Not held any more"}};
  for (const auto &[decided, word] : words) {
    notice.messages[0].decided = decided;
    std::string mail = format_notice(texts_of("en"), notice);
    check_form(mail);
    CHECK(has(mail, "Subject: Decided on 1 you asked for: mail for alice\r\n"));
    std::string text = decode(mail);
    for (const auto &[other, words_of_it] : words)
      CHECK_EQUAL(other == decided, has(text, words_of_it));
    CHECK(has(text, "0123456789abcdef0123456789abcdef") && has(text, "The plans"));
    check_form(format_notice(texts_of("de"), notice));
  }
}

TEST(Notice, SaysWhatTheRecipientMayDo) {
  Notice notice = a_notice();
  CHECK_FALSE(has(decode(format_notice(texts_of("en"), notice)), "You may"));
  notice.messages[0].may = RecipientMay::request;
  CHECK(has(decode(format_notice(texts_of("en"), notice)),
            "You may ask for it: tell your helpdesk its number."));
  notice.messages[0].may = RecipientMay::release;
  notice.messages[0].link = "https://desk.example/";
  CHECK(has(decode(format_notice(texts_of("en"), notice)),
            "You may have it delivered: follow the link."));
}

TEST(Notice, ListsMany) {
  Notice notice = a_notice();
  for (std::size_t i = 1; i < max_listed + 7; i++) {
    notice.messages.push_back(a_message());
    notice.messages[i].id.replace(0, 4, std::to_string(1000 + i));
  }
  std::string mail = format_notice(texts_of("en"), notice);
  check_form(mail);
  CHECK(has(mail, "Subject: 57 held for review"));
  CHECK(has(decode(mail), "And 7 more."));
  CHECK(has(mail, notice.messages[max_listed - 1].id));
  CHECK_FALSE(has(mail, notice.messages[max_listed].id));
}

TEST(Notice, ThatIsWrittenAgainIsTheSame) {
  Notice notice = a_notice();
  notice.messages.push_back(a_message());
  notice.messages[1].id[0] = 'f';
  std::string id = notice_id(notice);
  CHECK(has(format_notice(texts_of("en"), notice),
            "Message-ID: <" + id + ".notice@imap.example.org>"));
  Notice again = notice;
  std::swap(again.messages[0], again.messages[1]);
  again.date = "Tue, 24 Nov 2026 13:00:00 +0000";
  STRCMP_EQUAL(id.c_str(), notice_id(again).c_str());
  CHECK(format_notice(texts_of("en"), notice) == format_notice(texts_of("en"), notice));
  // The last one names it, so that one that is written again when some were marked is the same.
  again.messages.pop_back();
  STRCMP_EQUAL(id.c_str(), notice_id(again).c_str());
  again = notice;
  again.messages.erase(again.messages.begin());
  again.messages.front().time = "2026-11-24T10:00:04Z";
  again.messages.push_back(notice.messages[0]);
  again.messages.back().id[1] = 'f';
  CHECK(notice_id(again) != id);
  again = notice;
  again.user = "bob";
  CHECK(notice_id(again) != id);
}

TEST(Notice, NothingThatASenderWroteIsMoreThanText) {
  std::string long_text(10000, 'x');
  for (const std::string &text : std::vector<std::string>{
           "a\r\nBcc: mallory@example.net\r\n\r\nbody", "a\nX: y", std::string("a\0b", 3),
           "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{user}}{{#messages}}",
           "\xe2\x80\xae txt.exe \xe2\x80\xac", "\xff\xfe\xc3", "=?utf-8?B?AAAA?=",
           "=0D=0A.\r\n.\r\n", "\x1b[2J\x9b", "--=_" + std::string(32, 'a') + "--", "&lt;b&gt;",
           long_text, std::string(10000, '\xff'), std::string(5000, '\n'), "javascript:alert(1)"}) {
    Notice notice = a_notice();
    NoticeMessage &message = notice.messages[0];
    message.from = message.sender = message.to = message.subject = message.reason = text;
    notice.user = notice.to = notice.hostname = text;
    for (const char *language : {"en", "de"}) {
      std::string mail = format_notice(texts_of(language), notice);
      check_form(mail);
      CHECK(mail.size() < 30000);
      std::string body = decode(mail.substr(mail.find("\r\n\r\n")));
      std::string html = body.substr(body.find("text/html"));
      CHECK_FALSE(has(html, "<script") || has(html, "<img"));
      CHECK_FALSE(has(body, "\xe2\x80\xae") || has(body, "\x1b") || has(body, "\xff") ||
                  has(body, std::string(1, '\0')) || has(body, "\nX: y") || has(body, "\nBcc"));
      CHECK_FALSE(has(body, "<b>&lt;b&gt;"));
      // Two parts, however often their boundary was written.
      std::string mark = "\r\n--=_" + notice_id(notice);
      std::size_t marks = 0;
      for (std::size_t at = mail.find(mark); at != std::string::npos; at = mail.find(mark, at + 1))
        marks++;
      CHECK_EQUAL(3, marks);
    }
  }
}

TEST(Notice, SaysWhyInTheWordsOfTheLanguage) {
  NoticeTexts texts = texts_of("en");
  struct Row {
    const char *expected;
    ClassSet classes;
    ScanVerdict scan = ScanVerdict::clean;
    SignatureStatus signature = SignatureStatus::unknown;
  };
  for (const Row &row : std::vector<Row>{
           {"encrypted (PGP)", MessageClass::pgp_encrypted},
           {"archive with a password", MessageClass::encrypted_archive, ScanVerdict::uninspectable},
           {"look into a part", MessageClass::plain, ScanVerdict::uninspectable},
           {"found malware", MessageClass::plain, ScanVerdict::infected},
           {"signature does not hold", MessageClass::signed_, ScanVerdict::clean,
            SignatureStatus::signed_failed},
           {"A rule of your organisation", MessageClass::plain},
           {"It is damaged. Its signature does not hold.",
            ClassSet(MessageClass::malformed) | MessageClass::signed_, ScanVerdict::clean,
            SignatureStatus::signed_failed},
       }) {
    Report report;
    report.classes = row.classes;
    report.scan = row.scan;
    report.signature = row.signature;
    std::string why = why_held(texts, &report);
    CHECK_TEXT(has(why, row.expected), why.c_str());
    CHECK_EQUAL(has(row.expected, "look into a part"), has(why, "look into a part"));
  }
  STRCMP_CONTAINS("A rule", why_held(texts, nullptr).c_str());
}

TEST(Notice, WordsAreRefusedWithLineAndKey) {
  std::string all;
  for (std::string_view key : reason_words())
    all += std::string(key) + " = text\n";
  std::string error;
  CHECK(parse_words("# comment\n\n" + all, error).has_value());
  for (auto [text, word] : std::vector<std::pair<std::string, const char *>>{
           {"", "there is no "},
           {all + "encryptd = x\n", "line 12: \"encryptd\" is no key"},
           {all + "other = x\n", "line 12: other stands there twice"},
           {"other =\n", "line 1: other has no text"},
           {"other\n", "line 1: other has no text"},
           {"other = \xe4\n", "line 1: other has what is no UTF-8"},
       }) {
    CHECK_FALSE(parse_words(text, error).has_value());
    CHECK_TEXT(has(error, word), error.c_str());
  }
}

TEST(Notice, ALanguageThatIsNotThereIsTold) {
  std::vector<std::string> errors;
  CHECK_FALSE(read_notice_texts(shipped(), "xx", errors).has_value());
  CHECK_EQUAL(7, errors.size());
  CHECK(has(errors[0], "xx/held.txt"));
}

TEST(Notice, WhatGoesOutIsTextAndSaysThatNobodyWroteIt) {
  for (const char *language : {"en", "de"}) {
    Notice notice = a_notice();
    notice.kind = NoticeKind::others;
    notice.to = "help@example.org";
    std::string mail = format_notice(texts_of(language), notice);
    check_form(mail, 9);
    std::string header = header_of(mail);
    for (const char *field : {"To: <help@example.org>\r\n", "Auto-Submitted: auto-generated\r\n",
                              "Content-Type: text/plain; charset=utf-8\r\n"})
      CHECK_TRUE_TEXT(has(header, field), header.c_str());
    CHECK_TRUE(has(header, notice_id(notice) + ".others@imap.example.org>"));
    std::string text = decode(mail);
    CHECK_TRUE(has(text, "doveadm smime quarantine show -u alice " + notice.messages[0].id));
    CHECK_TRUE(has(text, "The plans"));
    notice.messages[0].subject.clear();
    CHECK_FALSE(has(decode(format_notice(texts_of(language), notice)), "The plans"));
  }
}

TEST(Notice, TheSenderLearnsNoNameOfAnAccount) {
  for (const char *language : {"en", "de"}) {
    Notice notice = a_notice();
    notice.kind = NoticeKind::sender;
    notice.user = "account-7";
    notice.to = "bob@example.com";
    std::string mail = format_notice(texts_of(language), notice);
    check_form(mail, 9);
    CHECK_TRUE(has(header_of(mail), "Auto-Submitted: auto-replied\r\n"));
    CHECK_FALSE(has(decode(mail), "account-7"));
    CHECK_FALSE(has(decode(mail), "doveadm"));
    CHECK_TRUE(has(decode(mail), "alice@example.org"));
  }
}

TEST(Notice, EachThatGoesOutHasItsOwnId) {
  Notice one = a_notice();
  one.kind = NoticeKind::others;
  one.to = "help@example.org";
  Notice other = one;
  other.to = "HELP@example.org";
  CHECK_TRUE(notice_id(one) == notice_id(other));
  other.to = "desk@example.org";
  CHECK_FALSE(notice_id(one) == notice_id(other));
  other = one;
  other.kind = NoticeKind::sender;
  CHECK_FALSE(notice_id(one) == notice_id(other));
}
