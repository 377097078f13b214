// What the worker answers the desk's web process (desk/protocol/request.h). The reader is as
// strict about types as that of requests, and passes over members that it does not know. Each
// text may be of a sender's: it is any UTF-8. No Dovecot header.
#ifndef SMIME_DESK_ANSWER_H
#define SMIME_DESK_ANSWER_H

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace smime::desk {

enum class ErrorCode : std::uint8_t {
  login_refused,
  // No session, or one that has ended.
  session,
  forbidden,
  not_found,
  invalid,
  unavailable,
  busy,
  too_large,
  conflict
};

// "login-refused"
std::string_view name_of(ErrorCode code);

struct Failure {
  ErrorCode code = ErrorCode::unavailable;
  // A sentence for whoever asked.
  std::string text;
};

enum class Kind : std::uint8_t { reviewer, recipient };
std::string_view name_of(Kind kind);

// Of login and whoami.
struct Identity {
  // Of login alone.
  std::string session;
  // Empty with an API token.
  std::string csrf;
  std::string name;
  Kind kind = Kind::recipient;
  // What he may do at all: "release".
  std::vector<std::string> acts;
};

// What a list says of a message. Empty members are missing in JSON.
struct Item {
  std::string id;
  std::string user;
  // RFC 3339.
  std::string time;
  std::string state;
  std::string from;
  std::string to;
  std::string subject;
  std::vector<std::string> classes;
  std::string reason;
  std::string rule;
  std::uint64_t size = 0;
  std::string until;
  std::string then;
  std::string requested_by;
  std::string requested_at;
  // Who did to it what its state says.
  std::string who;
  std::string when;
  std::string why;
  std::string mailbox;
};

struct ListAnswer {
  std::vector<Item> items;
  // For the request of the next page; empty: there is none.
  std::string next;
  // How many requests wait.
  std::optional<std::uint64_t> waiting;
};

struct HistoryEntry {
  std::string when;
  std::string state;
  std::string who;
  std::string why;
};

struct NoteEntry {
  std::string when;
  std::string who;
  std::string text;
};

struct ShowAnswer {
  Item record;
  // As common/report.h writes it; null where there is none.
  nlohmann::json report;
  std::vector<HistoryEntry> history;
  std::vector<NoteEntry> notes;
  // What the caller may do with this message.
  std::vector<std::string> acts;
};

struct HeaderField {
  std::string name;
  std::string value;
};

struct Part {
  std::string path;
  std::string type;
  std::string name;
  std::uint64_t size = 0;
  std::string state;
  std::string sha256;
  // Of text parts. text_cut: there is more of it.
  std::optional<std::string> text;
  bool text_cut = false;
  std::optional<std::string> html;
};

struct PartsAnswer {
  std::vector<HeaderField> headers;
  std::vector<Part> parts;
};

// A piece of the original. The last frame of a download has more == false.
struct DataAnswer {
  // Bytes; base64 in JSON.
  std::string data;
};

struct ActResult {
  std::string id;
  std::string user;
  // done, already, approved, refused, failed
  std::string result;
  std::string text;
  // Why it was refused or failed.
  std::optional<ErrorCode> error = std::nullopt;
};

struct ActAnswer {
  std::vector<ActResult> results;
};

// The JSON that "doveadm smime register overview" made.
struct OverviewAnswer {
  nlohmann::json overview;
};

struct TokenAnswer {
  std::string id;
  std::string user;
  std::string recipient;
  // view, request, release
  std::string allows;
  std::string expires;
  Item item;
};

// Of logout.
struct EmptyAnswer {};

using AnswerBody = std::variant<Failure, EmptyAnswer, Identity, ListAnswer, ShowAnswer, PartsAnswer,
                                DataAnswer, ActAnswer, OverviewAnswer, TokenAnswer>;

struct Answer {
  std::uint64_t id = 0;
  // Further frames of this id follow.
  bool more = false;
  AnswerBody body;
};

// The JSON for one frame. What is no UTF-8 in it is replaced.
std::string write_answer(const Answer &answer);

// The same of parts, for the API of the web process.
nlohmann::json json_of(const AnswerBody &body);

// The number of the request that an answer is for; then its type, as type_of() names it, says how
// the answer is read. Nullopt if it is no answer at all.
struct AnswerHead {
  std::uint64_t id = 0;
  bool more = false;
  nlohmann::json object;
};
std::optional<AnswerHead> read_answer_head(std::string_view json);

// Nullopt with error set if it is none of that type.
std::optional<AnswerBody> read_answer(const nlohmann::json &object, std::string_view request_type,
                                      std::string &error);

} // namespace smime::desk

#endif
