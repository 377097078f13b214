// What is told is marked on the held messages, since the mailbox is what is true of them: first
// that a notice is under way, then, once it is in INBOX, that it is there. A process that ends in
// between leaves messages with the first mark alone: they are the same notice once more, with the
// same Message-ID, for which INBOX is searched each time. What was decided on messages that were
// asked for is in the book of requests, which says the same of them.
//
// A notice is saved as a release is: no rule and no Sieve script sees it, so it is never held.
#include "plugin/doveadm/tell.h"

#include "plugin/doveadm/smime.h"
#include "plugin/doveadm/submit.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/store/keywords.h"

#include <algorithm>
#include <map>
#include <tuple>

extern "C" {
#include "message-date.h"
}

namespace smime {

bool fill_in_head(mail_user *user, Notice &notice, std::string &error) {
  DataStackFrame frame;
  notice.date = message_date_create(ioloop_time);
  return read_postmaster(user, notice.from, notice.hostname, error);
}

namespace {

// All of a mailbox at once. The last message names the notice, so its mailbox comes last: what is
// left without the mark has the same one.
bool mark(mail_user *user, const std::vector<Untold> &messages, const char *keyword,
          std::string &error) {
  InternalAccess access(user);
  std::map<std::string, std::vector<std::uint32_t>> uids;
  for (const Untold &untold : messages)
    uids[untold.mailbox].push_back(untold.uid);
  auto last = uids.extract(messages.back().mailbox);
  for (const auto &[mailbox, of_mailbox] : uids) {
    if (!add_keyword_to_stored(user, mailbox, of_mailbox, keyword, error))
      return false;
  }
  return add_keyword_to_stored(user, last.key(), last.mapped(), keyword, error);
}

bool is_earlier(const NoticeMessage &one, const NoticeMessage &other) {
  return std::tie(one.time, one.id) < std::tie(other.time, other.id);
}

bool by_time(const Untold &one, const Untold &other) {
  return is_earlier(one.message, other.message);
}

// Nullopt with error set. messages are sorted.
std::optional<Notice> notice_of(mail_user *user, NoticeKind kind, const Links &links,
                                std::vector<NoticeMessage> messages, std::string &error) {
  Notice notice;
  notice.kind = kind;
  notice.user = user->username;
  notice.to = messages.front().to;
  if (notice.to.find('@') == std::string::npos)
    notice.to = notice.user;
  notice.messages = std::move(messages);
  // To what is not there any more no link leads.
  for (NoticeMessage &message : notice.messages) {
    if (kind != NoticeKind::decision)
      message.link = link_to(links, message.id, notice.user, message.may, ioloop_time);
  }
  return fill_in_head(user, notice, error) ? std::optional(std::move(notice)) : std::nullopt;
}

// Whether the notice is in the open mailbox. Nullopt with error set.
std::optional<bool> has_notice(mailbox *box, const Notice &notice, std::string &error) {
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return std::nullopt;
  }
  Transaction transaction(box, static_cast<mailbox_transaction_flags>(0), "smime");
  SearchArgsPtr arguments(mail_search_build_init());
  // It is younger than what it tells of, so that a large INBOX is not read for it; a day is left
  // for clocks that differ.
  constexpr time_t day = 24L * 3600;
  mail_search_arg *since = mail_search_build_add(arguments.get(), SEARCH_SINCE);
  since->value.date_type = MAIL_SEARCH_DATE_TYPE_RECEIVED;
  since->value.time = parse_time(notice.messages.back().time).value_or(day) - day;
  mail_search_arg *argument = mail_search_build_add(arguments.get(), SEARCH_HEADER);
  argument->hdr_field_name = p_strdup(arguments->pool, "Message-ID");
  argument->value.str = p_strdup(arguments->pool, (notice_id(notice) + ".notice@").c_str());
  mail_search_context *search = mailbox_search_init(transaction.get(), arguments.get(), nullptr,
                                                    static_cast<mail_fetch_field>(0), nullptr);
  mail *found;
  bool there = mailbox_search_next(search, &found);
  if (mailbox_search_deinit(&search) == 0)
    return there;
  error = last_error(box);
  return std::nullopt;
}

// It is looked for whatever the marks say: those of a process that was killed may be lost with a
// part of the index.
Told put_into_inbox(mailbox *inbox, const NoticeTexts &texts, const Notice &notice,
                    std::string &error) {
  auto there = has_notice(inbox, notice, error);
  if (!there || *there)
    return there ? Told::was_there : Told::failed;
  std::string message = format_notice(texts, notice);
  StreamPtr input(i_stream_create_from_data(message.data(), message.size()));
  SaveData data;
  data.received_date = ioloop_time;
  return save_stream(inbox, input.get(), data, error) == SaveResult::saved ? Told::sent
                                                                           : Told::failed;
}

void print_told(mail_user *user, std::size_t messages, Told told) {
  print(user->username);
  print(std::to_string(messages));
  print(told == Told::sent ? "sent" : "was there already");
}

// messages: of this kind; begun: a notice of them was under way before.
Told tell(mail_user *user, const Wording &wording, const UntoldOfKind &of,
          std::vector<Untold> messages, bool begun, std::string &error) {
  std::sort(messages.begin(), messages.end(), by_time);
  std::vector<NoticeMessage> told_of;
  for (const Untold &untold : messages)
    told_of.push_back(untold.message);
  auto notice = notice_of(user, of.kind, wording.links, std::move(told_of), error);
  if (!notice || (!begun && !mark(user, messages, of.telling, error)))
    return Told::failed;
  Told told = put_into_inbox(wording.inbox, wording.texts, *notice, error);
  if (told == Told::failed || !mark(user, messages, of.told, error))
    return Told::failed;
  log_info(user->event, "notify: " + std::to_string(messages.size()) + " held messages told to " +
                            user->username + ": notice " + notice_id(*notice));
  print_told(user, messages.size(), told);
  return told;
}

} // namespace

std::string texts_directory(const Settings &settings) {
  return settings.notice_texts.empty() ? SMIME_NOTICE_TEXTS : settings.notice_texts;
}

std::vector<std::string> wrong_with_notices(const Settings &settings, Links &links) {
  std::vector<std::string> errors;
  std::string error;
  if (!read_links(settings, links, error))
    errors.push_back(error);
  (void)read_notice_texts(texts_directory(settings), settings.notice_language, errors);
  return errors;
}

Told tell_kind(mail_user *user, const Wording &wording, UntoldOfKind &of, std::string &error) {
  Told told = Told::was_there;
  if (!of.begun.empty())
    told = tell(user, wording, of, std::move(of.begun), true, error);
  if (told == Told::was_there && !of.due.empty())
    told = tell(user, wording, of, std::move(of.due), false, error);
  return told;
}

namespace {

// All at once, as is what takes them out: they are one notice, whenever a process ends.
bool begin_decisions(mail_user *user, const std::vector<NoticeMessage> &messages,
                     std::string &error) {
  auto change = [&](RequestBook &book) {
    for (const NoticeMessage &message : messages) {
      if (auto entry = book.find(message.id); entry != book.end())
        entry->second.telling = true;
    }
    return true;
  };
  return change_requests(user, change, error);
}

bool end_decisions(mail_user *user, const std::vector<NoticeMessage> &messages,
                   std::string &error) {
  auto change = [&](RequestBook &book) {
    for (const NoticeMessage &message : messages)
      book.erase(message.id);
    return true;
  };
  return change_requests(user, change, error);
}

Told tell_decided(mail_user *user, const Wording &wording, std::vector<NoticeMessage> messages,
                  bool begun, std::string &error) {
  std::sort(messages.begin(), messages.end(), is_earlier);
  auto notice = notice_of(user, NoticeKind::decision, wording.links, messages, error);
  if (!notice || (!begun && !begin_decisions(user, messages, error)))
    return Told::failed;
  Told told = put_into_inbox(wording.inbox, wording.texts, *notice, error);
  if (told == Told::failed || !end_decisions(user, messages, error))
    return Told::failed;
  log_info(user->event, "notify: what was decided on " + std::to_string(messages.size()) +
                            " requested messages told to " + user->username + ": notice " +
                            notice_id(*notice));
  print_told(user, messages.size(), told);
  return told;
}

} // namespace

Told tell_decisions(mail_user *user, const Wording &wording, UntoldDecisions &decided,
                    std::string &error) {
  Told told = Told::was_there;
  if (!decided.begun.empty())
    told = tell_decided(user, wording, std::move(decided.begun), true, error);
  if (told == Told::was_there && !decided.due.empty())
    told = tell_decided(user, wording, std::move(decided.due), false, error);
  return told;
}

} // namespace smime
