#include "plugin/notices/links.h"

namespace smime {
namespace {

constexpr std::int64_t token_seconds = 30LL * 24 * 3600;
constexpr std::string_view token_mark = "{token}";
constexpr std::string_view id_mark = "{id}";

void replace_all(std::string &text, std::string_view mark, const std::string &value) {
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
    text.replace(at, mark.size(), value);
}

std::optional<TokenAct> act_of(RecipientMay may) {
  switch (may) {
  case RecipientMay::nothing: break;
  case RecipientMay::view: return TokenAct::view;
  case RecipientMay::request: return TokenAct::request;
  case RecipientMay::release: return TokenAct::release;
  }
  return std::nullopt;
}

} // namespace

bool read_links(const Settings &settings, Links &links, std::string &error) {
  links.pattern = settings.notice_link;
  if (links.pattern.find(token_mark) == std::string::npos)
    return true;
  if (settings.token_key.empty())
    error = "smime_notice_link has {token} in it, and smime_token_key names no file of keys";
  else
    links.keys = TokenKeys::read(settings.token_key, error);
  return links.keys.has_value();
}

std::string link_to(const Links &links, const std::string &id, const std::string &user,
                    RecipientMay may, std::int64_t now) {
  std::string link = links.pattern;
  if (links.keys) {
    auto act = act_of(may);
    auto token =
        act ? make_token(*links.keys, {id, user, *act, now + token_seconds}) : std::nullopt;
    // A name that is too long for a token has no link.
    if (!token)
      return {};
    replace_all(link, token_mark, *token);
  }
  replace_all(link, id_mark, id);
  return link;
}

} // namespace smime
