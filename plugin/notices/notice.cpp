#include "plugin/notices/notice.h"

#include "common/ascii.h"
#include "common/safe-text.h"
#include "common/sha256.h"
#include "plugin/notices/mail-encoding.h"

#include <algorithm>
#include <tuple>

namespace smime {
namespace {

constexpr std::size_t id_digits = 32;
constexpr std::size_t max_subject = 200;

// "2026-11-24T10:00:00Z" as people write it.
std::string time_text(const std::string &time) {
  if (time.size() < 16)
    return time;
  return time.substr(0, 10) + " " + time.substr(11, 5) + " UTC";
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-';
}

std::string host_of(const std::string &hostname) {
  bool ok = !hostname.empty() && hostname.size() <= 255 &&
            std::all_of(hostname.begin(), hostname.end(), is_host_character);
  return ok ? hostname : "localhost";
}

// Whether the header's From tells the envelope's sender already.
bool is_named(const NoticeMessage &message) {
  return message.from.empty() ||
         lower(message.from).find(lower(message.sender)) != std::string::npos;
}

Values values_of(const NoticeTexts &texts, NoticeKind kind, const NoticeMessage &message) {
  // What others wrote is as long as a line, whatever they wrote.
  auto cut = [](const std::string &text) {
    // Escaped again where it goes: what is harmless stays as it is.
    return mail_text(text);
  };
  bool decided = kind == NoticeKind::decision;
  auto then = [&](Then what) {
    bool is = decided ? message.decided == what : !message.until.empty() && message.then == what;
    return std::string(is ? "yes" : "");
  };
  return {{"id", message.id},
          {"from", cut(message.from.empty() ? message.sender : message.from)},
          {"sender", is_named(message) ? "" : cut(message.sender)},
          {"to", cut(message.to)},
          {"time", time_text(message.time)},
          {"subject", cut(message.subject)},
          {"why", why_held(texts, message.report ? &*message.report : nullptr)},
          {"reason", message.reason},
          {"link", message.link},
          {"ask", message.may == RecipientMay::request ? "yes" : ""},
          {"take", message.may == RecipientMay::release ? "yes" : ""},
          {"until", time_text(message.until)},
          {"deleted", then(Then::remove)},
          {"released", then(Then::release)},
          {"rejected", then(Then::reject)},
          {"gone", decided && !message.decided ? "yes" : ""}};
}

TemplateFacts facts_of(const NoticeTexts &texts, const Notice &notice) {
  TemplateFacts facts;
  std::size_t listed = std::min(notice.messages.size(), max_listed);
  std::size_t rest = notice.messages.size() - listed;
  // Who wrote from outside learns no name of an account.
  facts.values = {{"user", notice.kind == NoticeKind::sender ? "" : mail_text(notice.user)},
                  {"count", std::to_string(notice.messages.size())},
                  {"more", rest == 0 ? "" : std::to_string(rest)},
                  {"server", mail_text(notice.hostname)},
                  {"warning", notice.kind == NoticeKind::warning ? "yes" : ""}};
  for (std::size_t i = 0; i < listed; i++)
    facts.entries.push_back(values_of(texts, notice.kind, notice.messages[i]));
  return facts;
}

std::string text_of_kind(NoticeKind kind) {
  switch (kind) {
  case NoticeKind::held: break;
  case NoticeKind::warning: return "dovecot-smime: a warning";
  case NoticeKind::decision: return "dovecot-smime: a decision";
  case NoticeKind::others: return "dovecot-smime: to others";
  case NoticeKind::sender: return "dovecot-smime: to the sender";
  }
  return "dovecot-smime: a notice";
}

bool goes_out(NoticeKind kind) { return kind == NoticeKind::others || kind == NoticeKind::sender; }

std::string content(const std::string &type, const std::string &text) {
  return "Content-Type: " + type +
         "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
         quoted_printable(text) + "\r\n";
}

std::string part(const std::string &boundary, const std::string &type, const std::string &text) {
  return "--" + boundary + "\r\n" + content(type, text);
}

// All fields but those that say what the body is. automatic: RFC 3834 section 5.
std::string head_of(const Notice &notice, const std::string &subject,
                    const std::string &automatic) {
  return "Message-ID: <" + notice_id(notice) + (goes_out(notice.kind) ? ".others@" : ".notice@") +
         host_of(notice.hostname) + ">\r\nDate: " + header_ascii(notice.date) +
         "\r\nFrom: " + address_field(notice.from) + "\r\nTo: " + address_field(notice.to) +
         "\r\n" + encoded_field("Subject", mail_text(subject, max_subject)) +
         "Auto-Submitted: " + automatic + "\r\nMIME-Version: 1.0\r\n";
}

std::string format_plain(const PlainTemplates &templates, const Notice &notice,
                         const TemplateFacts &facts) {
  bool answers = notice.kind == NoticeKind::sender;
  return head_of(notice, templates.subject.render(facts),
                 answers ? "auto-replied" : "auto-generated") +
         content("text/plain", templates.text.render(facts));
}

} // namespace

std::string notice_id(const Notice &notice) {
  auto last = std::max_element(notice.messages.begin(), notice.messages.end(),
                               [](const NoticeMessage &one, const NoticeMessage &other) {
                                 return std::tie(one.time, one.id) < std::tie(other.time, other.id);
                               });
  std::string text = text_of_kind(notice.kind);
  // A name has no NUL in it, so that no others make the same text.
  for (const std::string &word : {notice.user, last->id})
    text += '\0' + word;
  if (goes_out(notice.kind))
    text += '\0' + lower(notice.to);
  Sha256 sha256;
  sha256.update(as_bytes(text));
  return to_hex(sha256.result()).substr(0, id_digits);
}

std::string format_notice(const NoticeTexts &texts, const Notice &notice) {
  TemplateFacts facts = facts_of(texts, notice);
  if (goes_out(notice.kind))
    return format_plain(notice.kind == NoticeKind::sender ? texts.sender : texts.others, notice,
                        facts);
  const NoticeTemplates &templates =
      notice.kind == NoticeKind::decision ? texts.decided : texts.held;
  // No line of quoted-printable begins so.
  std::string boundary = "=_" + notice_id(notice);
  return head_of(notice, templates.subject.render(facts), "auto-generated") +
         "Content-Type: multipart/alternative;\r\n boundary=\"" + boundary + "\"\r\n\r\n" +
         part(boundary, "text/plain", templates.text.render(facts)) +
         part(boundary, "text/html", templates.html.render(facts)) + "--" + boundary + "--\r\n";
}

} // namespace smime
