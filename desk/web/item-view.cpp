#include "desk/web/item-view.h"

#include "desk/web/form.h"
#include "desk/web/time-text.h"
#include "desk/web/visible.h"

#include <algorithm>

namespace smime::desk {
namespace {

// "Until 2026-12-30 16:20 UTC, then it is deleted."
std::string until_text(const Texts &texts, const Item &item) {
  if (item.until.empty())
    return {};
  return texts.text("until_then", {full_time(item.until), text_of_word(texts, "then", item.then)});
}

constexpr std::string_view requested = "requested";

std::string with_why(const Texts &texts, const std::string &text, const Item &item) {
  return item.why.empty() ? text : text + " " + texts.text("quoted", {visible_line(item.why)});
}

// What is asked for still has the recipient's words for its why.
std::string request_text(const Texts &texts, const Item &item, std::int64_t now) {
  if (item.requested_by.empty() && item.requested_at.empty())
    return {};
  std::string text = texts.text("requested_by", {visible_line(item.requested_by),
                                                 relative_time(texts, item.requested_at, now)});
  return item.state == requested ? with_why(texts, text, item) : text;
}

std::string done_text(const Texts &texts, const Item &item, std::int64_t now) {
  if (item.who.empty() || item.state == requested)
    return {};
  return with_why(
      texts, texts.text("done_by", {visible_line(item.who), relative_time(texts, item.when, now)}),
      item);
}

} // namespace

std::string url_with(std::string_view path,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string result(path);
  char separator = '?';
  for (const auto &[name, value] : values) {
    if (value.empty())
      continue;
    result += separator;
    result += std::string(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return result;
}

std::string item_url(const ItemKey &item, std::string_view word) {
  std::string path = "/held/" + item.id;
  if (!word.empty())
    path += "/" + std::string(word);
  return url_with(path, {{"user", item.user}});
}

std::string item_word(const ItemKey &item) { return item.id + ":" + item.user; }

std::optional<ItemKey> item_from_word(std::string_view word) {
  std::size_t colon = word.find(':');
  if (colon == std::string_view::npos || !is_item_id(word.substr(0, colon)))
    return std::nullopt;
  ItemKey item{std::string(word.substr(0, colon)), std::string(word.substr(colon + 1))};
  return item.user.empty() || item.user.size() > max_user ? std::nullopt : std::optional(item);
}

std::string look_of_word(std::string_view word) {
  std::string result;
  for (char c : word.substr(0, max_word)) {
    if ((c >= 'a' && c <= 'z') || c == '-')
      result += c;
  }
  return result;
}

std::string text_of_word(const Texts &texts, std::string_view kind, std::string_view word) {
  std::string key = std::string(kind) + "_";
  for (char c : word)
    key += c == '-' || c == '/' || c == '+' ? '_' : c;
  return texts.has(key) ? texts.text(key) : visible_line(word);
}

std::pair<std::string, std::string> split_rule(const std::string &rule) {
  constexpr std::string_view colon = ": ";
  std::size_t end = rule.find(colon);
  if (end == std::string::npos)
    return {rule, {}};
  return {rule.substr(0, end), rule.substr(end + colon.size())};
}

View item_view(const Texts &texts, const Item &item, std::int64_t now) {
  ItemKey key{item.id, item.user};
  std::string subject =
      item.subject.empty() ? texts.text("no_subject") : visible_line(item.subject);
  View view{{"ID", visible_line(item.id)},
            {"USER", visible_line(item.user)},
            {"ITEM", visible_line(item_word(key))},
            {"URL", item_url(key)},
            {"SUBJECT", shortened(subject, max_subject)},
            {"SUBJECT_TITLE", shortened(subject, 2000)},
            {"FROM", item.from.empty() ? texts.text("no_sender") : visible_line(item.from)},
            {"TO", visible_line(item.to)},
            {"REASON", visible_line(item.reason)},
            {"RULE", visible_line(split_rule(item.rule).first)},
            {"MAILBOX", visible_line(item.mailbox)},
            {"STATE", look_of_word(item.state)},
            {"STATE_TEXT", text_of_word(texts, "state", item.state)},
            {"ASKED", item.state == requested},
            {"TIME", visible_line(item.time)},
            {"TIME_TEXT", relative_time(texts, item.time, now)},
            {"TIME_FULL", full_time(item.time)},
            {"SIZE", size_text(texts, item.size)},
            {"REQUESTED_TEXT", request_text(texts, item, now)},
            {"UNTIL_TEXT", until_text(texts, item)},
            {"DONE_TEXT", done_text(texts, item, now)},
            {"TAGS", View::array()}};
  for (const std::string &name : item.classes)
    view["TAGS"].push_back({{"TAG", text_of_word(texts, "class", name)}});
  return view;
}

} // namespace smime::desk
