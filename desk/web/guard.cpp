#include "desk/web/guard.h"

#include <algorithm>

namespace smime::desk {

bool equal_secrets(std::string_view a, std::string_view b) {
  if (a.empty() || a.size() != b.size())
    return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); i++)
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  return difference == 0;
}

bool is_from_our_pages(const HttpRequest &request) {
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin" &&
      request.fetch_site != "none")
    return false;
  if (request.origin.empty() || request.origin == "null")
    return true;
  return request.origin == (request.secure ? "https://" : "http://") + request.host;
}

std::string session_cookie_name(bool insecure) {
  return insecure ? "smime-desk" : "__Host-smime-desk";
}

std::string login_cookie_name(bool insecure) {
  return insecure ? "smime-desk-login" : "__Host-smime-desk-login";
}

std::string set_cookie(const std::string &name, const std::string &value, bool insecure) {
  return name + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" + (insecure ? "" : "; Secure") +
         (value.empty() ? "; Max-Age=0" : "");
}

bool is_secret_word(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '+' || c == '/' || c == '=';
  });
}

} // namespace smime::desk
