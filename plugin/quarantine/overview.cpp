#include "plugin/quarantine/overview.h"

#include "common/json-writer.h"
#include "plugin/quarantine/block.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <tuple>
#include <vector>

namespace smime {
namespace {

constexpr std::int64_t second = 1000000;
constexpr std::size_t max_groups = 10000;
// Of each list.
constexpr std::size_t max_told = 100;
constexpr std::size_t max_senders = 20;
constexpr std::size_t max_text = 1500;

std::int64_t number_of(const std::string &text) { return std::strtoll(text.c_str(), nullptr, 10); }

std::size_t index_of(HeldState state) { return static_cast<std::size_t>(state); }

// Those with most first, so many at most.
template <typename Map, typename Count>
std::vector<const typename Map::value_type *> most_of(const Map &map, std::size_t most,
                                                      Count count) {
  std::vector<const typename Map::value_type *> all;
  for (const auto &item : map)
    all.push_back(&item);
  std::stable_sort(all.begin(), all.end(), [&](const auto *one, const auto *other) {
    return count(one->second) > count(other->second);
  });
  all.resize(std::min(all.size(), most));
  return all;
}

template <typename Counts> std::uint64_t sum_of(const Counts &counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

template <typename Counts> void put_outcomes(JsonWriter &json, const Counts &counts) {
  for (HeldState state :
       {HeldState::released, HeldState::rejected, HeldState::deleted, HeldState::expired})
    json.put(name_of(state), counts[index_of(state)]);
}

} // namespace

Overview::Overview(std::int64_t now, unsigned days)
    : first_day_(now / seconds_of_day - static_cast<std::int64_t>(days) + 1), days_(days) {}

void Overview::Waiting::add(std::uint64_t more, std::int64_t held) {
  oldest = count == 0 ? held : std::min(oldest, held);
  count += more;
}

Overview::Counts *Overview::day(std::int64_t number) {
  std::int64_t index = number - first_day_;
  return index < 0 || index >= static_cast<std::int64_t>(days_.size())
             ? nullptr
             : &days_[static_cast<std::size_t>(index)];
}

// "smime_rule2: class=encrypted action=quarantine"; a rule that was changed since is the same one.
void Overview::add_rule(const std::string &rule, HeldState state, std::uint64_t count) {
  HeldState counted = is_in_quarantine(state) ? HeldState::held : state;
  rules_[rule.substr(0, rule.find(": "))][index_of(counted)] += count;
}

void Overview::add_group(OverviewPart part, const std::vector<std::string> &values) {
  auto count = static_cast<std::uint64_t>(
      number_of(part == OverviewPart::waiting ? values[2] : values.back()));
  switch (part) {
  case OverviewPart::waiting:
    waiting_[{values[0], values[1]}].add(count, number_of(values[3]));
    break;
  case OverviewPart::held:
    if (Counts *counts = day(number_of(values[0])))
      (*counts)[index_of(HeldState::held)] += count;
    break;
  case OverviewPart::left:
    if (Counts *counts = day(number_of(values[0])))
      (*counts)[index_of(held_state_from_name(values[1]).value_or(HeldState::gone))] += count;
    break;
  case OverviewPart::senders: senders_[values[0]] += count; break;
  case OverviewPart::rules:
    add_rule(values[0], held_state_from_name(values[1]).value_or(HeldState::gone), count);
    break;
  }
}

void Overview::add_row(const RegisterRow &row) {
  if (is_in_quarantine(row.state))
    waiting_[{row.reason, recipient_domain(row.to)}].add(1, row.time);
  else if (Counts *counts = day(row.changed / second / seconds_of_day))
    (*counts)[index_of(row.state)]++;
  Counts *held = day(row.time / seconds_of_day);
  if (held == nullptr)
    return;
  (*held)[index_of(HeldState::held)]++;
  senders_[row.from]++;
  add_rule(row.rule, row.state, 1);
}

bool Overview::count_part(const AskDatabase &ask, OverviewPart part, std::size_t limit,
                          std::string &error) {
  std::size_t groups = 0;
  auto take = [&](const std::vector<std::string> &values) {
    groups++;
    add_group(part, values);
    return true;
  };
  if (!ask(select_overview(part, since(), limit), take, error))
    return false;
  truncated_ = truncated_ || (part != OverviewPart::senders && groups == limit);
  return true;
}

bool Overview::count_all(const AskDatabase &ask, std::string &error) {
  return count_part(ask, OverviewPart::waiting, max_groups, error) &&
         count_part(ask, OverviewPart::held, max_groups, error) &&
         count_part(ask, OverviewPart::left, max_groups, error) &&
         count_part(ask, OverviewPart::senders, max_senders, error) &&
         count_part(ask, OverviewPart::rules, max_groups, error);
}

bool Overview::count_rows(const AskDatabase &ask, const RegisterFilter &filter,
                          const std::function<bool(const RegisterRow &)> &keep,
                          std::string &error) {
  constexpr std::size_t page = 1000;
  RegisterPosition position;
  std::size_t read = 0;
  for (std::size_t count = page; count == page && read < max_overview_rows; read += count) {
    count = 0;
    auto take = [&](const std::vector<std::string> &values) {
      RegisterRow row = overview_row_of(values);
      position.id = row.id;
      position.user = row.user;
      count++;
      if (keep(row))
        add_row(row);
      return true;
    };
    if (!ask(select_overview_rows(filter, since(), page, read == 0 ? nullptr : &position), take,
             error))
      return false;
    truncated_ = count == page;
  }
  return true;
}

std::string Overview::to_json() const {
  JsonWriter json;
  json.begin_object();
  put_waiting(json);
  put_days(json);
  json.key("senders").begin_list();
  for (const auto *item : most_of(senders_, max_senders, [](std::uint64_t n) { return n; }))
    json.begin_object().put("from", item->first, max_text).put("count", item->second).end_object();
  json.end_list().key("rules").begin_list();
  for (const auto *item : most_of(rules_, max_told, sum_of<Counts>)) {
    json.begin_object().put("rule", item->first, max_text).put("held", sum_of(item->second));
    put_outcomes(json, item->second);
    json.put("open", item->second[index_of(HeldState::held)]).end_object();
  }
  json.end_list().key("truncated").boolean(truncated_);
  return json.end_object().take();
}

void Overview::put_waiting(JsonWriter &json) const {
  std::map<std::string, Waiting> by_reason;
  std::map<std::string, Waiting> by_domain;
  auto put_count = [&](const Waiting &waiting) {
    json.put("count", waiting.count).put("oldest", format_time(waiting.oldest), max_text);
    json.end_object();
  };
  auto count = [](const Waiting &waiting) { return waiting.count; };
  for (const auto &[key, waiting] : waiting_) {
    by_reason[key.first].add(waiting.count, waiting.oldest);
    by_domain[key.second].add(waiting.count, waiting.oldest);
  }
  json.key("waiting").begin_list();
  for (const auto *item : most_of(waiting_, max_told, count)) {
    json.begin_object().put("reason", item->first.first, max_text);
    json.put("domain", item->first.second, max_text);
    put_count(item->second);
  }
  json.end_list();
  for (const auto &[name, word, groups] : {std::tuple{"by_reason", "reason", &by_reason},
                                           std::tuple{"by_domain", "domain", &by_domain}}) {
    json.key(name).begin_list();
    for (const auto *item : most_of(*groups, max_told, count)) {
      json.begin_object().put(word, item->first, max_text);
      put_count(item->second);
    }
    json.end_list();
  }
}

void Overview::put_days(JsonWriter &json) const {
  constexpr std::size_t date_size = sizeof("2026-11-30") - 1;
  json.key("days").begin_list();
  for (std::size_t i = 0; i < days_.size(); i++) {
    auto start = since() + static_cast<std::int64_t>(i) * seconds_of_day;
    json.begin_object().put("day", format_time(start).substr(0, date_size), max_text);
    json.put("held", days_[i][index_of(HeldState::held)]);
    put_outcomes(json, days_[i]);
    json.end_object();
  }
  json.end_list();
}

} // namespace smime
