#include "desk/web/guard.h"
#include "desk/web/item-view.h"
#include "desk/web/list-view.h"
#include "desk/web/message-view.h"
#include "desk/web/overview-view.h"
#include "desk/web/result-view.h"
#include "desk/web/time-text.h"
#include "desk/web/visible.h"
#include "desk/web/visit.h"

#include <algorithm>

namespace smime::desk {
namespace {

// "7", "30", "90" or "365".
unsigned days_of(const Visit &visit) {
  std::string days = visit.query.get("days");
  return days == "7" ? 7 : days == "90" ? 90 : days == "365" ? 365 : 30;
}

Decision visit_file(const Visit &visit) {
  HttpReply reply;
  const std::string &name = visit.route.word;
  reply.content_type = name.ends_with(".css")  ? "text/css; charset=utf-8"
                       : name.ends_with(".js") ? "text/javascript; charset=utf-8"
                                               : "image/svg+xml";
  reply.headers = security_headers(Content::own, visit.config.html_view, visit.http.secure);
  auto found = visit.library.files.find(name);
  reply.body = found == visit.library.files.end() ? std::string() : found->second;
  return answered(std::move(reply));
}

// --- login and logout

Decision login_page(const Visit &visit, const char *alert, unsigned status) {
  bool insecure = visit.config.insecure;
  auto cookie = cookie_value(visit.http.cookie, login_cookie_name(insecure));
  // One that is there stays: the form may be open twice.
  bool known = cookie && is_secret_word(*cookie, max_session);
  std::string token = known ? *cookie : visit.http.nonce;
  View view{{"PRE_CSRF", token}, {"LOGIN_NAME", visible_line(visit.form.get("name"))}};
  if (alert != nullptr)
    view["ALERT"] = visit.texts.text(alert);
  Decision decision = page(visit, "login", visit.texts.text("login_title"), view, status);
  decision.reply.headers.emplace_back("Set-Cookie",
                                      set_cookie(login_cookie_name(insecure), token, insecure));
  return decision;
}

// Telephones put a blank behind a name that they complete.
std::string trimmed(const std::string &name) {
  auto first = name.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : name.substr(first, name.find_last_not_of(' ') - first + 1);
}

Decision login(const Visit &visit) {
  if (visit.http.method != "POST")
    return login_page(visit, nullptr, 200);
  bool insecure = visit.config.insecure;
  auto cookie = cookie_value(visit.http.cookie, login_cookie_name(insecure));
  if (!cookie || !equal_secrets(*cookie, visit.form.get("csrf")))
    return login_page(visit, "login_again", 403);
  LoginRequest body{trimmed(visit.form.get("name")), visit.form.get("password"), visit.http.secure};
  if (body.name.empty() || body.password.empty() || body.name.size() > max_name ||
      body.password.size() > max_password)
    return login_page(visit, "login_refused", 403);
  if (auto asks = await(visit, {{"login", body}})) {
    for (Ask &ask : asks->asks)
      ask.request.session.clear();
    return *asks;
  }
  const auto *identity = visit.get<Identity>("login");
  if (identity == nullptr) {
    const auto *failure = visit.get<Failure>("login");
    if (failure != nullptr && failure->code == ErrorCode::busy)
      return login_page(visit, "login_busy", 429);
    if (failure != nullptr && failure->code == ErrorCode::unavailable)
      return refusal(visit, ErrorCode::unavailable, failure->text);
    return login_page(visit, "login_refused", 403);
  }
  // A login begins a new session; the one that this browser had ends with it.
  if (!visit.session.empty()) {
    if (auto asks = await(visit, {{"logout", LogoutRequest{}}}))
      return *asks;
  }
  Decision decision = redirect(visit, identity->kind == Kind::reviewer ? "/held" : "/mine");
  decision.reply.headers.emplace_back(
      "Set-Cookie", set_cookie(session_cookie_name(insecure), identity->session, insecure));
  decision.reply.headers.emplace_back("Set-Cookie",
                                      set_cookie(login_cookie_name(insecure), "", insecure));
  return decision;
}

Decision logout(const Visit &visit) {
  if (auto decision = need_own_page(visit, visit.form.get("csrf")))
    return *decision;
  if (auto decision = need(visit, {{"logout", LogoutRequest{}}}))
    return *decision;
  Decision decision = redirect(visit, "/login");
  decision.reply.headers.emplace_back(
      "Set-Cookie",
      set_cookie(session_cookie_name(visit.config.insecure), "", visit.config.insecure));
  return decision;
}

// --- a notice's link

Decision token_page(const Visit &visit) {
  std::string token = visit.query.get("t");
  if (!is_secret_word(token, max_notice_token))
    return refusal(visit, 404, "token");
  if (auto asks = await(visit, {{"token", TokenCheckRequest{token}}}))
    return *asks;
  const auto *found = visit.get<TokenAnswer>("token");
  if (found == nullptr) {
    const auto *failure = visit.get<Failure>("token");
    bool away = failure != nullptr && failure->code == ErrorCode::unavailable;
    return away ? refusal(visit, ErrorCode::unavailable) : refusal(visit, 404, "token");
  }
  View view = item_view(visit.texts, found->item, visit.http.now);
  view["TOKEN"] = token;
  view["CAN_RELEASE"] = found->allows == "release";
  view["CAN_REQUEST"] = found->allows == "request";
  if (found->item.time.empty())
    view["TIME_FULL"] = "";
  return page(visit, "token", visit.texts.text("token_title"), view);
}

Decision token_act(const Visit &visit) {
  TokenActRequest body{visit.form.get("token"), Act::request, visit.form.get("reason")};
  auto act = act_from_name(visit.form.get("act"));
  if (!is_secret_word(body.token, max_notice_token))
    return refusal(visit, 404, "token");
  if (!act || (*act != Act::release && *act != Act::request) || body.reason.size() > max_reason)
    return refusal(visit, ErrorCode::invalid);
  body.act = *act;
  if (auto asks = await(visit, {{"token", body}}))
    return *asks;
  const auto *done = visit.get<ActAnswer>("token");
  if (done == nullptr) {
    const auto *failure = visit.get<Failure>("token");
    return failure != nullptr ? refusal(visit, failure->code, failure->text)
                              : refusal(visit, ErrorCode::unavailable);
  }
  View view = results_view(visit.texts, body.act, done->results, "/");
  return page(visit, "results", view["RESULT_TITLE"].get<std::string>(), view);
}

// --- lists and messages

Decision start(const Visit &visit) {
  if (visit.query.has("t"))
    return token_page(visit);
  if (auto decision = need(visit, {{"whoami", WhoamiRequest{}}}))
    return *decision;
  const auto *identity = visit.get<Identity>("whoami");
  bool reviewer = identity != nullptr && identity->kind == Kind::reviewer;
  return redirect(visit, reviewer ? "/held" : "/mine");
}

Decision list(const Visit &visit) {
  if (auto decision = need(visit, {{"whoami", WhoamiRequest{}}}))
    return *decision;
  const auto *identity = visit.get<Identity>("whoami");
  if (identity == nullptr)
    return refusal(visit, ErrorCode::unavailable);
  bool reviewer = identity->kind == Kind::reviewer;
  if (reviewer != (visit.route.page == Page::held))
    return redirect(visit, reviewer ? "/held" : "/mine");
  if (auto decision = need(visit, {{"list", list_request(visit.query)}}))
    return *decision;
  const auto *found = visit.get<ListAnswer>("list");
  if (found == nullptr)
    return refusal(visit, ErrorCode::unavailable);
  View view = list_view(visit.texts, *found, visit.query, *identity, visit.http.now);
  return page(visit, "list", view["LIST_TITLE"].get<std::string>(), view);
}

Decision message(const Visit &visit) {
  auto item = visit.item();
  if (!item)
    return refusal(visit, 404, "no_message");
  // The parts take longest, and may not be had: the page is shown without them.
  std::vector<Question> questions{{"whoami", WhoamiRequest{}}, {"show", ShowRequest{*item}}};
  std::vector<Question> all = questions;
  all.push_back({"parts", PartsRequest{*item}});
  if (!visit.session.empty()) {
    if (auto asks = await(visit, all))
      return *asks;
  }
  if (auto decision = need(visit, questions))
    return *decision;
  const auto *identity = visit.get<Identity>("whoami");
  const auto *show = visit.get<ShowAnswer>("show");
  if (identity == nullptr || show == nullptr)
    return refusal(visit, ErrorCode::unavailable);
  View view = message_view(visit.texts,
                           {*show, *visit.answer("parts"), identity->kind, visit.config.html_view},
                           visit.http.now);
  return page(visit, "message", view["SUBJECT"].get<std::string>(), view);
}

Decision html(const Visit &visit) {
  auto item = visit.item();
  if (!item || !visit.config.html_view)
    return refusal(visit, 404, "no_page");
  if (auto decision = need(visit, {{"parts", PartsRequest{*item}}}))
    return *decision;
  const auto *found = visit.get<PartsAnswer>("parts");
  std::string path = visit.query.get("part");
  for (const Part &part : found == nullptr ? std::vector<Part>() : found->parts) {
    if (part.path != path || !part.html)
      continue;
    HttpReply reply;
    reply.headers = security_headers(Content::mail_html, true, visit.http.secure);
    reply.body = *part.html;
    return answered(std::move(reply));
  }
  return refusal(visit, 404, "no_page");
}

Decision overview(const Visit &visit) {
  unsigned days = days_of(visit);
  if (auto decision =
          need(visit, {{"whoami", WhoamiRequest{}}, {"overview", OverviewRequest{days}}}))
    return *decision;
  const auto *found = visit.get<OverviewAnswer>("overview");
  if (found == nullptr)
    return refusal(visit, ErrorCode::unavailable);
  return page(visit, "overview", visit.texts.text("overview_title"),
              overview_view(visit.texts, found->overview, days, visit.http.now));
}

// --- acts

// Nullopt if the form says no such thing.
std::optional<ActRequest> act_of_form(const Fields &form) {
  ActRequest request;
  auto act = act_from_name(form.get("act"));
  std::vector<std::string> words = form.all("item");
  if (!act || words.size() > max_items)
    return std::nullopt;
  request.act = *act;
  for (const std::string &word : words) {
    auto item = item_from_word(word);
    if (!item)
      return std::nullopt;
    request.items.push_back(*item);
  }
  request.reason = form.get("reason");
  request.text = form.get("text");
  std::erase(request.text, '\r');
  request.mailbox = form.get("mailbox");
  request.refilter = form.get("refilter") == "yes";
  if (*act == Act::hold)
    request.until = form.get("until");
  bool fits = request.reason.size() <= max_reason && request.text.size() <= max_act_text &&
              request.mailbox.size() <= max_mailbox && request.until.size() <= max_word;
  return fits ? std::optional(request) : std::nullopt;
}

Decision act(const Visit &visit) {
  if (auto decision = need_own_page(visit, visit.form.get("csrf")))
    return *decision;
  auto request = act_of_form(visit.form);
  if (!request)
    return refusal(visit, ErrorCode::invalid);
  if (request->items.empty())
    return refusal(visit, 400, "nothing_chosen");
  std::string back = safe_back(visit.form.get("back"), "/");
  if (request->act == Act::remove && visit.form.get("confirm") != "yes")
    return page(visit, "confirm", visit.texts.text("confirm_title"),
                confirm_view(visit.texts, *request, back));
  if (auto decision = need(visit, {{"act", *request}}))
    return *decision;
  const auto *done = visit.get<ActAnswer>("act");
  if (done == nullptr)
    return refusal(visit, ErrorCode::unavailable);
  View view = results_view(visit.texts, request->act, done->results, back);
  return page(visit, "results", view["RESULT_TITLE"].get<std::string>(), view);
}

} // namespace

Decision original(const Visit &visit) {
  auto item = visit.item();
  if (!item)
    return refusal(visit, 404, "no_message");
  Question question{"original", OriginalRequest{*item}};
  if (visit.session.empty() && visit.bearer.empty())
    return refusal(visit, ErrorCode::session);
  if (const auto *failure = visit.get<Failure>("original"))
    return refusal(visit, failure->code, failure->text);
  HttpReply reply;
  reply.content_type = "message/rfc822";
  reply.headers = security_headers(Content::own, visit.config.html_view, visit.http.secure);
  reply.headers.emplace_back("Content-Disposition",
                             "attachment; filename=\"" + item->id + ".eml\"");
  Decision decision = answered(std::move(reply));
  decision.stream = ask_for(visit, question);
  return decision;
}

Decision visit_page(const Visit &visit) {
  switch (visit.route.page) {
  case Page::start: return start(visit);
  case Page::login: return login(visit);
  case Page::logout: return logout(visit);
  case Page::held:
  case Page::mine: return list(visit);
  case Page::message: return message(visit);
  case Page::original: return original(visit);
  case Page::html: return html(visit);
  case Page::act: return act(visit);
  case Page::overview: return overview(visit);
  case Page::token_act: return token_act(visit);
  case Page::file: return visit_file(visit);
  default: return refusal(visit, 404, "no_page");
  }
}

} // namespace smime::desk
