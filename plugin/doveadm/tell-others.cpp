// As with notices for INBOX (tell.cpp), the held messages are marked before the mail is written
// and once it was taken. A command that ends in between leaves messages with the first mark alone:
// they are the same mail once more, with the same Message-ID. Whether the MTA took it the first
// time nobody can tell, and so it may come twice, but is never lost.
#include "plugin/doveadm/tell-others.h"

#include "plugin/doveadm/smime.h"
#include "plugin/doveadm/tell.h"
#include "plugin/store/keywords.h"

#include "common/ascii.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace smime {
namespace {

using Others = std::vector<UntoldOther>;
using Mark = const char *TellingMarks::*;

bool by_time(const UntoldOther &one, const UntoldOther &other) {
  return std::tie(one.about.message.time, one.about.message.id) <
         std::tie(other.about.message.time, other.about.message.id);
}

// All of a mailbox and mark at once, those of the last message, which names the mail, last: what
// is left without the mark has the same name. messages are sorted.
bool mark(mail_user *user, const Others &messages, Mark which, std::string &error) {
  InternalAccess access(user);
  using Place = std::pair<std::string, std::string>;
  auto place_of = [which](const UntoldOther &other) {
    return Place(other.about.mailbox, other.marks.*which);
  };
  std::map<Place, std::vector<std::uint32_t>> uids;
  for (const UntoldOther &other : messages)
    uids[place_of(other)].push_back(other.about.uid);
  auto last = uids.extract(place_of(messages.back()));
  for (const auto &[place, of_place] : uids) {
    if (!add_keyword_to_stored(user, place.first, of_place, place.second, error))
      return false;
  }
  return add_keyword_to_stored(user, last.key().first, last.mapped(), last.key().second, error);
}

void print_sent(mail_user *user, std::size_t messages, const std::string &to) {
  print(user->username);
  print(std::to_string(messages));
  print("sent to " + to);
}

// messages: of one address.
bool tell(mail_user *user, const NoticeTexts &texts, OutgoingMail &outgoing, Others messages,
          bool begun, std::string &error) {
  std::sort(messages.begin(), messages.end(), by_time);
  Notice notice;
  notice.kind = messages.front().kind;
  notice.user = user->username;
  notice.to = messages.front().address;
  for (const UntoldOther &other : messages)
    notice.messages.push_back(other.about.message);
  if (!fill_in_head(user, notice, error) ||
      (!begun && !mark(user, messages, &TellingMarks::telling, error)) ||
      !outgoing.send(user, notice.to, format_notice(texts, notice), error) ||
      !mark(user, messages, &TellingMarks::told, error))
    return false;
  log_info(user->event, "notify: " + std::to_string(messages.size()) + " held messages of " +
                            user->username + " told to " + notice.to + ": notice " +
                            notice_id(notice));
  print_sent(user, messages.size(), notice.to);
  return true;
}

void add_error(const std::string &address, const std::string &reason, std::string &error) {
  error += (error.empty() ? "" : "; ") + ("\"" + address + "\" is not told yet, and the next " +
                                          "\"doveadm smime notify\" tries again: " + reason);
}

} // namespace

void OutgoingMail::prepare() { submission_ = Submission::create(wrong_); }

bool OutgoingMail::is_first_to(const std::string &sender) {
  return senders_.insert(lower(sender)).second;
}

bool OutgoingMail::send(mail_user *user, const std::string &to, const std::string &message,
                        std::string &error) {
  if (submission_ == nullptr || !wrong_.empty()) {
    error = wrong_;
    return false;
  }
  if (!submission_->prepare(user, error))
    return false;
  auto result = submission_->submit(to, message, error);
  if (result == Submission::Result::failed)
    wrong_ = error;
  return result == Submission::Result::taken;
}

bool tell_others(mail_user *user, const NoticeTexts &texts, OutgoingMail &outgoing,
                 std::vector<UntoldOther> others, std::string &error) {
  struct OfAddress {
    Others begun;
    Others due;
  };
  std::map<std::pair<NoticeKind, std::string>, OfAddress> addresses;
  for (UntoldOther &other : others) {
    OfAddress &of = addresses[{other.kind, lower(other.address)}];
    (other.begun ? of.begun : of.due).push_back(std::move(other));
  }
  bool ok = true;
  for (auto &[name, of] : addresses) {
    if (name.first == NoticeKind::sender && !outgoing.is_first_to(name.second))
      continue;
    bool begun = !of.begun.empty();
    std::string reason;
    if (tell(user, texts, outgoing, std::move(begun ? of.begun : of.due), begun, reason))
      continue;
    add_error(name.second, reason, error);
    ok = false;
  }
  return ok;
}

} // namespace smime
