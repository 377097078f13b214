#include "desk/worker/commands.h"

#include <algorithm>
#include <array>
#include <utility>

namespace smime::desk {
namespace {

class Words {
public:
  explicit Words(const std::string &name) { command_.name = "smime " + name; }

  Words &option(const char *name, const std::string &value) {
    if (!value.empty())
      command_.words.push_back("--" + std::string(name) + "=" + value);
    return *this;
  }
  Words &flag(const char *name) {
    command_.words.push_back("--" + std::string(name));
    return *this;
  }
  // An option's value, whatever it begins with.
  Words &user(const std::string &user) {
    command_.user = user;
    command_.words.insert(command_.words.end(), {"-u", user});
    return *this;
  }
  // Which can be no option: is_item_id().
  Words &id(const std::string &id) {
    command_.words.push_back(id);
    return *this;
  }
  // Who asks, and where he sits.
  Words &caller(const Caller &caller) {
    if (caller.kind == Kind::reviewer)
      option("as", caller.name);
    else
      flag("recipient");
    return option("remote-ip", caller.ip);
  }
  Command take() { return std::move(command_); }

private:
  Command command_;
};

Words quarantine(const char *command) { return Words("quarantine " + std::string(command)); }

void add_filter(Words &words, const Filter &filter) {
  words.option("from", filter.from)
      .option("to", filter.to)
      .option("subject", filter.subject)
      .option("class", filter.cls)
      .option("held-because", filter.reason)
      .option("rule", filter.rule)
      .option("older-than", filter.older_than)
      .option("since", filter.since)
      .option("domain", filter.domain)
      .option("search", filter.q);
}

Command item_command(const char *name, const Caller &caller, const ItemKey &item) {
  return quarantine(name).user(item.user).caller(caller).id(item.id).take();
}

constexpr std::array<std::string_view, 8> states{"held",    "requested", "released", "rejected",
                                                 "deleted", "expired",   "gone",     "any"};
constexpr std::array<std::string_view, 5> sorts{"time", "-time", "size", "-size", "user"};

template <std::size_t N>
bool is_known(const std::array<std::string_view, N> &known, const std::string &word) {
  return word.empty() || std::find(known.begin(), known.end(), word) != known.end();
}

// One line, which is what the commands take.
std::string one_line(std::string text) {
  for (char &c : text) {
    if (static_cast<unsigned char>(c) < 0x20)
      c = ' ';
  }
  auto last = text.find_last_not_of(' ');
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

std::string wrong_list(const ListRequest &request) {
  if (!is_known(states, request.filter.state))
    return "there is no state \"" + request.filter.state + "\"";
  if (!is_known(sorts, request.sort))
    return "nothing is sorted by \"" + request.sort + "\"";
  if (!request.filter.user.empty() && !is_one_user(request.filter.user))
    return "user is one user's name";
  return {};
}

std::string wrong_act(const ActRequest &request) {
  for (const ItemKey &item : request.items) {
    if (!is_one_user(item.user))
      return "user is one user's name";
  }
  bool needs_text = request.act == Act::note || request.act == Act::reject;
  if (needs_text && one_line(request.text).size() > max_reason)
    return "the text has more than " + std::to_string(max_reason) + " bytes";
  if (request.act == Act::note && one_line(request.text).empty())
    return "a note wants a text";
  if (request.act == Act::hold && request.until.empty())
    return "it is not said until when";
  if (request.refilter && (request.act != Act::release || !request.mailbox.empty()))
    return "refilter is for a release, and lets the user's filters choose the mailbox";
  return {};
}

struct WrongRequest {
  std::string operator()(const ListRequest &body) const { return wrong_list(body); }
  std::string operator()(const ActRequest &body) const { return wrong_act(body); }
  std::string operator()(const ShowRequest &body) const { return wrong_item(body.item); }
  std::string operator()(const PartsRequest &body) const { return wrong_item(body.item); }
  std::string operator()(const OriginalRequest &body) const { return wrong_item(body.item); }
  template <typename Other> std::string operator()(const Other & /*body*/) const { return {}; }

  static std::string wrong_item(const ItemKey &item) {
    return is_one_user(item.user) ? "" : "user is one user's name";
  }
};

} // namespace

bool is_one_user(const std::string &user) { return user.find_first_of("*?") == std::string::npos; }

std::string wrong_request(const Request &request) {
  return std::visit(WrongRequest{}, request.body);
}

Command rights_command(const std::string &name, const std::string &ip) {
  return quarantine("rights").option("as", name).option("remote-ip", ip).take();
}

Command list_command(const Caller &caller, const ListRequest &request, const std::string &state,
                     unsigned limit, const std::string &cursor) {
  Words words = quarantine("list");
  words.caller(caller)
      .option("state", state)
      .option("sort", request.sort.empty() ? "-time" : request.sort)
      .option("limit", std::to_string(limit))
      .option("after", cursor)
      .option("held-for", request.filter.user);
  add_filter(words, request.filter);
  return words.take();
}

Command own_list_command(const Caller &caller, const Filter &filter) {
  Words words = quarantine("list");
  words.user(caller.name).caller(caller);
  add_filter(words, filter);
  return words.take();
}

Command show_command(const Caller &caller, const ItemKey &item) {
  return item_command("show", caller, item);
}

Command history_command(const Caller &caller, const ItemKey &item) {
  return item_command("history", caller, item);
}

Command preview_command(const Caller &caller, const ItemKey &item, bool html) {
  Words words = quarantine("preview");
  words.user(item.user).caller(caller);
  if (html)
    words.flag("html");
  return words.id(item.id).take();
}

Command download_command(const Caller &caller, const ItemKey &item) {
  Command command = item_command("download", caller, item);
  command.bytes = true;
  return command;
}

Command act_command(const Caller &caller, const ActRequest &request, const std::string &user,
                    const std::vector<std::string> &ids) {
  Words words = quarantine(std::string(name_of(request.act)).c_str());
  words.user(user).caller(caller);
  // The sender of rejected mail reads the text, if there is one.
  bool told = request.act == Act::reject && !one_line(request.text).empty();
  words.option("reason", told ? one_line(request.text) : request.reason);
  if (request.act == Act::note)
    words.option("text", one_line(request.text));
  if (request.act == Act::hold)
    words.option("until", request.until);
  if (request.act == Act::release) {
    words.option("mailbox", request.mailbox);
    if (request.refilter)
      words.flag("refilter");
  }
  for (const std::string &id : ids)
    words.id(id);
  return words.take();
}

Command overview_command(const Caller &caller, unsigned days) {
  return Words("register overview").option("days", std::to_string(days)).caller(caller).take();
}

Command token_check_command(const std::string &token) {
  return Words("token check").id("--").id(token).take();
}

Command token_act_command(const TokenActRequest &request, const ItemKey &item,
                          const std::string &ip) {
  return quarantine(std::string(name_of(request.act)).c_str())
      .user(item.user)
      .option("token", request.token)
      .option("reason", request.reason)
      .option("remote-ip", ip)
      .id(item.id)
      .take();
}

} // namespace smime::desk
