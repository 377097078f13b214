#include "desk/web/headers.h"

namespace smime::desk {
namespace {

std::string content_policy(Content content, bool html_view) {
  if (content == Content::mail_html)
    return "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
           "base-uri 'none'; form-action 'none'";
  std::string policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
                       "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
                       "base-uri 'none'";
  return html_view ? policy + "; frame-src 'self'" : policy;
}

} // namespace

std::vector<std::pair<std::string, std::string>> security_headers(Content content, bool html_view,
                                                                  bool secure) {
  std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Security-Policy", content_policy(content, html_view)},
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Frame-Options", content == Content::mail_html ? "SAMEORIGIN" : "DENY"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
                             "clipboard-read=(), display-capture=()"},
      {"Vary", "Cookie, Authorization, Accept-Language"}};
  if (secure)
    headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

} // namespace smime::desk
