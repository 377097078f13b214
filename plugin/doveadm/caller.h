// On whose behalf a command is run (--as), from where (--remote-ip), why (--reason), and what he
// may do and see.
#ifndef SMIME_DOVEADM_CALLER_H
#define SMIME_DOVEADM_CALLER_H

#include "plugin/doveadm/smime.h"
#include "plugin/dovecot/events.h"
#include "plugin/quarantine/block.h"
#include "plugin/quarantine/rights.h"
#include "plugin/register/row.h"

namespace smime {

// As given. Without a name the command is that of who runs doveadm, who may do all.
struct Caller {
  const char *name;
  const char *reason;
  // Where he sits, as a front end says it; null: where doveadm's own caller is.
  const char *remote_ip;
};

// Keeps the argument of --as, --reason or --remote-ip; false if the option is none of them. An
// address from who is not root at a shell ends doveadm with EX_USAGE: the audit trail believes it.
bool keep_caller(doveadm_mail_cmd_context *context, int c, Caller &caller);
#define SMIME_CALLER_OPTIONS "a:e:p:"

// Whether the HTTP API gave null for --as or --token, which is told then: who had no name or no
// token to give on would have what the operator has.
bool names_nobody(const doveadm_cmd_context *context);
// A mail command that has one of them.
void run_for_caller(doveadm_cmd_context *context) noexcept;

// What is wrong with the name, the reason or the address; empty if nothing is. None is believed to
// be a line of its own in a log.
std::string wrong_caller(const Caller &caller);

Acts acts_of(const Caller &caller, const Settings &settings, const QuarantineRecord &record);
// The same by what the register has of the message.
Acts acts_of(const Caller &caller, const Settings &settings, const RegisterRow &row);
// Why nobody's role counts; empty: they do, or the caller needs none.
std::string void_roles_text(const Caller &caller, const Settings &settings);

// With every held message.
Acts acts_on_all(const Caller &caller, const Settings &settings);
// With some message or other.
Acts acts_on_any(const Caller &caller, const Settings &settings);

// "anna may not release it (smime_role)"
std::string refusal_text(const Caller &caller, Act act);

// Who acts, by which way, from where and why.
void add_caller(EventFields &fields, const Caller &caller, const doveadm_mail_cmd_context *context,
                const mail_user *user);
// The same of a command that is about no user.
void add_caller(EventFields &fields, const Caller &caller, const doveadm_cmd_context *context);

} // namespace smime

#endif
