#include "desk/protocol/object-reader.h"
#include "desk/web/list-view.h"
#include "desk/web/visit.h"

namespace smime::desk {
namespace {

using nlohmann::json;

Decision call(const Visit &visit, RequestBody body) {
  if (auto decision = need(visit, {{"call", std::move(body)}}))
    return *decision;
  return json_reply(visit, json_of(*visit.answer("call")));
}

Decision item_call(const Visit &visit) {
  auto item = visit.item();
  if (!item)
    return refusal(visit, ErrorCode::invalid, "user is missing in the query");
  if (visit.route.page == Page::api_parts)
    return call(visit, PartsRequest{*item});
  return call(visit, ShowRequest{*item});
}

ItemKey read_item(const json &value, ObjectReader &outer) {
  ObjectReader reader(value, "items");
  ItemKey item{reader.needed_text("id", max_word), reader.needed_text("user", max_user)};
  if (!is_item_id(item.id))
    reader.refuse("id is 32 hexadecimal digits");
  outer.take_error(reader.finish());
  return item;
}

void read_items(ActRequest &request, ObjectReader &reader) {
  const json *items = reader.array("items", max_items);
  if (items == nullptr || items->empty())
    reader.refuse("items is a list of 1 to 200 objects with id and user");
  else
    for (const json &value : *items)
      request.items.push_back(read_item(value, reader));
  auto act = act_from_name(reader.needed_text("act", max_word, Text::word));
  if (act)
    request.act = *act;
  else
    reader.refuse("act is none of release, reject, delete, hold, note, inspect, request");
}

// user= in the query or in the body.
void read_one_item(const Visit &visit, ActRequest &request, ObjectReader &reader) {
  std::string user = reader.text("user", max_user);
  if (user.empty())
    user = visit.query.get("user");
  if (user.empty() || user.size() > max_user)
    reader.refuse("user is missing");
  request.items.push_back({visit.route.id, user});
  request.act = act_from_name(visit.route.word).value_or(Act::note);
}

// Nullopt with error set.
std::optional<ActRequest> act_of_json(const Visit &visit, std::string &error) {
  json body = json::parse(visit.http.body.empty() ? "{}" : visit.http.body, nullptr, false);
  if (!body.is_object()) {
    error = "the body is no JSON object";
    return std::nullopt;
  }
  ActRequest request;
  ObjectReader reader(body, "the body");
  if (visit.route.page == Page::api_act)
    read_items(request, reader);
  else
    read_one_item(visit, request, reader);
  request.reason = reader.text("reason", max_reason);
  request.text = reader.text("text", max_act_text, Text::lines);
  request.mailbox = reader.text("mailbox", max_mailbox);
  request.until = reader.text("until", max_word, Text::word);
  request.refilter = reader.flag("refilter");
  error = reader.finish();
  return error.empty() ? std::optional(request) : std::nullopt;
}

Decision act_call(const Visit &visit) {
  if (auto decision = need_own_page(visit, visit.http.csrf_token))
    return *decision;
  std::string error;
  auto request = act_of_json(visit, error);
  if (!request)
    return refusal(visit, ErrorCode::invalid, error);
  Decision decision = call(visit, *request);
  // Of one message, what came of it is what came of the call.
  const auto *done = visit.get<ActAnswer>("call");
  if (visit.route.page == Page::api_item_act && done != nullptr && done->results.size() == 1 &&
      done->results.front().error)
    return refusal(visit, *done->results.front().error, done->results.front().text);
  return decision;
}

Decision overview_call(const Visit &visit) {
  std::string days = visit.query.get("days");
  unsigned number = days.empty() ? 30 : 0;
  for (char c : days.substr(0, 4))
    number = c >= '0' && c <= '9' ? number * 10 + static_cast<unsigned>(c - '0') : max_days + 1;
  if (number == 0 || number > max_days)
    return refusal(visit, ErrorCode::invalid, "days is a number from 1 to 366");
  if (auto decision = need(visit, {{"call", OverviewRequest{number}}}))
    return *decision;
  const auto *found = visit.get<OverviewAnswer>("call");
  return found == nullptr ? refusal(visit, ErrorCode::unavailable)
                          : json_reply(visit, found->overview);
}

// limit= is a number up to max_list; what else it says is refused, where a page would pass it over.
Decision list_call(const Visit &visit) {
  std::string limit = visit.query.get("limit");
  ListRequest request = list_request(visit.query);
  if (!limit.empty() && limit != std::to_string(request.limit))
    return refusal(visit, ErrorCode::invalid, "limit is a number from 1 to 200");
  return call(visit, request);
}

Decision description(const Visit &visit) {
  Decision decision = json_reply(visit, nullptr);
  auto found = visit.library.files.find("openapi.json");
  if (found != visit.library.files.end())
    decision.reply.body = found->second;
  return decision;
}

} // namespace

Decision visit_api(const Visit &visit) {
  switch (visit.route.page) {
  case Page::api_held: return list_call(visit);
  case Page::api_message:
  case Page::api_parts: return item_call(visit);
  case Page::api_original: return original(visit);
  case Page::api_item_act:
  case Page::api_act: return act_call(visit);
  case Page::api_overview: return overview_call(visit);
  case Page::api_whoami: return call(visit, WhoamiRequest{});
  default: return description(visit);
  }
}

} // namespace smime::desk
