#include "plugin/quarantine/requests.h"

#include "common/json-writer.h"
#include "plugin/quarantine/block.h"
#include "plugin/rules/words.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace smime {
namespace {

using Json = nlohmann::json;

constexpr std::size_t max_text = 500;
// A reviewer's name that is cut would be another one: the longest (is_reviewer_name()) is three
// times as long in JSON.
constexpr std::size_t max_who = 1000;
// A character of two bytes is six in JSON.
constexpr std::size_t max_note_in_json = 3 * max_note;

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

void write_said(JsonWriter &json, const Said &said, std::size_t most = max_text) {
  json.begin_object().put("who", said.who, max_who);
  json.put("when", static_cast<std::uint64_t>(std::max<std::int64_t>(said.when, 0)));
  if (said.micros > 0)
    json.put("micros", static_cast<std::uint64_t>(said.micros));
  json.put_if_set("why", said.why, most).end_object();
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
  if (entry.kept) {
    json.put("until", static_cast<std::uint64_t>(std::max<std::int64_t>(entry.kept->until, 0)));
    write_said(json.key("kept"), entry.kept->said);
  }
  if (!entry.notes.empty()) {
    json.key("notes").begin_list();
    for (const Said &note : entry.notes)
      write_said(json, note, max_note_in_json);
    json.end_list();
  }
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
  if (json.contains("micros") && json["micros"].is_number_unsigned())
    said.micros = static_cast<std::int64_t>(
        std::min<std::uint64_t>(json["micros"].get<std::uint64_t>(), 999999));
  return read_text(json, "who", said.who) && read_text(json, "why", said.why);
}

// What books of earlier versions do not have.
bool read_words_of_reviewers(const Json &json, RequestEntry &entry) {
  if (json.contains("kept")) {
    KeptUntil &kept = entry.kept.emplace();
    if (!json.contains("until") || !json["until"].is_number_unsigned() ||
        !read_said(json["kept"], kept.said))
      return false;
    kept.until = static_cast<std::int64_t>(
        std::min<std::uint64_t>(json["until"].get<std::uint64_t>(), INT64_MAX));
  }
  if (!json.contains("notes"))
    return true;
  return json["notes"].is_array() &&
         std::all_of(json["notes"].begin(), json["notes"].end(),
                     [&](const Json &note) { return read_said(note, entry.notes.emplace_back()); });
}

bool read_entry(const Json &json, std::string &id, RequestEntry &entry) {
  if (!json.is_object() || !read_text(json, "id", id) || !is_quarantine_id(id))
    return false;
  if (json.contains("asked") && !read_said(json["asked"], entry.asked.emplace()))
    return false;
  if (json.contains("decided") && !read_said(json["decided"], entry.decided))
    return false;
  if (!read_words_of_reviewers(json, entry))
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

namespace {

// When somebody said something of it last, or has it held until.
std::int64_t last_word(const RequestEntry &entry) {
  std::int64_t last = entry.kept ? std::max(entry.kept->until, entry.kept->said.when) : 0;
  for (const auto *words : {&entry.approvals, &entry.notes}) {
    for (const Said &said : *words)
      last = std::max(last, said.when);
  }
  return last;
}

} // namespace

void drop_old_entries(RequestBook &book, std::int64_t now) {
  constexpr std::int64_t day = 24LL * 3600;
  constexpr std::int64_t long_ago = 90 * day;
  constexpr std::int64_t years_ago = 3 * 365 * day;
  std::erase_if(book, [&](const auto &item) {
    const RequestEntry &entry = item.second;
    if (!entry.decision.empty())
      return entry.decided.when < now - long_ago;
    return !entry.asked && last_word(entry) < now - years_ago;
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
  found->second.notes.clear();
  found->second.kept.reset();
  return true;
}

BookChange keep_until(RequestBook &book, const std::string &id, KeptUntil &kept) {
  RequestEntry &entry = book[id];
  if (entry.kept && entry.kept->until >= kept.until) {
    kept = *entry.kept;
    return BookChange::made_before;
  }
  entry.kept = kept;
  return BookChange::made;
}

BookChange add_note(RequestBook &book, const std::string &id, Said &note) {
  std::vector<Said> &notes = book[id].notes;
  auto last = std::find_if(notes.rbegin(), notes.rend(),
                           [&](const Said &said) { return said.who == note.who; });
  if (last != notes.rend() && last->why == note.why) {
    note = *last;
    return BookChange::made_before;
  }
  if (notes.size() >= max_notes)
    return BookChange::refused;
  notes.push_back(note);
  return BookChange::made;
}

std::int64_t kept_until(const RequestBook &book, const std::string &id) {
  auto found = book.find(id);
  return found == book.end() || !found->second.kept ? 0 : found->second.kept->until;
}

std::optional<std::int64_t> time_to_keep_until(const std::string &text, std::int64_t now) {
  constexpr std::int64_t longest = 10LL * 366 * 24 * 3600;
  auto from_now = parse_days(text);
  auto time = from_now ? std::optional(now + *from_now) : parse_time(text);
  if (!time)
    time = parse_time(text + "T00:00:00Z");
  return time && *time > now && *time <= now + longest ? time : std::nullopt;
}

} // namespace smime
