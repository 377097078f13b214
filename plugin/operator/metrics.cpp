#include "plugin/operator/metrics.h"

#include "common/safe-text.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

std::int64_t earlier(std::int64_t one, std::int64_t other) {
  if (one == 0 || other == 0)
    return one + other;
  return std::min(one, other);
}

// Valid UTF-8 on one line.
std::string label_of(std::string_view value) {
  return value.empty() ? no_label : mail_text(value, max_label_size);
}

std::string escaped(std::string_view label) {
  std::string text;
  for (char c : label) {
    if (c == '\\' || c == '"')
      text += '\\';
    text += c;
  }
  return text;
}

// Without a label's name the value is of none.
struct Sample {
  std::string labels;
  std::uint64_t value;
};

std::string label(const char *name, std::string_view value) {
  return std::string(name) + "=\"" + escaped(value) + "\"";
}

class Text {
public:
  void add(const char *family, const char *help, const std::vector<Sample> &samples) {
    text_ += std::string("# HELP ") + family + " " + help + "\n# TYPE " + family + " gauge\n";
    for (const Sample &sample : samples)
      text_ += family + (sample.labels.empty() ? "" : "{" + sample.labels + "}") + " " +
               std::to_string(sample.value) + "\n";
  }
  void add(const char *family, const char *help, std::uint64_t value) {
    add(family, help, {{{}, value}});
  }
  std::string end() { return std::move(text_) + "# EOF\n"; }

private:
  std::string text_;
};

// Of a clock that went back nobody waits for less than no time.
std::uint64_t seconds_since(std::int64_t then, std::int64_t now) {
  return then == 0 || then > now ? 0 : static_cast<std::uint64_t>(now - then);
}

using Labelled = std::vector<std::pair<std::string, HeldCount>>;

std::vector<Sample> counts(const Labelled &rows) {
  std::vector<Sample> samples;
  for (const auto &[labels, count] : rows) {
    samples.push_back({labels + label("state", "held"), count.held});
    samples.push_back({labels + label("state", "requested"), count.requested});
  }
  return samples;
}

std::vector<Sample> waits(const Labelled &rows, std::int64_t now) {
  std::vector<Sample> samples;
  for (const auto &[labels, count] : rows) {
    samples.push_back({labels + label("state", "held"), seconds_since(count.oldest_held, now)});
    samples.push_back(
        {labels + label("state", "requested"), seconds_since(count.oldest_request, now)});
  }
  return samples;
}

Labelled labelled(const char *name, const HeldCounts &by) {
  Labelled rows;
  for (const auto &[value, count] : by.top())
    rows.emplace_back(label(name, value) + ",", count);
  return rows;
}

void add_held(Text &text, const MetricsFacts &facts, std::int64_t now) {
  Labelled all{{"", *facts.all}};
  text.add("smime_held_messages", "Messages in quarantine.", counts(all));
  text.add("smime_held_oldest_wait_seconds",
           "How long the oldest waits; a requested one since the request.", waits(all, now));
  Labelled reasons = labelled("reason", facts.by_reason);
  text.add("smime_held_by_reason_messages", "Messages in quarantine by why they are held.",
           counts(reasons));
  text.add("smime_held_by_reason_oldest_wait_seconds", "How long the oldest of each reason waits.",
           waits(reasons, now));
  Labelled domains = labelled("domain", facts.by_domain);
  text.add("smime_held_by_domain_messages", "Messages in quarantine by the recipient's domain.",
           counts(domains));
  text.add("smime_held_by_domain_oldest_wait_seconds", "How long the oldest of each domain waits.",
           waits(domains, now));
}

void add_register(Text &text, const MetricsFacts &facts, std::int64_t now) {
  text.add("smime_register_up", "Whether the database of the register answers.",
           facts.register_up ? 1 : 0);
  text.add("smime_register_spool_up", "Whether the spool of the register can be read.",
           facts.spool_rows ? 1 : 0);
  if (!facts.spool_rows)
    return;
  text.add("smime_register_spool_rows", "Rows that wait for the register.", *facts.spool_rows);
  text.add("smime_register_spool_oldest_wait_seconds", "How long the oldest of them waits.",
           seconds_since(facts.spool_oldest, now));
  text.add("smime_register_spool_refused_files", "Files that are refused and kept.",
           facts.spool_refused);
}

} // namespace

void HeldCount::add(const HeldCount &other) {
  held += other.held;
  requested += other.requested;
  oldest_held = earlier(oldest_held, other.oldest_held);
  oldest_request = earlier(oldest_request, other.oldest_request);
}

void HeldCounts::add(std::string_view value, const HeldCount &count) {
  // Whoever can send mail can make names of domains: the rest is one.
  constexpr std::size_t most = 100000;
  std::string name = label_of(value);
  if (counts_.size() >= most && !counts_.contains(name))
    name = other_label;
  counts_[name].add(count);
}

void HeldCounts::add_rest(const HeldCount &count) {
  if (count.all() > 0)
    counts_[other_label].add(count);
}

std::map<std::string, HeldCount> HeldCounts::top(std::size_t most) const {
  std::vector<const std::pair<const std::string, HeldCount> *> order;
  for (const auto &each : counts_)
    order.push_back(&each);
  std::stable_sort(order.begin(), order.end(), [](const auto *one, const auto *other) {
    return one->second.all() > other->second.all();
  });
  std::map<std::string, HeldCount> result;
  std::size_t number = 0;
  for (const auto *each : order) {
    bool is_rest = each->first == other_label || number >= most;
    result[is_rest ? other_label : each->first].add(each->second);
    number += is_rest ? 0 : 1;
  }
  return result;
}

std::string format_metrics(const MetricsFacts &facts, std::int64_t now) {
  Text text;
  if (facts.all)
    add_held(text, facts, now);
  if (facts.notices_due)
    text.add("smime_notices_due", "Messages of which a notice is due and not sent.",
             *facts.notices_due);
  if (facts.users_failed)
    text.add("smime_metrics_users_failed", "Users whose quarantine could not be looked into.",
             *facts.users_failed);
  if (facts.has_register)
    add_register(text, facts, now);
  text.add("smime_metrics_time_seconds", "When this was found out, since the epoch.",
           static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0)));
  return text.end();
}

} // namespace smime
