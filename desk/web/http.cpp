#include "desk/web/http.h"

namespace smime::desk {

std::string_view reason_phrase(unsigned status) {
  switch (status) {
  case 200: return "OK";
  case 303: return "See Other";
  case 401: return "Unauthorized";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 409: return "Conflict";
  case 413: return "Content Too Large";
  case 415: return "Unsupported Media Type";
  case 429: return "Too Many Requests";
  case 503: return "Service Unavailable";
  default: return "Bad Request";
  }
}

} // namespace smime::desk
