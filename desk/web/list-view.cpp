#include "desk/web/list-view.h"

#include "desk/web/item-view.h"
#include "desk/web/rights.h"
#include "desk/web/visible.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace smime::desk {
namespace {

struct Choice {
  std::string_view value;
  const char *text;
};

constexpr std::array<Choice, 8> states{{{"", "state_any_waiting"},
                                        {"requested", "state_requested"},
                                        {"held", "state_held"},
                                        {"released", "state_released"},
                                        {"rejected", "state_rejected"},
                                        {"deleted", "state_deleted"},
                                        {"expired", "state_expired"},
                                        {"any", "state_any"}}};
constexpr std::array<Choice, 5> ages{
    {{"", "age_any"}, {"1d", "age_1d"}, {"3d", "age_3d"}, {"7d", "age_7d"}, {"30d", "age_30d"}}};
constexpr std::array<Choice, 4> sorts{{{"", "sort_requests"},
                                       {"-time", "sort_newest"},
                                       {"time", "sort_oldest"},
                                       {"-size", "sort_largest"}}};
constexpr std::array<Choice, 14> classes{{{"", "class_any"},
                                          {"plain", "class_plain"},
                                          {"signed", "class_signed"},
                                          {"opaque-signed", "class_opaque_signed"},
                                          {"encrypted", "class_encrypted"},
                                          {"compressed", "class_compressed"},
                                          {"certs-only", "class_certs_only"},
                                          {"pgp-signed", "class_pgp_signed"},
                                          {"pgp-encrypted", "class_pgp_encrypted"},
                                          {"encrypted-archive", "class_encrypted_archive"},
                                          {"encrypted-document", "class_encrypted_document"},
                                          {"non-canonical", "class_non_canonical"},
                                          {"malformed", "class_malformed"},
                                          {"unrecognised", "class_unrecognised"}}};
constexpr std::array<Choice, 4> holds{
    {{"7d", "hold_7d"}, {"30d", "hold_30d"}, {"90d", "hold_90d"}, {"365d", "hold_365d"}}};

View choices(const Texts &texts, std::span<const Choice> all, std::string_view chosen) {
  View result = View::array();
  for (const Choice &choice : all)
    result.push_back({{"OPTION", choice.value},
                      {"OPTION_TEXT", texts.text(choice.text)},
                      {"CHOSEN", choice.value == chosen}});
  return result;
}

// The page's address with its filter, and where it goes on.
std::string list_url(std::string_view path, const Fields &query, std::string_view after) {
  return url_with(path, {{"q", query.get("q")},
                         {"from", query.get("from")},
                         {"to", query.get("to")},
                         {"subject", query.get("subject")},
                         {"class", query.get("class")},
                         {"reason", query.get("reason")},
                         {"rule", query.get("rule")},
                         {"state", query.get("state")},
                         {"age", query.get("age")},
                         {"user", query.get("user")},
                         {"domain", query.get("domain")},
                         {"sort", query.get("sort")},
                         {"after", after}});
}

bool has_any(const Fields &query, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return !query.get(name).empty(); });
}

void add_filter(View &view, const Texts &texts, const Fields &query) {
  constexpr std::array<std::string_view, 8> more{"from",   "to",   "subject", "reason",
                                                 "domain", "rule", "class",   "sort"};
  constexpr std::array<std::string_view, 4> first{"q", "state", "age", "user"};
  view["Q"] = visible_line(query.get("q"));
  view["F_FROM"] = visible_line(query.get("from"));
  view["F_TO"] = visible_line(query.get("to"));
  view["F_SUBJECT"] = visible_line(query.get("subject"));
  view["F_REASON"] = visible_line(query.get("reason"));
  view["F_RULE"] = visible_line(query.get("rule"));
  view["F_DOMAIN"] = visible_line(query.get("domain"));
  view["STATES"] = choices(texts, states, query.get("state"));
  view["AGES"] = choices(texts, ages, query.get("age"));
  view["SORTS"] = choices(texts, sorts, query.get("sort"));
  view["CLASSES"] = choices(texts, classes, query.get("class"));
  view["FILTER_OPEN"] = has_any(query, more);
  view["FILTERED"] = has_any(query, more) || has_any(query, first);
}

// Requests under a heading of their own, if there is a heading to be had.
// may_choose: said of each row, where its values are seen.
View groups(const Texts &texts, const ListAnswer &list, std::int64_t now, bool may_choose) {
  View asked = View::array();
  View others = View::array();
  for (const Item &item : list.items) {
    View row = item_view(texts, item, now);
    row["MAY_CHOOSE"] = may_choose;
    (item.state == "requested" ? asked : others).push_back(std::move(row));
  }
  View result = View::array();
  bool both = !asked.empty();
  if (!asked.empty())
    result.push_back({{"GROUP_TITLE", texts.text("group_requests")}, {"ITEMS", std::move(asked)}});
  if (!others.empty())
    result.push_back({{"GROUP_TITLE", both ? texts.text("group_others") : std::string()},
                      {"ITEMS", std::move(others)}});
  return result;
}

} // namespace

View hold_choices(const Texts &texts) { return choices(texts, holds, ""); }

ListRequest list_request(const Fields &query) {
  ListRequest request;
  Filter &filter = request.filter;
  filter.from = query.get("from");
  filter.to = query.get("to");
  filter.subject = query.get("subject");
  filter.cls = query.get("class");
  filter.reason = query.get("reason");
  filter.rule = query.get("rule");
  filter.state = query.get("state");
  filter.older_than = query.get("age");
  filter.since = query.get("since");
  filter.user = query.get("user");
  filter.domain = query.get("domain");
  filter.q = query.get("q");
  request.sort = query.get("sort");
  request.after = query.get("after");
  std::string limit = query.get("limit");
  unsigned number = 0;
  auto read = std::from_chars(limit.data(), limit.data() + limit.size(), number);
  if (read.ec == std::errc() && read.ptr == limit.data() + limit.size() && number > 0)
    request.limit = std::min(number, max_list);
  return request;
}

View list_view(const Texts &texts, const ListAnswer &list, const Fields &query,
               const Identity &identity, std::int64_t now) {
  bool reviewer = identity.kind == Kind::reviewer;
  std::string_view path = reviewer ? "/held" : "/mine";
  View view{{"LIST_PATH", path},
            {"LIST_TITLE", texts.text(reviewer ? "held_title" : "mine_title")},
            {"LIST_LEAD", texts.text(reviewer ? "held_lead" : "mine_lead")},
            {"LIST_CAPTION", texts.text(reviewer ? "held_caption" : "mine_caption")},
            {"BACK", list_url(path, query, query.get("after"))},
            {"ROWS", !list.items.empty()},
            {"EMPTY", list.items.empty()},
            {"UNTILS", hold_choices(texts)}};
  if (list.waiting.value_or(0) > 0 && reviewer)
    view["WAITING_TEXT"] = texts.count("waiting", *list.waiting);
  add_filter(view, texts, query);
  add_rights(view, identity.acts, identity.kind);
  bool filtered = view["FILTERED"].get<bool>();
  const char *empty = filtered ? "empty_filtered" : reviewer ? "empty_held" : "empty_mine";
  view["EMPTY_TITLE"] = texts.text(std::string(empty) + "_title");
  view["EMPTY_TEXT"] = texts.text(empty);
  view["GROUPS"] = groups(texts, list, now, view["CHOICE"].get<bool>());
  if (!query.get("after").empty())
    view["FIRST_URL"] = list_url(path, query, "");
  if (!list.next.empty())
    view["NEXT_URL"] = list_url(path, query, list.next);
  return view;
}

} // namespace smime::desk
