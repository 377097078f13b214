// --token: the command is done for the bearer of a token, who may do what the token says with one
// message, and to whom no role gives anything. What is refused is told with its word in the log.
#ifndef SMIME_DOVEADM_GIVEN_TOKEN_H
#define SMIME_DOVEADM_GIVEN_TOKEN_H

#include "plugin/doveadm/quarantine.h"
#include "plugin/notices/token.h"

namespace smime {

// The file of keys, which is a setting of the server. Nullopt with error set.
std::optional<std::string> token_key_file(std::string &error);

// A token at the command line can be seen by all local users: "-" is standard input.
std::string given_token(const char *argument);

// In a command's init, with the rights that doveadm was started with: reads the keys. Ends doveadm
// with EX_USAGE if the token does not go with what else was given, such as two ids, and with
// EX_CONFIG if there are no keys. Nothing if no token was given.
void prepare_token(doveadm_mail_cmd_context *context, const char *const args[]);

inline bool has_token(doveadm_mail_cmd_context *context) {
  return quarantine_command(context)->token != nullptr;
}

// Whether the recipient himself acts, with a token or without: no role says what he may do.
inline bool is_of_recipient(doveadm_mail_cmd_context *context) {
  return has_token(context) || quarantine_command(context)->is_recipients;
}

// Whether the token lets this user do that with the one id of the command, as far as that can be
// told without the message.
TokenFault fault_of_token(doveadm_mail_cmd_context *context, const mail_user *user, TokenAct act);

// The same of the message: what its rule said when it held it.
TokenFault fault_of_rule(const QuarantineRecord &record, TokenAct act);

// Logs the word, and has doveadm end with the code of a refused token; returns -1.
int refuse_token(doveadm_mail_cmd_context *context, mail_user *user, TokenFault fault);

// As whom the bearer is told of: the user himself.
inline Caller bearer(doveadm_mail_cmd_context *context, const mail_user *user) {
  Caller bearer = quarantine_command(context)->caller;
  bearer.name = user->username;
  return bearer;
}

} // namespace smime

#endif
