#include "plugin/register/row.h"

#include "common/ascii.h"
#include "common/json-writer.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace smime {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t line_version = 1;

constexpr std::array<std::string_view, 7> state_names{
    "held", "requested", "released", "rejected", "deleted", "expired", "gone"};

// The texts of a row, each with its name in the line and its bound.
struct TextField {
  const char *name;
  std::string RegisterRow::*text;
  std::size_t most;
};

constexpr std::array<TextField, 18> text_fields{{
    {"id", &RegisterRow::id, 64},
    {"user", &RegisterRow::user, max_row_text},
    {"mailbox", &RegisterRow::mailbox, max_row_text},
    {"from", &RegisterRow::from, max_row_text},
    {"to", &RegisterRow::to, max_row_text},
    {"subject", &RegisterRow::subject, max_row_subject},
    {"class", &RegisterRow::classes, max_row_text},
    {"status", &RegisterRow::status, max_row_text},
    {"findings", &RegisterRow::findings, max_row_list},
    {"strength", &RegisterRow::strength, max_row_text},
    {"reason", &RegisterRow::reason, max_row_text},
    {"rule", &RegisterRow::rule, max_row_text},
    {"action", &RegisterRow::action, max_row_text},
    {"attachments", &RegisterRow::attachments, max_row_list},
    {"digest", &RegisterRow::digest, 64},
    {"who", &RegisterRow::who, max_row_text},
    {"why", &RegisterRow::why, max_row_text},
    {"event", &RegisterRow::event, 16},
}};

// A row is not to be cut in the middle of a list's word: what has no room is left out.
void add_word(std::string &list, std::set<std::string> &known, const std::string &word) {
  if (word.empty() || list.size() + word.size() + 1 > max_row_list || !known.insert(word).second)
    return;
  list += (list.empty() ? "" : " ") + word;
}

std::string attachments_of(const Report &report) {
  JsonWriter json;
  json.begin_list();
  for (const Uninspectable &part : report.uninspectable) {
    auto before = json.mark();
    json.begin_object().put_if_set("name", part.name, 200).put("type", part.type, 100);
    json.put("reason", part.reason, 60).end_object();
    if (json.size() + 1 > max_row_list) {
      json.go_back(before);
      break;
    }
  }
  return json.end_list().take();
}

bool is_id(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// SQL has no NUL in a text.
std::string without_nul(const std::string &text) {
  std::string result;
  for (char c : text)
    result += c == '\0' ? "\xef\xbf\xbd" : std::string(1, c);
  return result;
}

bool read_texts(const Json &json, RegisterRow &row, std::string &error) {
  for (const TextField &field : text_fields) {
    auto value = json.find(field.name);
    if (value == json.end())
      continue;
    if (!value->is_string()) {
      error = std::string(field.name) + " is no text";
      return false;
    }
    row.*field.text = without_nul(value->get<std::string>());
    if ((row.*field.text).size() > max_row_line) {
      error = std::string(field.name) + " is too long";
      return false;
    }
  }
  return true;
}

std::optional<std::int64_t> number_in(const Json &json, const char *name) {
  auto value = json.find(name);
  if (value == json.end() || !value->is_number_unsigned())
    return std::nullopt;
  auto number = value->get<std::uint64_t>();
  return number > INT64_MAX ? std::nullopt : std::optional(static_cast<std::int64_t>(number));
}

bool read_numbers(const Json &json, RegisterRow &row, std::string &error) {
  auto version = number_in(json, "version");
  auto time = number_in(json, "time");
  auto changed = number_in(json, "changed");
  auto size = number_in(json, "size");
  if (version != line_version || !time || !changed || !size) {
    error = "version, time, changed or size is missing or wrong";
    return false;
  }
  row.time = *time;
  row.changed = *changed;
  row.size = static_cast<std::uint64_t>(*size);
  return true;
}

bool read_kind(const Json &json, RegisterRow &row, std::string &error) {
  std::string word = json.value("state", "");
  row.is_delivery = word == "delivery";
  auto state = held_state_from_name(word);
  row.state = state.value_or(HeldState::held);
  if (!row.is_delivery && !state)
    error = "\"" + word + "\" is no state";
  else if (!is_id(row.id))
    error = "the id is no quarantine id";
  else if (row.user.empty())
    error = "no user is named";
  else if (!row.event.empty() && row.event != event_kept && row.event != event_noted)
    error = "\"" + row.event + "\" is no event";
  return error.empty();
}

} // namespace

std::int64_t microseconds_now() {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

std::string_view name_of(HeldState state) { return state_names[static_cast<std::size_t>(state)]; }

std::optional<HeldState> held_state_from_name(std::string_view name) {
  auto found = std::find(state_names.begin(), state_names.end(), name);
  if (found == state_names.end())
    return std::nullopt;
  return static_cast<HeldState>(found - state_names.begin());
}

void describe(RegisterRow &row, const Report &report) {
  row.classes = join_class_names(report.classes);
  row.status = name_of(report.signature);
  row.strength = name_of(report.strength);
  row.size = report.size;
  std::set<std::string> known;
  for (const ReportError &error : report.signature_errors)
    add_word(row.findings, known, error.code);
  for (const ReportError &error : report.errors)
    add_word(row.findings, known, error.code);
  for (const Uninspectable &part : report.uninspectable)
    add_word(row.findings, known, part.reason);
  row.attachments = report.uninspectable.empty() ? "" : attachments_of(report);
}

std::string recipient_domain(std::string_view address) {
  auto at = address.rfind('@');
  if (at == std::string_view::npos)
    return {};
  return lower(address.substr(at + 1, max_row_text));
}

std::string address_for_row(const std::string &address) {
  constexpr std::size_t longest = 254;
  constexpr std::size_t kept = 60;
  auto at = address.rfind('@');
  if (address.size() <= longest || at == std::string::npos || at <= kept)
    return address;
  return address.substr(0, kept) + "..." + address.substr(at);
}

std::string to_line(const RegisterRow &row) {
  JsonWriter json;
  json.begin_object().put("version", line_version);
  json.put("state", row.is_delivery ? "delivery" : name_of(row.state), max_row_text);
  json.put("time", static_cast<std::uint64_t>(std::max<std::int64_t>(row.time, 0)));
  json.put("changed", static_cast<std::uint64_t>(std::max<std::int64_t>(row.changed, 0)));
  json.put("size", std::min<std::uint64_t>(row.size, INT64_MAX));
  for (const TextField &field : text_fields)
    json.put_if_set(field.name, row.*field.text, field.most);
  return json.end_object().take();
}

std::optional<RegisterRow> row_from_line(std::string_view line, std::string &error) {
  error.clear();
  if (line.size() > max_row_line) {
    error = "it is too long";
    return std::nullopt;
  }
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("state") || !json["state"].is_string()) {
    error = "it is no row in JSON";
    return std::nullopt;
  }
  RegisterRow row;
  if (!read_texts(json, row, error) || !read_numbers(json, row, error) ||
      !read_kind(json, row, error))
    return std::nullopt;
  return row;
}

} // namespace smime
