#include "desk/web/route.h"

#include "desk/protocol/request.h"

#include <array>
#include <utility>

namespace smime::desk {
namespace {

struct FixedPath {
  std::string_view path;
  Page page;
};

constexpr std::array<FixedPath, 13> fixed{{{"/", Page::start},
                                           {"/login", Page::login},
                                           {"/logout", Page::logout},
                                           {"/held", Page::held},
                                           {"/act", Page::act},
                                           {"/mine", Page::mine},
                                           {"/overview", Page::overview},
                                           {"/token/act", Page::token_act},
                                           {"/api/v1/held", Page::api_held},
                                           {"/api/v1/act", Page::api_act},
                                           {"/api/v1/overview", Page::api_overview},
                                           {"/api/v1/whoami", Page::api_whoami},
                                           {"/api/v1/openapi.json", Page::api_description}}};

constexpr std::array<std::string_view, 3> files{"desk.css", "desk.js", "icon.svg"};

bool take_prefix(std::string_view &text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

// rest is behind "/held/" or "/api/v1/held/".
std::optional<Route> item_route(std::string_view rest, bool api) {
  std::size_t slash = rest.find('/');
  std::string_view id = rest.substr(0, slash);
  if (!is_item_id(id))
    return std::nullopt;
  Route route;
  route.id = id;
  if (slash == std::string_view::npos) {
    route.page = api ? Page::api_message : Page::message;
    return route;
  }
  std::string_view word = rest.substr(slash + 1);
  if (word == "original")
    route.page = api ? Page::api_original : Page::original;
  else if (word == "html" && !api)
    route.page = Page::html;
  else if (word == "parts" && api)
    route.page = Page::api_parts;
  else if (api && act_from_name(word))
    route.page = Page::api_item_act;
  else
    return std::nullopt;
  route.word = word;
  return route;
}

} // namespace

std::optional<Route> route_of(std::string_view path) {
  for (const FixedPath &entry : fixed) {
    if (entry.path == path)
      return Route{entry.page, {}, {}};
  }
  if (take_prefix(path, "/static/")) {
    for (std::string_view name : files) {
      if (name == path)
        return Route{Page::file, {}, std::string(name)};
    }
    return std::nullopt;
  }
  if (take_prefix(path, "/held/"))
    return item_route(path, false);
  if (take_prefix(path, "/api/v1/held/"))
    return item_route(path, true);
  return std::nullopt;
}

std::string_view methods_of(Page page) {
  switch (page) {
  case Page::login: return "GET, HEAD, POST";
  case Page::logout:
  case Page::act:
  case Page::token_act:
  case Page::api_item_act:
  case Page::api_act: return "POST";
  default: return "GET, HEAD";
  }
}

bool allows_method(Page page, std::string_view method) {
  std::string_view allowed = methods_of(page);
  if (method == "POST")
    return allowed.ends_with("POST");
  return (method == "GET" || method == "HEAD") && allowed.starts_with("GET");
}

} // namespace smime::desk
