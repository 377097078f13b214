#include "desk/web/result-view.h"

#include "desk/web/item-view.h"
#include "desk/web/visible.h"

#include <algorithm>

namespace smime::desk {
namespace {

constexpr std::size_t short_id = 8;

// "result_release_done", or for all acts "result_done".
std::string meaning(const Texts &texts, Act act, const ActResult &outcome) {
  const std::string &result = outcome.result;
  // As plugin/doveadm/quarantine-act.cpp says it: the recipient's filters may discard it.
  if (act == Act::release && outcome.text.starts_with("delivered anew"))
    return texts.text("means_release_anew");
  std::string special = "means_" + std::string(name_of(act)) + "_" + look_of_word(result);
  return texts.has(special) ? texts.text(special) : texts.text("means_" + look_of_word(result));
}

} // namespace

View results_view(const Texts &texts, Act act, const std::vector<ActResult> &results,
                  const std::string &back) {
  View list = View::array();
  for (const ActResult &result : results)
    list.push_back({{"ID", visible_line(result.id)},
                    {"ID_SHORT", visible_line(result.id.substr(0, short_id))},
                    {"USER", visible_line(result.user)},
                    {"URL", item_url({result.id, result.user})},
                    {"RESULT", look_of_word(result.result)},
                    {"RESULT_TEXT", text_of_word(texts, "result", result.result)},
                    {"RESULT_MEANS", meaning(texts, act, result)},
                    {"RESULT_DETAIL", visible_line(result.text)}});
  auto went_well = std::count_if(results.begin(), results.end(), [](const ActResult &result) {
    return result.result == "done" || result.result == "already" || result.result == "approved";
  });
  std::string title = went_well == 0 ? "none" : std::string(name_of(act));
  return {{"RESULT_TITLE", texts.text("result_title_" + title)},
          {"RESULT_SUMMARY", texts.text("result_summary", {std::to_string(went_well),
                                                           std::to_string(results.size())})},
          {"RESULTS", std::move(list)},
          {"BACK", back}};
}

View confirm_view(const Texts &texts, const ActRequest &request, const std::string &back) {
  View items = View::array();
  for (const ItemKey &item : request.items)
    items.push_back({{"ID", item.id},
                     {"USER", visible_line(item.user)},
                     {"ITEM", visible_line(item_word(item))}});
  return {{"CONFIRM_TEXT", texts.count("confirm_delete", request.items.size())},
          {"GIVEN_REASON", visible_line(request.reason)},
          {"ITEMS", std::move(items)},
          {"BACK", back}};
}

std::string safe_back(const std::string &back, const std::string &fallback) {
  bool ours = back.starts_with("/held") || back.starts_with("/mine");
  bool clean = std::all_of(back.begin(), back.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return ours && clean && back.find('\\') == std::string::npos ? back : fallback;
}

} // namespace smime::desk
