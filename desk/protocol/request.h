// What the desk's web process may ask its worker for: each request has a type of its own, and
// nothing else can be said. The reader believes nothing, since the web process speaks with the
// world: an unknown type or member, a wrong type or a text beyond its bound refuses the whole
// request. No Dovecot header.
#ifndef SMIME_DESK_REQUEST_H
#define SMIME_DESK_REQUEST_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace smime::desk {

// In bytes.
inline constexpr std::size_t max_name = 255;
inline constexpr std::size_t max_user = 512;
inline constexpr std::size_t max_password = 1024;
inline constexpr std::size_t max_ip = 64;
inline constexpr std::size_t max_session = 128;
inline constexpr std::size_t max_filter_text = 512;
inline constexpr std::size_t max_cursor = 1024;
inline constexpr std::size_t max_word = 64;
inline constexpr std::size_t max_reason = 500;
inline constexpr std::size_t max_act_text = 20000;
inline constexpr std::size_t max_mailbox = 512;
inline constexpr std::size_t max_notice_token = 1024;
// In number.
inline constexpr std::size_t max_items = 200;
inline constexpr unsigned max_list = 200;
inline constexpr unsigned default_list = 50;
inline constexpr unsigned max_days = 366;

// One held message. The same id may be held for several users.
struct ItemKey {
  // 32 hexadecimal digits.
  std::string id;
  std::string user;
};

struct LoginRequest {
  std::string name;
  std::string password;
  // Whether the browser's connection is encrypted up to us or our proxy.
  bool secure = false;
};

struct LogoutRequest {};
struct WhoamiRequest {};

// Empty ones ask nothing.
struct Filter {
  std::string from;
  std::string to;
  std::string subject;
  std::string cls; // "class"
  std::string reason;
  std::string rule;
  std::string state;
  std::string older_than;
  std::string since;
  std::string user;
  std::string domain;
  // Free text, looked for in from, to and subject.
  std::string q;
};

struct ListRequest {
  Filter filter;
  // As doveadm has it: "-time"; empty: requests first, then held ones, newest first.
  std::string sort;
  unsigned limit = default_list;
  // The "next" of the answer before; empty: from the beginning.
  std::string after;
};

struct ShowRequest {
  ItemKey item;
};
struct PartsRequest {
  ItemKey item;
};
struct OriginalRequest {
  ItemKey item;
};

enum class Act : std::uint8_t { release, reject, remove, hold, note, inspect, request };

// "delete" for remove.
std::string_view name_of(Act act);
std::optional<Act> act_from_name(std::string_view name);

struct ActRequest {
  Act act = Act::release;
  std::vector<ItemKey> items;
  // For the audit.
  std::string reason;
  // What the sender of rejected mail is told, or a note says.
  std::string text;
  // Where it is released to; empty: where it was meant for.
  std::string mailbox;
  // "30d": how long it is to be held.
  std::string until;
  bool refilter = false;
};

struct OverviewRequest {
  unsigned days = 30;
};

// With the token of a notice's link; no session.
struct TokenCheckRequest {
  std::string token;
};
struct TokenActRequest {
  std::string token;
  // release or request.
  Act act = Act::request;
  std::string reason;
};

using RequestBody =
    std::variant<LoginRequest, LogoutRequest, WhoamiRequest, ListRequest, ShowRequest, PartsRequest,
                 OriginalRequest, ActRequest, OverviewRequest, TokenCheckRequest, TokenActRequest>;

struct Request {
  // The web process' number for it, which its answers have.
  std::uint64_t id = 0;
  // One of the two, but for login and token-*: a session, or an API token.
  std::string session;
  std::string bearer;
  // Where the browser sits.
  std::string ip;
  RequestBody body;
};

// "list": the type of its JSON.
std::string_view type_of(const Request &request);

// The JSON for one frame.
std::string write_request(const Request &request);

struct ReadRequest {
  // Nullopt: error says why.
  std::optional<Request> request;
  // What an error answers, if that much could be read.
  std::uint64_t id = 0;
  std::string error;
};
ReadRequest read_request(std::string_view json);

// 32 hexadecimal digits in lower case.
bool is_item_id(std::string_view id);

} // namespace smime::desk

#endif
