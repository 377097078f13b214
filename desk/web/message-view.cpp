#include "desk/web/message-view.h"

#include "desk/web/form.h"
#include "desk/web/item-view.h"
#include "desk/web/list-view.h"
#include "desk/web/report-view.h"
#include "desk/web/rights.h"
#include "desk/web/time-text.h"
#include "desk/web/visible.h"

namespace smime::desk {
namespace {

std::string part_path(const Part &part) {
  return part.path.empty() ? std::string("–") : visible_line(part.path);
}

void add_part(View &view, const Texts &texts, const MessagePage &page, const Part &part) {
  view["PARTS"].push_back({{"PART_PATH", part_path(part)},
                           {"PART_TYPE", visible_line(part.type)},
                           {"PART_NAME", visible_line(part.name)},
                           {"PART_SIZE", size_text(texts, part.size)},
                           {"PART_STATE", text_of_word(texts, "part", part.state)},
                           {"PART_SHA256", visible_line(part.sha256)}});
  if (part.text)
    view["TEXTS"].push_back({{"PART_PATH", part_path(part)},
                             {"PART_NAME", visible_line(part.name)},
                             {"TEXT_LABEL", texts.text("text_of_part", {part_path(part)})},
                             {"TEXT", visible_lines(*part.text)},
                             {"TEXT_CUT", part.text_cut}});
  if (part.html && page.html_view) {
    ItemKey item{page.show.record.id, page.show.record.user};
    view["HTMLS"].push_back(
        {{"PART_PATH", part_path(part)},
         {"HTML_URL", item_url(item, "html") + "&part=" + percent_encode(part.path)}});
  }
}

void add_parts(View &view, const Texts &texts, const MessagePage &page) {
  view["PARTS"] = View::array();
  view["TEXTS"] = View::array();
  view["HTMLS"] = View::array();
  view["HEADERS"] = View::array();
  if (const auto *parts = std::get_if<PartsAnswer>(&page.parts)) {
    for (const Part &part : parts->parts)
      add_part(view, texts, page, part);
    for (const HeaderField &field : parts->headers)
      view["HEADERS"].push_back(
          {{"HEADER_NAME", visible_line(field.name)}, {"HEADER_VALUE", visible_line(field.value)}});
  } else if (const auto *failure = std::get_if<Failure>(&page.parts)) {
    view["PARTS_FAILED"] =
        texts.text(failure->code == ErrorCode::forbidden ? "parts_forbidden" : "parts_failed",
                   {visible_line(failure->text)});
  }
  view["HAS_PARTS"] = !view["PARTS"].empty();
  view["NO_PARTS"] = view["PARTS"].empty();
  view["NO_TEXTS"] = view["TEXTS"].empty() && !view.contains("PARTS_FAILED");
  view["PARTS_CAPTION"] = texts.count("parts", view["PARTS"].size());
  view["HEADERS_SUMMARY"] = texts.count("headers", view["HEADERS"].size());
}

void add_past(View &view, const Texts &texts, const ShowAnswer &show, std::int64_t now) {
  View history = View::array();
  for (const HistoryEntry &entry : show.history)
    history.push_back({{"WHEN", visible_line(entry.when)},
                       {"WHEN_TEXT", full_time(entry.when)},
                       {"HISTORY_STATE", look_of_word(entry.state)},
                       {"HISTORY_TEXT", text_of_word(texts, "state", entry.state)},
                       {"HISTORY_WHO", visible_line(entry.who)},
                       {"HISTORY_WHY", visible_line(entry.why)}});
  view["NO_HISTORY"] = history.empty();
  view["HISTORY"] = std::move(history);
  View notes = View::array();
  for (const NoteEntry &note : show.notes)
    notes.push_back({{"NOTE", visible_lines(note.text)},
                     {"NOTE_WHO", visible_line(note.who)},
                     {"WHEN", visible_line(note.when)},
                     {"WHEN_TEXT", relative_time(texts, note.when, now)}});
  view["NO_NOTES"] = notes.empty();
  view["NOTES"] = std::move(notes);
}

} // namespace

View message_view(const Texts &texts, const MessagePage &page, std::int64_t now) {
  const Item &item = page.show.record;
  ItemKey key{item.id, item.user};
  bool reviewer = page.kind == Kind::reviewer;
  View view = item_view(texts, item, now);
  view["LIST_PATH"] = reviewer ? "/held" : "/mine";
  view["REVIEWER"] = reviewer;
  view["SELF"] = item_url(key);
  view["ORIGINAL_URL"] = item_url(key, "original");
  view["UNTILS"] = hold_choices(texts);
  if (shortened(item.subject, max_subject) != item.subject)
    view["SUBJECT_FULL"] = visible_line(item.subject);
  auto [rule, rule_text] = split_rule(item.rule);
  view["WHY_TEXT"] =
      rule.empty() ? texts.text("why_unknown_rule") : texts.text("why_rule", {visible_line(rule)});
  view["RULE_TEXT"] = visible_line(rule_text);
  view["RELEASE_MEANS"] = item.mailbox.empty()
                              ? texts.text("release_means")
                              : texts.text("release_means_mailbox", {visible_line(item.mailbox)});
  add_report(view, texts, page.show.report);
  if (!reviewer) {
    // What can be done about a part is said to who decides.
    for (View &part : view["UNINSPECTABLE"])
      part["TODO"] = texts.text("todo_recipient");
  }
  add_rights(view, page.show.acts, page.kind);
  add_parts(view, texts, page);
  add_past(view, texts, page.show, now);
  // Of one that was decided on there is the history alone.
  bool kept = !item.time.empty();
  view["KEPT"] = kept;
  view["GONE"] = !kept;
  if (!kept) {
    view["SUBJECT"] = texts.text("gone_title");
    view["NO_ACTS"] = false;
  }
  return view;
}

} // namespace smime::desk
