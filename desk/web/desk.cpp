#include "desk/web/desk.h"

#include "desk/web/guard.h"
#include "desk/web/visit.h"

namespace smime::desk {
namespace {

// A route of the page or API that the path looks like, for refusals.
Route unknown_route(std::string_view path) {
  return {path.starts_with("/api/") ? Page::api_description : Page::start, {}, {}};
}

const Texts &texts_for(const DeskConfig &config, const Library &library,
                       const HttpRequest &request) {
  bool german =
      config.language == Language::de || (config.language == Language::automatic &&
                                          preferred_language(request.accept_language) == "de");
  return german ? library.de : library.en;
}

bool is_type(std::string_view content_type, std::string_view type) {
  return content_type.substr(0, content_type.find(';')) == type;
}

// The session's cookie, or for the API the token of its own.
void read_credentials(Visit &visit) {
  constexpr std::string_view scheme = "Bearer ";
  if (visit.route.is_api() && !visit.http.authorization.empty()) {
    std::string_view token = visit.http.authorization;
    if (token.starts_with(scheme) && is_secret_word(token.substr(scheme.size()), max_session))
      visit.bearer = token.substr(scheme.size());
    return;
  }
  auto cookie = cookie_value(visit.http.cookie, session_cookie_name(visit.config.insecure));
  if (cookie && is_secret_word(*cookie, max_session))
    visit.session = *cookie;
}

// What stands against any request, before it is known who asks.
std::optional<Decision> refuse_early(Visit &visit) {
  if (!visit.http.secure && !(visit.config.insecure && visit.http.loopback))
    return refusal(visit, 403, "insecure");
  if (!allows_method(visit.route.page, visit.http.method)) {
    Decision decision = refusal(visit, 405, "method");
    decision.reply.headers.emplace_back("Allow", methods_of(visit.route.page));
    return decision;
  }
  auto query = Fields::parse(visit.http.query);
  if (!query)
    return refusal(visit, 400, "encoding");
  visit.query = *query;
  if (visit.http.method != "POST")
    return std::nullopt;
  if (visit.http.body.size() > max_body)
    return refusal(visit, ErrorCode::too_large);
  if (!is_from_our_pages(visit.http))
    return refusal(visit, 403, "csrf");
  if (visit.route.is_api())
    return is_type(visit.http.content_type, "application/json")
               ? std::nullopt
               : std::optional(refusal(visit, 415, "type"));
  if (!is_type(visit.http.content_type, "application/x-www-form-urlencoded"))
    return refusal(visit, 415, "type");
  auto form = Fields::parse(visit.http.body);
  if (!form)
    return refusal(visit, 400, "encoding");
  visit.form = *form;
  return std::nullopt;
}

const std::vector<std::string> &static_files() {
  static const std::vector<std::string> names{"desk.css", "desk.js", "icon.svg", "openapi.json"};
  return names;
}

} // namespace

const std::vector<std::string> &library_files() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"en.ini",      "de.ini",    "layout.tpl",  "login.tpl",
                                 "error.tpl",   "list.tpl",  "confirm.tpl", "results.tpl",
                                 "message.tpl", "token.tpl", "overview.tpl"};
    all.insert(all.end(), static_files().begin(), static_files().end());
    return all;
  }();
  return names;
}

std::optional<Library> library_of(const std::map<std::string, std::string> &files,
                                  std::string &error) {
  for (const std::string &name : library_files()) {
    if (!files.contains(name)) {
      error = name + " is missing";
      return std::nullopt;
    }
  }
  Library library;
  auto en = Texts::parse("en", files.at("en.ini"), error);
  auto de = en ? Texts::parse("de", files.at("de.ini"), error) : std::nullopt;
  if (!en || !de) {
    error = (en ? "de.ini: " : "en.ini: ") + error;
    return std::nullopt;
  }
  library.en = std::move(*en);
  library.de = std::move(*de);
  library.templates = Templates::parse(files, error);
  for (const std::string &name : static_files())
    library.files[name] = files.at(name);
  if (library.templates == nullptr)
    return std::nullopt;
  return library;
}

Decision Desk::decide(const HttpRequest &request, const Answers &answers) const {
  auto route = route_of(request.path);
  Visit visit{request,
              answers,
              config_,
              library_,
              texts_for(config_, library_, request),
              route.value_or(unknown_route(request.path)),
              {},
              {},
              {},
              {}};
  if (!route)
    return refusal(visit, 404, "no_page");
  if (auto refused = refuse_early(visit))
    return *refused;
  read_credentials(visit);
  return visit.route.is_api() ? visit_api(visit) : visit_page(visit);
}

HttpReply Desk::failure(const HttpRequest &request, ErrorCode code) const {
  auto route = route_of(request.path);
  Answers none;
  Visit visit{request,
              none,
              config_,
              library_,
              texts_for(config_, library_, request),
              route.value_or(unknown_route(request.path)),
              {},
              {},
              {},
              {}};
  return refusal(visit, code).reply;
}

} // namespace smime::desk
