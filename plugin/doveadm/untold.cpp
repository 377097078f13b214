#include "plugin/doveadm/untold.h"

#include "plugin/notices/answer.h"
#include "plugin/quarantine/held-messages.h"
#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/promise.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/store/keywords.h"

#include <algorithm>
#include <set>

namespace smime {
namespace {

bool has(const std::vector<std::string> &keywords, const char *name) {
  return std::find(keywords.begin(), keywords.end(), name) != keywords.end();
}

Untold untold_of(mail *quarantined, const ParsedBlock &block, const std::optional<Rule> &rule,
                 const RequestBook &book) {
  const QuarantineRecord &record = block.record;
  HeldHeader header = read_held_header(quarantined, block);
  std::string ignored;
  NoticeMessage message;
  message.id = record.id;
  message.time = record.time;
  message.from = header.from;
  message.sender = record.from;
  message.to = record.to;
  message.subject = header.subject;
  message.reason = rule ? rule->reason : "";
  message.may = rule ? rule->recipient_may : RecipientMay::nothing;
  message.report = report_from_json(record.report, ignored);
  if (auto promise = promise_of(record, book)) {
    message.until = format_time(promise->until);
    message.then = promise->then;
  }
  return {quarantined->box->vname, quarantined->uid, std::move(message)};
}

// From: when there was first something to tell.
bool is_due(const Settings &settings, bool at_once, std::int64_t from) {
  return from <= ioloop_time &&
         (at_once || due_time(settings.notice_interval, from) <= ioloop_time);
}

// When the recipient is to be told so of what the rule holds; nullopt: never.
std::optional<std::int64_t> time_of(NoticeKind kind, const QuarantineRecord &record,
                                    const Rule &rule, const RequestBook &book) {
  if (kind == NoticeKind::held)
    return rule.notifies_recipient ? std::optional(parse_time(record.time).value_or(0))
                                   : std::nullopt;
  auto promise = promise_of(record, book);
  return promise ? promise->warn : std::nullopt;
}

// Whether the delivery that held it may be refused still, which takes the message back: its sender
// is told that it did not arrive then. No mail server goes on trying for so long, so what is left
// after that stays.
bool may_be_taken_back(mail *quarantined, const QuarantineRecord &record) {
  constexpr std::int64_t longest_try = 7LL * 24 * 3600;
  return is_provisional(quarantined) &&
         parse_time(record.time).value_or(0) + longest_try > ioloop_time;
}

// All that the rule has told but the recipient.
std::vector<UntoldOther> others_of(const Rule &rule, const QuarantineRecord &record) {
  std::vector<UntoldOther> others;
  if (rule.notifies_sender)
    others.push_back({NoticeKind::sender, record.from, sender_marks, false, {}});
  for (std::size_t i = 0; i < rule.notified.size(); i++)
    others.push_back({NoticeKind::others, rule.notified[i], other_marks.at(i), false, {}});
  return others;
}

AnswerFacts answer_facts(mail *quarantined, const ParsedBlock &block) {
  AnswerFacts facts;
  facts.complete = visit_held_header(
      quarantined, block, concerns_answers,
      [&](std::string_view name, std::string_view value) { take_field(name, value, facts); });
  return facts;
}

// What goes out leads nowhere, and has a subject only where subjects may be outside the mailbox.
Untold outside(Untold untold, const Settings &settings) {
  untold.message.may = RecipientMay::nothing;
  if (!settings.register_subject)
    untold.message.subject.clear();
  return untold;
}

// due: what is not told yet may be told now.
void add_others(const Settings &settings, mail *quarantined, const ParsedBlock &block,
                const Rule &rule, const RequestBook &book, bool due,
                std::vector<UntoldOther> &found) {
  auto keywords = keywords_of(quarantined);
  std::optional<AnswerFacts> facts;
  auto may_tell = [&](NoticeKind kind) {
    const QuarantineRecord &record = block.record;
    if (!facts)
      facts = answer_facts(quarantined, block);
    return kind == NoticeKind::sender
               ? may_tell_sender(record.from, record.to, *facts)
               : may_tell_addresses(record.from, record.to, rule.notified, *facts);
  };
  for (UntoldOther &other : others_of(rule, block.record)) {
    if (has(keywords, other.marks.told))
      continue;
    other.begun = has(keywords, other.marks.telling);
    if (!other.begun && (!due || !may_tell(other.kind)))
      continue;
    other.about = outside(untold_of(quarantined, block, rule, book), settings);
    found.push_back(std::move(other));
  }
}

std::optional<Then> decision_of(const RequestEntry &entry) {
  auto state = held_state_from_name(entry.decision);
  if (state == HeldState::released)
    return Then::release;
  if (state == HeldState::rejected)
    return Then::reject;
  return state == HeldState::deleted || state == HeldState::expired ? std::optional(Then::remove)
                                                                    : std::nullopt;
}

NoticeMessage message_of(const std::string &id, const RequestEntry &entry) {
  NoticeMessage message;
  message.id = id;
  message.time = entry.time;
  message.from = entry.from;
  message.sender = entry.sender;
  message.to = entry.to;
  message.subject = entry.subject;
  message.decided = decision_of(entry);
  return message;
}

// Of what is held no more: whoever took it out, and even if nobody could tell us.
void add_decisions(const Settings &settings, bool at_once, const RequestBook &book,
                   const std::set<std::string> &held, UntoldDecisions &found) {
  for (const auto &[id, entry] : book) {
    if (!entry.asked || held.contains(id))
      continue;
    if (entry.telling)
      found.begun.push_back(message_of(id, entry));
    else if (is_due(settings, at_once, entry.decided.when))
      found.due.push_back(message_of(id, entry));
  }
}

} // namespace

bool find_untold(mail_user *user, const Settings &settings, bool at_once, KnownRecipients &known,
                 AllUntold &found, std::string &error) {
  // Before the mailbox: what is asked for while it is read is not taken for gone.
  auto book = read_requests(user, error);
  if (!book)
    return false;
  std::set<std::string> held;
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    if (!is_marked_released(quarantined))
      held.insert(block.record.id);
    auto keywords = keywords_of(quarantined);
    auto rule = rule_of(block.record);
    bool waits = may_be_taken_back(quarantined, block.record);
    for (UntoldOfKind *of : {&found.held, &found.warning}) {
      auto from = rule ? time_of(of->kind, block.record, *rule, *book) : std::nullopt;
      if (has(keywords, of->told))
        continue;
      if (has(keywords, of->telling))
        of->begun.push_back(untold_of(quarantined, block, rule, *book));
      else if (from && !waits && is_due(settings, at_once, *from))
        of->due.push_back(untold_of(quarantined, block, rule, *book));
    }
    if (rule && !is_marked_released(quarantined))
      add_others(settings, quarantined, block, *rule, *book,
                 !waits && is_due(settings, at_once, parse_time(block.record.time).value_or(0)),
                 found.others);
    return Visit::next;
  };
  HeldFor whose;
  whose.known = &known;
  bool ok = visit_quarantine(user, settings, "", visit, error, {}, whose) != FindResult::failed;
  // A user without a quarantine has nothing to be told.
  if (ok)
    error.clear();
  if (ok)
    add_decisions(settings, at_once, *book, held, found.decided);
  return ok;
}

} // namespace smime
