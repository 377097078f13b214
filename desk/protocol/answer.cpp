#include "desk/protocol/answer.h"

#include "desk/protocol/base64.h"
#include "desk/protocol/object-reader.h"

#include <array>
#include <type_traits>
#include <utility>

namespace smime::desk {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, ErrorCode>, 9> codes{
    {{"login-refused", ErrorCode::login_refused},
     {"session", ErrorCode::session},
     {"forbidden", ErrorCode::forbidden},
     {"not-found", ErrorCode::not_found},
     {"invalid", ErrorCode::invalid},
     {"unavailable", ErrorCode::unavailable},
     {"busy", ErrorCode::busy},
     {"too-large", ErrorCode::too_large},
     {"conflict", ErrorCode::conflict}}};

struct ItemText {
  const char *name;
  std::string Item::*member;
};
constexpr std::array<ItemText, 17> item_texts{{{"id", &Item::id},
                                               {"user", &Item::user},
                                               {"time", &Item::time},
                                               {"state", &Item::state},
                                               {"from", &Item::from},
                                               {"to", &Item::to},
                                               {"subject", &Item::subject},
                                               {"reason", &Item::reason},
                                               {"rule", &Item::rule},
                                               {"until", &Item::until},
                                               {"then", &Item::then},
                                               {"requested_by", &Item::requested_by},
                                               {"requested_at", &Item::requested_at},
                                               {"who", &Item::who},
                                               {"when", &Item::when},
                                               {"why", &Item::why},
                                               {"mailbox", &Item::mailbox}}};

// --- writing

void put(json &object, const char *name, const std::string &value) {
  if (!value.empty())
    object[name] = value;
}

json written(const Item &item) {
  json object = json::object();
  for (const auto &[name, member] : item_texts)
    put(object, name, item.*member);
  object["classes"] = json(item.classes);
  object["size"] = item.size;
  return object;
}

json written(const HistoryEntry &entry) {
  return {{"when", entry.when}, {"state", entry.state}, {"who", entry.who}, {"why", entry.why}};
}

json written(const NoteEntry &entry) {
  return {{"when", entry.when}, {"who", entry.who}, {"text", entry.text}};
}

json written(const HeaderField &field) { return {{"name", field.name}, {"value", field.value}}; }

json written(const Part &part) {
  json object = {{"path", part.path}, {"type", part.type},   {"name", part.name},
                 {"size", part.size}, {"state", part.state}, {"sha256", part.sha256}};
  if (part.text) {
    object["text"] = *part.text;
    object["text_cut"] = part.text_cut;
  }
  if (part.html)
    object["html"] = *part.html;
  return object;
}

json written(const ActResult &result) {
  json object = {
      {"id", result.id}, {"user", result.user}, {"result", result.result}, {"text", result.text}};
  if (result.error)
    object["error"] = name_of(*result.error);
  return object;
}

template <typename Element> json array_of(const std::vector<Element> &elements) {
  json array = json::array();
  for (const Element &element : elements)
    array.push_back(written(element));
  return array;
}

json body_json(const Failure &body) { return {{"error", name_of(body.code)}, {"text", body.text}}; }

json body_json(const EmptyAnswer & /*body*/) { return json::object(); }

json body_json(const Identity &body) {
  json object = {{"name", body.name}, {"kind", name_of(body.kind)}, {"acts", json(body.acts)}};
  put(object, "session", body.session);
  put(object, "csrf", body.csrf);
  return object;
}

json body_json(const ListAnswer &body) {
  json object = {{"items", array_of(body.items)}, {"next", body.next}};
  if (body.waiting)
    object["waiting"] = *body.waiting;
  return object;
}

json body_json(const ShowAnswer &body) {
  return {{"record", written(body.record)},
          {"report", body.report},
          {"history", array_of(body.history)},
          {"notes", array_of(body.notes)},
          {"acts", json(body.acts)}};
}

json body_json(const PartsAnswer &body) {
  return {{"headers", array_of(body.headers)}, {"parts", array_of(body.parts)}};
}

json body_json(const DataAnswer &body) { return {{"data", to_base64(body.data)}}; }

json body_json(const ActAnswer &body) { return {{"results", array_of(body.results)}}; }

json body_json(const OverviewAnswer &body) {
  return body.overview.is_object() ? body.overview : json::object();
}

json body_json(const TokenAnswer &body) {
  // "id" is the frame's.
  return {{"held", body.id},       {"user", body.user},       {"recipient", body.recipient},
          {"allows", body.allows}, {"expires", body.expires}, {"item", written(body.item)}};
}

// --- reading: what is not known is passed over

template <typename Element> Element read_as(const json &value, std::string &error);

class Members {
public:
  Members(const json &object, std::string &error) : object_(object), error_(error) {
    if (!object.is_object())
      refuse("an object");
  }

  const json *find(const char *name) const {
    if (!object_.is_object())
      return nullptr;
    auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  std::string text(const char *name) const {
    const json *value = find(name);
    if (value == nullptr)
      return {};
    if (value->is_string())
      return value->get<std::string>();
    refuse(name);
    return {};
  }

  std::optional<std::string> optional_text(const char *name) const {
    return find(name) == nullptr ? std::nullopt : std::optional(text(name));
  }

  std::uint64_t number(const char *name) const {
    const json *value = find(name);
    if (value == nullptr)
      return 0;
    if (value->is_number_unsigned())
      return value->get<std::uint64_t>();
    refuse(name);
    return 0;
  }

  bool flag(const char *name) const {
    const json *value = find(name);
    if (value != nullptr && !value->is_boolean())
      refuse(name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }

  template <typename Element> std::vector<Element> list(const char *name) const {
    std::vector<Element> elements;
    const json *value = find(name);
    if (value == nullptr)
      return elements;
    if (!value->is_array())
      refuse(name);
    else
      for (const json &element : *value)
        elements.push_back(read_as<Element>(element, error_));
    return elements;
  }

  void refuse(const char *what) const {
    if (error_.empty())
      error_ = std::string("the answer has no right ") + what;
  }

private:
  const json &object_;
  std::string &error_;
};

std::optional<ErrorCode> code_of(std::string_view word) {
  for (const auto &[name, code] : codes) {
    if (name == word)
      return code;
  }
  return std::nullopt;
}

template <> std::string read_as(const json &value, std::string &error) {
  if (value.is_string())
    return value.get<std::string>();
  if (error.empty())
    error = "the answer has no right text";
  return {};
}

template <> Item read_as(const json &value, std::string &error) {
  Members members(value, error);
  Item item;
  for (const auto &[name, member] : item_texts)
    item.*member = members.text(name);
  item.classes = members.list<std::string>("classes");
  item.size = members.number("size");
  return item;
}

template <> HistoryEntry read_as(const json &value, std::string &error) {
  Members members(value, error);
  return {members.text("when"), members.text("state"), members.text("who"), members.text("why")};
}

template <> NoteEntry read_as(const json &value, std::string &error) {
  Members members(value, error);
  return {members.text("when"), members.text("who"), members.text("text")};
}

template <> HeaderField read_as(const json &value, std::string &error) {
  Members members(value, error);
  return {members.text("name"), members.text("value")};
}

template <> Part read_as(const json &value, std::string &error) {
  Members members(value, error);
  return {members.text("path"),          members.text("type"),     members.text("name"),
          members.number("size"),        members.text("state"),    members.text("sha256"),
          members.optional_text("text"), members.flag("text_cut"), members.optional_text("html")};
}

template <> ActResult read_as(const json &value, std::string &error) {
  Members members(value, error);
  return {members.text("id"), members.text("user"), members.text("result"), members.text("text"),
          code_of(members.text("error"))};
}

Item read_item(const Members &members, const char *name, std::string &error) {
  const json *value = members.find(name);
  return value == nullptr ? Item{} : read_as<Item>(*value, error);
}

Failure read_failure(const Members &members) {
  Failure failure;
  if (auto code = code_of(members.text("error")))
    failure.code = *code;
  failure.text = members.text("text");
  return failure;
}

Identity read_identity(const Members &members) {
  Identity identity;
  identity.session = members.text("session");
  identity.csrf = members.text("csrf");
  identity.name = members.text("name");
  identity.kind = members.text("kind") == "reviewer" ? Kind::reviewer : Kind::recipient;
  identity.acts = members.list<std::string>("acts");
  return identity;
}

ListAnswer read_list(const Members &members) {
  ListAnswer list{members.list<Item>("items"), members.text("next"), std::nullopt};
  if (members.find("waiting") != nullptr)
    list.waiting = members.number("waiting");
  return list;
}

ShowAnswer read_show(const Members &members, std::string &error) {
  const json *report = members.find("report");
  return {read_item(members, "record", error), report == nullptr ? json() : *report,
          members.list<HistoryEntry>("history"), members.list<NoteEntry>("notes"),
          members.list<std::string>("acts")};
}

DataAnswer read_data(const Members &members) {
  auto data = from_base64(members.text("data"));
  if (!data)
    members.refuse("data");
  return {data.value_or("")};
}

TokenAnswer read_token(const Members &members, std::string &error) {
  return {members.text("held"),   members.text("user"),    members.text("recipient"),
          members.text("allows"), members.text("expires"), read_item(members, "item", error)};
}

OverviewAnswer read_overview(json object) {
  // What is the frame's is none of the overview.
  for (const char *name : {"id", "ok", "more"})
    object.erase(name);
  return {std::move(object)};
}

AnswerBody read_body(const Members &members, const json &object, std::string_view type,
                     std::string &error) {
  if (type == "login" || type == "whoami")
    return read_identity(members);
  if (type == "list")
    return read_list(members);
  if (type == "show")
    return read_show(members, error);
  if (type == "parts")
    return PartsAnswer{members.list<HeaderField>("headers"), members.list<Part>("parts")};
  if (type == "original")
    return read_data(members);
  if (type == "act" || type == "token-act")
    return ActAnswer{members.list<ActResult>("results")};
  if (type == "overview")
    return read_overview(object);
  if (type == "token-check")
    return read_token(members, error);
  return EmptyAnswer{};
}

} // namespace

std::string_view name_of(ErrorCode code) {
  for (const auto &[name, known] : codes) {
    if (known == code)
      return name;
  }
  return {};
}

std::string_view name_of(Kind kind) { return kind == Kind::reviewer ? "reviewer" : "recipient"; }

json json_of(const AnswerBody &body) {
  return std::visit([](const auto &typed) { return body_json(typed); }, body);
}

std::string write_answer(const Answer &answer) {
  json object = json_of(answer.body);
  object["id"] = answer.id;
  object["ok"] = !std::holds_alternative<Failure>(answer.body);
  if (answer.more)
    object["more"] = true;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<AnswerHead> read_answer_head(std::string_view text) {
  AnswerHead head;
  head.object = json::parse(text, nullptr, false);
  if (!head.object.is_object())
    return std::nullopt;
  std::string error;
  Members members(head.object, error);
  head.id = members.number("id");
  head.more = members.flag("more");
  if (!error.empty())
    return std::nullopt;
  return head;
}

std::optional<AnswerBody> read_answer(const json &object, std::string_view request_type,
                                      std::string &error) {
  error.clear();
  Members members(object, error);
  AnswerBody body = members.flag("ok") ? read_body(members, object, request_type, error)
                                       : AnswerBody(read_failure(members));
  if (!error.empty())
    return std::nullopt;
  return body;
}

} // namespace smime::desk
