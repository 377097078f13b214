#include "desk/web/visit.h"

#include "desk/web/guard.h"
#include "desk/web/visible.h"

namespace smime::desk {
namespace {

unsigned status_of(ErrorCode code) {
  switch (code) {
  case ErrorCode::session: return 401;
  case ErrorCode::login_refused:
  case ErrorCode::forbidden: return 403;
  case ErrorCode::not_found: return 404;
  case ErrorCode::conflict: return 409;
  case ErrorCode::too_large: return 413;
  case ErrorCode::busy: return 429;
  case ErrorCode::unavailable: return 503;
  case ErrorCode::invalid: break;
  }
  return 400;
}

// The part of a key for texts: "not_found".
std::string text_key(std::string_view name) {
  std::string key(name);
  for (char &c : key)
    c = c == '-' ? '_' : c;
  return key;
}

HttpReply own_reply(const Visit &visit, unsigned status) {
  HttpReply reply;
  reply.status = status;
  reply.headers = security_headers(Content::own, visit.config.html_view, visit.http.secure);
  return reply;
}

View frame_of(const Visit &visit, const std::string &title) {
  View frame{{"TITLE", title}, {"CSRF", ""}};
  const auto *identity = visit.get<Identity>("whoami");
  if (identity == nullptr)
    return frame;
  bool reviewer = identity->kind == Kind::reviewer;
  frame["WHO"] = visible_line(identity->name);
  frame["CSRF"] = identity->csrf;
  frame["REVIEWER"] = reviewer;
  frame["RECIPIENT"] = !reviewer;
  frame["AT_HELD"] = visit.route.page == Page::held;
  frame["AT_MINE"] = visit.route.page == Page::mine;
  frame["AT_OVERVIEW"] = visit.route.page == Page::overview;
  return frame;
}

// Of an act that is refused: what a person typed, and would have to type again.
std::string typed_text(const Visit &visit) {
  if (visit.route.page != Page::act)
    return {};
  std::string reason = visit.form.get("reason");
  std::string text = visit.form.get("text");
  return reason + (reason.empty() || text.empty() ? "" : "\n\n") + text;
}

Decision refusal_page(const Visit &visit, unsigned status, const std::string &key,
                      const std::string &detail) {
  std::string title = visit.texts.text("error_" + key);
  return page(visit, "error", title,
              {{"ERROR_TITLE", title},
               {"ERROR_TEXT", visit.texts.text("error_" + key + "_text")},
               {"ERROR_REMEDY", visit.texts.text("error_" + key + "_todo")},
               {"ERROR_DETAIL", visible_line(detail)},
               {"TYPED", visible_lines(typed_text(visit))}},
              status);
}

} // namespace

const AnswerBody *Visit::answer(std::string_view name) const {
  auto found = answers.find(name);
  return found == answers.end() ? nullptr : &found->second;
}

std::optional<ItemKey> Visit::item() const {
  std::string user = query.get("user");
  if (user.empty() || user.size() > max_user)
    return std::nullopt;
  return ItemKey{route.id, user};
}

Ask ask_for(const Visit &visit, const Question &question) {
  Request request;
  request.session = visit.session;
  request.bearer = visit.bearer;
  request.ip = visit.http.ip;
  request.body = question.body;
  return {std::string(question.name), std::move(request)};
}

std::optional<Decision> await(const Visit &visit, const std::vector<Question> &questions) {
  Decision decision;
  for (const Question &question : questions) {
    if (visit.answer(question.name) == nullptr)
      decision.asks.push_back(ask_for(visit, question));
  }
  return decision.asks.empty() ? std::nullopt : std::optional(std::move(decision));
}

std::optional<Decision> need(const Visit &visit, const std::vector<Question> &questions) {
  if (visit.session.empty() && visit.bearer.empty())
    return refusal(visit, ErrorCode::session);
  if (auto asks = await(visit, questions))
    return asks;
  for (const Question &question : questions) {
    if (const auto *failure = visit.get<Failure>(question.name))
      return refusal(visit, failure->code, failure->text);
  }
  return std::nullopt;
}

std::optional<Decision> need_own_page(const Visit &visit, std::string_view token) {
  if (auto decision = need(visit, {{"whoami", WhoamiRequest{}}}))
    return decision;
  // A token of the API is in no browser that a foreign page could use.
  if (!visit.bearer.empty())
    return std::nullopt;
  const auto *identity = visit.get<Identity>("whoami");
  if (identity == nullptr || !equal_secrets(token, identity->csrf))
    return refusal(visit, 403, "csrf");
  return std::nullopt;
}

Decision answered(HttpReply reply) {
  Decision decision;
  decision.reply = std::move(reply);
  return decision;
}

Decision page(const Visit &visit, std::string_view body, const std::string &title, const View &view,
              unsigned status) {
  HttpReply reply = own_reply(visit, status);
  reply.headers.emplace_back("Content-Language", visit.texts.code());
  reply.body = visit.library.templates->page(body, visit.texts, frame_of(visit, title), view);
  return answered(std::move(reply));
}

Decision json_reply(const Visit &visit, const nlohmann::json &value, unsigned status) {
  HttpReply reply = own_reply(visit, status);
  reply.content_type = "application/json";
  reply.body = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return answered(std::move(reply));
}

Decision redirect(const Visit &visit, const std::string &where) {
  HttpReply reply = own_reply(visit, 303);
  reply.headers.emplace_back("Location", where);
  return answered(std::move(reply));
}

Decision refusal(const Visit &visit, ErrorCode code, const std::string &detail) {
  unsigned status = status_of(code);
  std::string key = text_key(name_of(code));
  if (visit.route.is_api()) {
    std::string text = detail.empty() ? visit.library.en.text("error_" + key + "_text") : detail;
    Decision decision = json_reply(visit, {{"error", name_of(code)}, {"text", text}}, status);
    if (status == 401)
      decision.reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    return decision;
  }
  if (code != ErrorCode::session)
    return refusal_page(visit, status, key, detail);
  Decision decision = typed_text(visit).empty() ? redirect(visit, "/login")
                                                : refusal_page(visit, status, key, detail);
  if (!visit.session.empty())
    decision.reply.headers.emplace_back(
        "Set-Cookie",
        set_cookie(session_cookie_name(visit.config.insecure), "", visit.config.insecure));
  return decision;
}

Decision refusal(const Visit &visit, unsigned status, const char *what) {
  if (!visit.route.is_api())
    return refusal_page(visit, status, what, {});
  const char *word = status == 403 ? "forbidden" : status == 404 ? "not-found" : "invalid";
  return json_reply(
      visit,
      {{"error", word}, {"text", visit.library.en.text(std::string("error_") + what + "_text")}},
      status);
}

} // namespace smime::desk
