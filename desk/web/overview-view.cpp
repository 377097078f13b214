#include "desk/web/overview-view.h"

#include "desk/web/item-view.h"
#include "desk/web/time-text.h"
#include "desk/web/visible.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

namespace smime::desk {
namespace {

using nlohmann::json;

constexpr std::size_t most_rows = 20;
constexpr int chart_width = 960;
constexpr int chart_height = 240;
constexpr int chart_base = 210;
constexpr int chart_top = 12;
constexpr std::array<const char *, 5> kinds{"held", "released", "rejected", "deleted", "expired"};
constexpr std::array<const char *, 5> columns{"N_HELD", "N_RELEASED", "N_REJECTED", "N_DELETED",
                                              "N_EXPIRED"};

std::string text_of(const json &object, const char *name) {
  auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end())
    return {};
  if (found->is_number_integer())
    return found->dump();
  return found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_of(const json &object, const char *name) {
  auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_number_unsigned()
             ? std::min<std::uint64_t>(found->get<std::uint64_t>(), 1000000000)
             : 0;
}

// An empty list where there is none.
const json &list_of(const json &object, const char *name) {
  static const json none = json::array();
  auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_array() ? *found : none;
}

struct Waiting {
  std::uint64_t count = 0;
  std::string oldest;
};

std::map<std::string, Waiting> waiting_by(const json &overview, const char *name) {
  std::map<std::string, Waiting> result;
  for (const json &entry : list_of(overview, "waiting")) {
    Waiting &waiting = result[text_of(entry, name)];
    waiting.count += number_of(entry, "count");
    std::string oldest = text_of(entry, "oldest");
    if (waiting.oldest.empty() || (!oldest.empty() && oldest < waiting.oldest))
      waiting.oldest = oldest;
  }
  return result;
}

View waiting_table(const Texts &texts, const json &overview, const char *name, std::int64_t now) {
  auto all = waiting_by(overview, name);
  std::vector<std::pair<std::string, Waiting>> sorted(all.begin(), all.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto &a, const auto &b) { return a.second.count > b.second.count; });
  View rows = View::array();
  for (const auto &[value, waiting] : sorted) {
    if (rows.size() == most_rows)
      break;
    rows.push_back({{"NAME", value.empty() ? texts.text("none") : visible_line(value)},
                    {"URL", url_with("/held", {{name, value}})},
                    {"COUNT", std::to_string(waiting.count)},
                    {"OLDEST", relative_time(texts, waiting.oldest, now)}});
  }
  return {{"CAPTION", texts.text(std::string("overview_by_") + name)},
          {"COLUMN", texts.text(std::string("column_") + name)},
          {"WAIT_ROWS", std::move(rows)}};
}

void add_waiting(View &view, const Texts &texts, const json &overview, std::int64_t now) {
  std::uint64_t count = 0;
  std::string oldest;
  for (const auto &[reason, waiting] : waiting_by(overview, "reason")) {
    count += waiting.count;
    if (oldest.empty() || (!waiting.oldest.empty() && waiting.oldest < oldest))
      oldest = waiting.oldest;
  }
  view["WAITS_TEXT"] = count == 0
                           ? texts.text("overview_nothing_waits")
                           : texts.count("overview_waits", count) + " " +
                                 texts.text("overview_oldest", {relative_time(texts, oldest, now)});
  view["WAIT_TABLES"] = View::array();
  if (count > 0)
    view["WAIT_TABLES"] = View::array({waiting_table(texts, overview, "reason", now),
                                       waiting_table(texts, overview, "domain", now)});
}

struct Bar {
  int x;
  int width;
  std::uint64_t most;
};

// Held beside what was decided.
void add_bars(View &view, const Texts &texts, const json &day, const Bar &place) {
  std::array<std::uint64_t, 2> heights{number_of(day, "held"), 0};
  for (std::size_t kind = 1; kind < kinds.size(); kind++)
    heights[1] += number_of(day, kinds[kind]);
  constexpr std::array<const char *, 2> series{"held", "decided"};
  int half = std::max(1, place.width / 2);
  for (std::size_t i = 0; i < heights.size(); i++) {
    auto height = static_cast<int>(heights[i] * (chart_base - chart_top) / place.most);
    if (heights[i] > 0)
      height = std::max(height, 2);
    view["BARS"].push_back({{"SERIES", series[i]},
                            {"X", std::to_string(place.x + static_cast<int>(i) * half)},
                            {"Y", std::to_string(chart_base - height)},
                            {"W", std::to_string(std::max(1, half - 1))},
                            {"H", std::to_string(height)},
                            {"BAR_TEXT", texts.text(std::string("bar_") + series[i],
                                                    {visible_line(text_of(day, "day")),
                                                     std::to_string(heights[i])})}});
  }
}

std::uint64_t highest(const json &days) {
  std::uint64_t most = 1;
  for (const json &day : days) {
    std::uint64_t decided = 0;
    for (std::size_t kind = 1; kind < kinds.size(); kind++)
      decided += number_of(day, kinds[kind]);
    most = std::max({most, decided, number_of(day, "held")});
  }
  return most;
}

void add_chart(View &view, const Texts &texts, const json &days) {
  auto count = static_cast<int>(std::min<std::size_t>(days.size(), 366));
  int step = std::max(2, chart_width / std::max(1, count));
  std::uint64_t most = highest(days);
  view["BARS"] = View::array();
  view["LABELS"] = View::array();
  for (int i = 0; i < count; i++) {
    const json &day = days[static_cast<std::size_t>(i)];
    add_bars(view, texts, day, {i * step, step - 1, most});
    // As many as have room.
    if (i % std::max(1, count / 6) == 0)
      view["LABELS"].push_back({{"X", std::to_string(i * step)},
                                {"Y", std::to_string(chart_height - 8)},
                                {"LABEL", visible_line(text_of(day, "day"))}});
  }
  view["CHART_WIDTH"] = std::to_string(chart_width);
  view["CHART_HEIGHT"] = std::to_string(chart_height);
  view["CHART_BASE"] = std::to_string(chart_base);
  view["SERIES_NAMES"] =
      View::array({{{"SERIES", "held"}, {"SERIES_TEXT", texts.text("series_held")}},
                   {{"SERIES", "decided"}, {"SERIES_TEXT", texts.text("series_decided")}}});
}

void add_days(View &view, const Texts &texts, const json &overview) {
  const json &days = list_of(overview, "days");
  View rows = View::array();
  std::array<std::uint64_t, kinds.size()> sums{};
  for (const json &day : days) {
    View row{{"DAY", visible_line(text_of(day, "day"))}};
    for (std::size_t kind = 0; kind < kinds.size(); kind++) {
      std::uint64_t number = number_of(day, kinds[kind]);
      sums[kind] += number;
      row[columns[kind]] = std::to_string(number);
    }
    rows.push_back(std::move(row));
  }
  view["HAS_DAYS"] = !rows.empty();
  view["NO_DAYS"] = rows.empty();
  view["DAYS"] = std::move(rows);
  view["CHART_TEXT"] =
      texts.text("chart_text", {std::to_string(sums[0]), std::to_string(sums[1]),
                                std::to_string(sums[2]), std::to_string(sums[3] + sums[4])});
  add_chart(view, texts, days);
}

View rule_view(const Texts &texts, const json &entry) {
  std::string rule = text_of(entry, "rule");
  std::uint64_t released = number_of(entry, "released");
  std::uint64_t decided = released + number_of(entry, "rejected") + number_of(entry, "deleted") +
                          number_of(entry, "expired");
  std::string name = rule.empty() ? texts.text("none") : visible_line(rule);
  std::string percent = decided == 0 ? std::string() : std::to_string(released * 100 / decided);
  // Only where there is enough to say it of.
  bool costs = decided >= 10 && released * 100 / decided >= 90;
  return {{"RULE_SENTENCE", decided == 0 ? texts.text("rule_nothing_decided", {name})
                            : costs      ? texts.text("rule_costs_time", {percent, name})
                                         : texts.text("rule_released", {percent, name})},
          {"RULE_NUMBERS",
           texts.text("rule_numbers", {text_of(entry, "held"), std::to_string(released),
                                       text_of(entry, "rejected"), text_of(entry, "deleted"),
                                       text_of(entry, "expired"), text_of(entry, "open")})},
          {"URL", url_with("/held", {{"rule", rule}, {"state", "any"}})}};
}

void add_rules(View &view, const Texts &texts, const json &overview) {
  View rules = View::array();
  for (const json &entry : list_of(overview, "rules")) {
    if (rules.size() < most_rows * 5)
      rules.push_back(rule_view(texts, entry));
  }
  view["NO_RULES"] = rules.empty();
  view["RULES"] = std::move(rules);
  View senders = View::array();
  for (const json &entry : list_of(overview, "senders")) {
    std::string from = text_of(entry, "from");
    if (senders.size() < most_rows)
      senders.push_back({{"NAME", from.empty() ? texts.text("no_sender") : visible_line(from)},
                         {"URL", url_with("/held", {{"from", from}, {"state", "any"}})},
                         {"COUNT", text_of(entry, "count")}});
  }
  view["HAS_SENDERS"] = !senders.empty();
  view["NO_SENDERS"] = senders.empty();
  view["SENDERS"] = std::move(senders);
}

} // namespace

View overview_view(const Texts &texts, const json &overview, unsigned days, std::int64_t now) {
  View view{{"PERIODS", View::array()}};
  for (unsigned period : {7U, 30U, 90U, 365U})
    view["PERIODS"].push_back(
        {{"PERIOD_URL", url_with("/overview", {{"days", std::to_string(period)}})},
         {"PERIOD_TEXT", texts.count("period", period)},
         {"CHOSEN", period == days}});
  add_waiting(view, texts, overview, now);
  add_days(view, texts, overview);
  add_rules(view, texts, overview);
  return view;
}

} // namespace smime::desk
