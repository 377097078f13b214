// A request of a browser or program as the rest of this room sees it, and what it is answered:
// plain values, so that all of it is tested and fuzzed without a server. No Dovecot header.
#ifndef SMIME_DESK_HTTP_H
#define SMIME_DESK_HTTP_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smime::desk {

// Of a body, in bytes. A reject's text and 200 items fit well.
inline constexpr std::size_t max_body = 256UL * 1024;

struct HttpRequest {
  std::string method;
  // As it came, percent-encoded.
  std::string path;
  std::string query;
  std::string body;
  // Each empty where it is missing.
  std::string host;
  std::string cookie;
  std::string authorization;
  std::string content_type;
  std::string accept_language;
  std::string origin;
  std::string fetch_site;
  std::string csrf_token;
  // Where the browser sits, and whether all of its way is encrypted; behind a trusted proxy, as
  // that says.
  std::string ip;
  bool secure = false;
  bool loopback = false;
  // Seconds since 1970.
  std::int64_t now = 0;
  // 32 hexadecimal digits that nobody can guess, new for each request.
  std::string nonce;
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

std::string_view reason_phrase(unsigned status);

} // namespace smime::desk

#endif
