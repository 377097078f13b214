// Which page or call a path names. No Dovecot header.
#ifndef SMIME_DESK_ROUTE_H
#define SMIME_DESK_ROUTE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime::desk {

enum class Page : std::uint8_t {
  start,
  login,
  logout,
  held,
  message,
  original,
  html,
  act,
  mine,
  overview,
  token_act,
  file,
  api_held,
  api_message,
  api_parts,
  api_original,
  api_item_act,
  api_act,
  api_overview,
  api_whoami,
  api_description,
};

struct Route {
  Page page = Page::start;
  // Of a message.
  std::string id;
  // Of api_item_act: "release". Of file: its name.
  std::string word;

  bool is_api() const { return page >= Page::api_held; }
};

// Nullopt: there is no such page. The path is as it came; one with percent-encoding is none.
std::optional<Route> route_of(std::string_view path);

// "GET", "POST" or "GET, POST": for the Allow header.
std::string_view methods_of(Page page);
bool allows_method(Page page, std::string_view method);

} // namespace smime::desk

#endif
