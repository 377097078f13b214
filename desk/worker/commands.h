// The commands that the worker may give to doveadm: words that are ours, and the values of a
// request as values of options, never as options. No Dovecot header.
#ifndef SMIME_DESK_COMMANDS_H
#define SMIME_DESK_COMMANDS_H

#include "desk/protocol/answer.h"
#include "desk/protocol/request.h"

#include <string>
#include <vector>

namespace smime::desk {

// In whose name a command runs.
struct Caller {
  // As Dovecot's auth or the file of tokens has it, never as the web process says it.
  std::string name;
  Kind kind = Kind::recipient;
  std::string ip;
};

struct Command {
  // "smime quarantine list"
  std::string name;
  // Whose mailboxes it is about, if it is about one user's.
  std::string user;
  std::vector<std::string> words;
  // Its output is a message, and no table.
  bool bytes = false;
};

// What may not be asked for at all. Empty if nothing is wrong; else a sentence.
std::string wrong_request(const Request &request);

// "*" and "?" would name many users.
bool is_one_user(const std::string &user);

Command rights_command(const std::string &name, const std::string &ip);
// cursor: "time id user" of the row before; empty: from the beginning.
Command list_command(const Caller &caller, const ListRequest &request, const std::string &state,
                     unsigned limit, const std::string &cursor);
// Of a recipient: all that is held for him.
Command own_list_command(const Caller &caller, const Filter &filter);
Command show_command(const Caller &caller, const ItemKey &item);
Command history_command(const Caller &caller, const ItemKey &item);
Command preview_command(const Caller &caller, const ItemKey &item, bool html);
Command download_command(const Caller &caller, const ItemKey &item);
// Of messages of one user.
Command act_command(const Caller &caller, const ActRequest &request, const std::string &user,
                    const std::vector<std::string> &ids);
Command overview_command(const Caller &caller, unsigned days);
Command token_check_command(const std::string &token);
Command token_act_command(const TokenActRequest &request, const ItemKey &item,
                          const std::string &ip);

} // namespace smime::desk

#endif
