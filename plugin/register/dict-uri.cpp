#include "plugin/register/dict-uri.h"

#include <sstream>
#include <string_view>

namespace smime {
namespace {

std::string_view trimmed(std::string_view text) {
  auto start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos)
    return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

} // namespace

std::optional<DictUri> parse_dict_uri(const std::string &uri, std::string &error) {
  DictUri result;
  auto colon = uri.find(':');
  std::string scheme = uri.substr(0, colon);
  std::string rest = colon == std::string::npos ? "" : uri.substr(colon + 1);
  if (scheme == "proxy") {
    auto second = rest.find(':');
    if (second != std::string::npos)
      result.name = rest.substr(second + 1);
    if (!result.name.empty() && result.name.find_first_of("/ \t") == std::string::npos)
      return result;
  } else if (!scheme.empty() && rest.starts_with('/')) {
    result.driver = scheme;
    result.file = rest;
    if (is_register_driver(scheme, error))
      return result;
    return std::nullopt;
  }
  error = "\"" + uri + "\" is no dict of an SQL database (proxy::NAME, or sqlite:/FILE.conf.ext)";
  return std::nullopt;
}

std::string connect_of(const std::string &text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::string_view rest = trimmed(line);
    if (!rest.starts_with("connect"))
      continue;
    rest = trimmed(rest.substr(7));
    if (rest.starts_with('='))
      return std::string(trimmed(rest.substr(1)));
  }
  return {};
}

bool is_register_driver(const std::string &driver, std::string &error) {
  if (driver == "sqlite" || driver == "pgsql")
    return true;
  error = "\"" + driver + "\" is no driver that the register knows (sqlite, pgsql)";
  return false;
}

} // namespace smime
