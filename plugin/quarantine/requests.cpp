#include "plugin/quarantine/requests.h"

#include "common/json-writer.h"
#include "plugin/quarantine/block.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace smime {
namespace {

using Json = nlohmann::json;

constexpr std::size_t max_text = 500;
// A reviewer's name that is cut would be another one: the longest (is_reviewer_name()) is three
// times as long in JSON.
constexpr std::size_t max_who = 1000;

struct TextField {
  const char *name;
  std::string RequestEntry::*text;
};

constexpr TextField text_fields[] = {{"decision", &RequestEntry::decision},
                                     {"time", &RequestEntry::time},
                                     {"from", &RequestEntry::from},
                                     {"sender", &RequestEntry::sender},
                                     {"to", &RequestEntry::to},
                                     {"subject", &RequestEntry::subject}};

void write_said(JsonWriter &json, const Said &said) {
  json.begin_object().put("who", said.who, max_who);
  json.put("when", static_cast<std::uint64_t>(std::max<std::int64_t>(said.when, 0)));
  json.put_if_set("why", said.why, max_text).end_object();
}

std::string line_of(const std::string &id, const RequestEntry &entry) {
  JsonWriter json;
  json.begin_object().put("id", id, max_text);
  if (entry.asked)
    write_said(json.key("asked"), *entry.asked);
  json.key("approvals").begin_list();
  for (const Said &approval : entry.approvals)
    write_said(json, approval);
  json.end_list();
  for (const TextField &field : text_fields)
    json.put_if_set(field.name, entry.*field.text, max_text);
  if (!entry.decision.empty())
    write_said(json.key("decided"), entry.decided);
  json.key("telling").boolean(entry.telling);
  return json.end_object().take() + "\n";
}

bool read_text(const Json &json, const char *name, std::string &text) {
  auto value = json.find(name);
  if (value == json.end())
    return true;
  if (!value->is_string())
    return false;
  text = value->get<std::string>();
  return true;
}

bool read_said(const Json &json, Said &said) {
  if (!json.is_object() || !json.contains("when") || !json["when"].is_number_unsigned())
    return false;
  auto when = json["when"].get<std::uint64_t>();
  said.when = static_cast<std::int64_t>(std::min<std::uint64_t>(when, INT64_MAX));
  return read_text(json, "who", said.who) && read_text(json, "why", said.why);
}

bool read_entry(const Json &json, std::string &id, RequestEntry &entry) {
  if (!json.is_object() || !read_text(json, "id", id) || !is_quarantine_id(id))
    return false;
  if (json.contains("asked") && !read_said(json["asked"], entry.asked.emplace()))
    return false;
  if (json.contains("decided") && !read_said(json["decided"], entry.decided))
    return false;
  if (!json.contains("approvals") || !json["approvals"].is_array() || !json.contains("telling") ||
      !json["telling"].is_boolean())
    return false;
  for (const Json &approval : json["approvals"]) {
    if (!read_said(approval, entry.approvals.emplace_back()))
      return false;
  }
  entry.telling = json["telling"].get<bool>();
  return std::all_of(std::begin(text_fields), std::end(text_fields), [&](const TextField &field) {
    return read_text(json, field.name, entry.*field.text);
  });
}

} // namespace

std::string to_text(const RequestBook &book) {
  std::string text;
  for (const auto &[id, entry] : book)
    text += line_of(id, entry);
  return text;
}

std::optional<RequestBook> request_book_from_text(std::string_view text, std::string &error) {
  RequestBook book;
  for (std::size_t number = 1; !text.empty(); number++) {
    auto end = text.find('\n');
    Json json = Json::parse(text.substr(0, end), nullptr, false);
    std::string id;
    RequestEntry entry;
    if (end == std::string_view::npos || !read_entry(json, id, entry) ||
        !book.emplace(id, std::move(entry)).second) {
      error = "line " + std::to_string(number) + " is not as it was written";
      return std::nullopt;
    }
    text.remove_prefix(end + 1);
  }
  return book;
}

void drop_old_entries(RequestBook &book, std::int64_t now) {
  constexpr std::int64_t long_ago = 90LL * 24 * 3600;
  std::erase_if(book, [&](const auto &item) {
    return !item.second.decision.empty() && item.second.decided.when < now - long_ago;
  });
}

bool note_decision(RequestBook &book, const std::string &id, std::string_view decision,
                   const Said &said) {
  auto found = book.find(id);
  if (found == book.end())
    return false;
  if (!found->second.asked) {
    book.erase(found);
    return true;
  }
  found->second.decision = decision;
  found->second.decided = said;
  return true;
}

} // namespace smime
