#include "desk/protocol/request.h"

#include "desk/protocol/object-reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace smime::desk {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, Act>, 7> acts{{{"release", Act::release},
                                                                {"reject", Act::reject},
                                                                {"delete", Act::remove},
                                                                {"hold", Act::hold},
                                                                {"note", Act::note},
                                                                {"inspect", Act::inspect},
                                                                {"request", Act::request}}};
// In the order of RequestBody.
constexpr std::array<std::string_view, std::variant_size_v<RequestBody>> types{
    "login",    "logout", "whoami",   "list",        "show",     "parts",
    "original", "act",    "overview", "token-check", "token-act"};

struct FilterText {
  const char *name;
  std::string Filter::*member;
};
constexpr std::array<FilterText, 12> filter_texts{{{"from", &Filter::from},
                                                   {"to", &Filter::to},
                                                   {"subject", &Filter::subject},
                                                   {"class", &Filter::cls},
                                                   {"reason", &Filter::reason},
                                                   {"rule", &Filter::rule},
                                                   {"state", &Filter::state},
                                                   {"older_than", &Filter::older_than},
                                                   {"since", &Filter::since},
                                                   {"user", &Filter::user},
                                                   {"domain", &Filter::domain},
                                                   {"q", &Filter::q}}};

ItemKey read_item(const json &value, std::string &error) {
  ObjectReader reader(value, "item");
  ItemKey item{reader.needed_text("id", max_word), reader.needed_text("user", max_user)};
  if (!item.id.empty() && !is_item_id(item.id))
    reader.refuse("id is none of a held message");
  error = reader.finish();
  return item;
}

ItemKey read_item_of(ObjectReader &reader) {
  const json *value = reader.object("item");
  if (value == nullptr) {
    reader.refuse("item is missing");
    return {};
  }
  std::string error;
  ItemKey item = read_item(*value, error);
  reader.take_error(error);
  return item;
}

Act read_act(ObjectReader &reader) {
  auto act = act_from_name(reader.needed_text("act", max_word, Text::word));
  if (!act)
    reader.refuse("act is not known");
  return act.value_or(Act::note);
}

Filter read_filter(ObjectReader &reader) {
  Filter filter;
  const json *value = reader.object("filter");
  if (value == nullptr)
    return filter;
  ObjectReader inner(*value, "filter");
  for (const auto &[name, member] : filter_texts)
    filter.*member = inner.text(name, max_filter_text);
  reader.take_error(inner.finish());
  return filter;
}

void read(ObjectReader &reader, LoginRequest &body) {
  body.name = reader.needed_text("name", max_name);
  body.password = reader.needed_text("password", max_password, Text::secret);
  body.secure = reader.flag("secure");
}

void read(ObjectReader & /*reader*/, LogoutRequest & /*body*/) {}

void read(ObjectReader & /*reader*/, WhoamiRequest & /*body*/) {}

void read(ObjectReader &reader, ListRequest &body) {
  body.filter = read_filter(reader);
  body.sort = reader.text("sort", max_word, Text::word);
  body.limit = static_cast<unsigned>(reader.number("limit", 1, max_list, default_list));
  body.after = reader.text("after", max_cursor);
}

void read(ObjectReader &reader, ShowRequest &body) { body.item = read_item_of(reader); }

void read(ObjectReader &reader, PartsRequest &body) { body.item = read_item_of(reader); }

void read(ObjectReader &reader, OriginalRequest &body) { body.item = read_item_of(reader); }

void read(ObjectReader &reader, ActRequest &body) {
  body.act = read_act(reader);
  const json *items = reader.array("items", max_items);
  if (items == nullptr || items->empty()) {
    reader.refuse("items are missing");
  } else {
    for (const json &value : *items) {
      std::string error;
      body.items.push_back(read_item(value, error));
      reader.take_error(error);
    }
  }
  body.reason = reader.text("reason", max_reason);
  body.text = reader.text("text", max_act_text, Text::lines);
  body.mailbox = reader.text("mailbox", max_mailbox);
  body.until = reader.text("until", max_word, Text::word);
  body.refilter = reader.flag("refilter");
}

void read(ObjectReader &reader, OverviewRequest &body) {
  body.days = static_cast<unsigned>(reader.number("days", 1, max_days, body.days));
}

void read(ObjectReader &reader, TokenCheckRequest &body) {
  body.token = reader.needed_text("token", max_notice_token, Text::word);
}

void read(ObjectReader &reader, TokenActRequest &body) {
  body.token = reader.needed_text("token", max_notice_token, Text::word);
  body.act = read_act(reader);
  if (body.act != Act::release && body.act != Act::request)
    reader.refuse("a token is for release and request alone");
  body.reason = reader.text("reason", max_reason);
}

// An empty body of the type with this number.
template <std::size_t N = 0> RequestBody body_of_type(std::size_t number) {
  if constexpr (N + 1 < std::variant_size_v<RequestBody>) {
    if (number != N)
      return body_of_type<N + 1>(number);
  }
  return RequestBody(std::in_place_index<N>);
}

// Logins and tokens of notices come from those who have no session.
bool needs_session(const RequestBody &body) {
  return !std::holds_alternative<LoginRequest>(body) &&
         !std::holds_alternative<TokenCheckRequest>(body) &&
         !std::holds_alternative<TokenActRequest>(body);
}

json written(const ItemKey &item) { return {{"id", item.id}, {"user", item.user}}; }

void put(json &object, const char *name, const std::string &value) {
  if (!value.empty())
    object[name] = value;
}

void write(json &object, const LoginRequest &body) {
  object["name"] = body.name;
  object["password"] = body.password;
  object["secure"] = body.secure;
}

void write(json & /*object*/, const LogoutRequest & /*body*/) {}

void write(json & /*object*/, const WhoamiRequest & /*body*/) {}

void write(json &object, const ListRequest &body) {
  json filter = json::object();
  for (const auto &[name, member] : filter_texts)
    put(filter, name, body.filter.*member);
  object["filter"] = std::move(filter);
  put(object, "sort", body.sort);
  object["limit"] = body.limit;
  put(object, "after", body.after);
}

void write(json &object, const ShowRequest &body) { object["item"] = written(body.item); }

void write(json &object, const PartsRequest &body) { object["item"] = written(body.item); }

void write(json &object, const OriginalRequest &body) { object["item"] = written(body.item); }

void write(json &object, const ActRequest &body) {
  object["act"] = name_of(body.act);
  json items = json::array();
  for (const ItemKey &item : body.items)
    items.push_back(written(item));
  object["items"] = std::move(items);
  put(object, "reason", body.reason);
  put(object, "text", body.text);
  put(object, "mailbox", body.mailbox);
  put(object, "until", body.until);
  if (body.refilter)
    object["refilter"] = true;
}

void write(json &object, const OverviewRequest &body) { object["days"] = body.days; }

void write(json &object, const TokenCheckRequest &body) { object["token"] = body.token; }

void write(json &object, const TokenActRequest &body) {
  object["token"] = body.token;
  object["act"] = name_of(body.act);
  put(object, "reason", body.reason);
}

} // namespace

std::string_view name_of(Act act) {
  for (const auto &[name, known] : acts) {
    if (known == act)
      return name;
  }
  return {};
}

std::optional<Act> act_from_name(std::string_view name) {
  for (const auto &[known, act] : acts) {
    if (known == name)
      return act;
  }
  return std::nullopt;
}

std::string_view type_of(const Request &request) { return types.at(request.body.index()); }

bool is_item_id(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string write_request(const Request &request) {
  json object = {{"id", request.id}, {"type", type_of(request)}};
  put(object, "session", request.session);
  put(object, "bearer", request.bearer);
  put(object, "ip", request.ip);
  std::visit([&object](const auto &body) { write(object, body); }, request.body);
  // What is no UTF-8 is no request, either: it is refused by the reader's bounds, not by a throw.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

ReadRequest read_request(std::string_view text) {
  ReadRequest result;
  json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) {
    result.error = "request: it is no JSON";
    return result;
  }
  ObjectReader reader(object, "request");
  Request request;
  request.id = reader.number("id", 0, std::numeric_limits<std::uint64_t>::max(), 0);
  result.id = request.id;
  std::string type = reader.needed_text("type", max_word, Text::word);
  const auto *known = std::find(types.begin(), types.end(), type);
  if (known == types.end()) {
    reader.refuse("type is not known");
    result.error = reader.finish();
    return result;
  }
  request.body = body_of_type(static_cast<std::size_t>(known - types.begin()));
  if (needs_session(request.body)) {
    request.session = reader.text("session", max_session, Text::word);
    request.bearer = reader.text("bearer", max_session, Text::word);
  }
  request.ip = reader.text("ip", max_ip, Text::word);
  std::visit([&reader](auto &body) { read(reader, body); }, request.body);
  result.error = reader.finish();
  if (result.error.empty())
    result.request = std::move(request);
  return result;
}

} // namespace smime::desk
