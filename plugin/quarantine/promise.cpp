#include "plugin/quarantine/promise.h"

namespace smime {

Act Promise::act() const {
  switch (then) {
  case Then::release: return Act::release;
  case Then::reject: return Act::reject;
  case Then::remove: break;
  }
  return Act::remove;
}

// "smime_rule2: class=encrypted hold=30d then=delete action=quarantine"
std::optional<Rule> rule_of(const QuarantineRecord &record) {
  constexpr std::string_view mark = ": ";
  auto colon = record.rule.find(mark);
  std::string ignored;
  if (colon == std::string::npos)
    return std::nullopt;
  return parse_rule(record.rule.substr(0, colon),
                    std::string_view(record.rule).substr(colon + mark.size()), ignored);
}

std::optional<Promise> promise_of(const QuarantineRecord &record) {
  auto held = parse_time(record.time);
  auto rule = rule_of(record);
  if (!held || !rule || rule->hold == 0 || !rule->then)
    return std::nullopt;
  Promise promise{*held + rule->hold, *rule->then, {}};
  if (rule->warn > 0)
    promise.warn = promise.until - rule->warn;
  return promise;
}

std::optional<Promise> promise_of(const QuarantineRecord &record, std::int64_t kept) {
  auto promise = promise_of(record);
  if (!promise || kept <= promise->until)
    return promise;
  if (promise->warn)
    promise->warn = *promise->warn + kept - promise->until;
  promise->until = kept;
  return promise;
}

} // namespace smime
