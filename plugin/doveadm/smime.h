// What the doveadm commands share.
#ifndef SMIME_DOVEADM_SMIME_H
#define SMIME_DOVEADM_SMIME_H

#include "plugin/doveadm/compat.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/operator/findings.h"
#include "plugin/settings/user-context.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <string>
#include <unistd.h>
#include <utility>

namespace smime {

extern doveadm_cmd_ver2 command_audit;
extern doveadm_cmd_ver2 command_certs;
extern doveadm_cmd_ver2 command_certs_export;
extern doveadm_cmd_ver2 command_certs_list;
extern doveadm_cmd_ver2 command_inspect;
extern doveadm_cmd_ver2 command_metrics;
extern doveadm_cmd_ver2 command_notify;
extern doveadm_cmd_ver2 command_policy;
extern doveadm_cmd_ver2 command_register_check;
extern doveadm_cmd_ver2 command_register_drain;
extern doveadm_cmd_ver2 command_register_overview;
extern doveadm_cmd_ver2 command_register_rebuild;
extern doveadm_cmd_ver2 command_register_thin;
extern doveadm_cmd_ver2 command_status;
extern doveadm_cmd_ver2 command_token_check;
extern doveadm_cmd_ver2 command_trust_list;
extern doveadm_cmd_ver2 command_trust_check;
extern doveadm_cmd_ver2 command_trust_import;
extern doveadm_cmd_ver2 command_verify;
extern doveadm_cmd_ver2 command_quarantine_list;
extern doveadm_cmd_ver2 command_quarantine_show;
extern doveadm_cmd_ver2 command_quarantine_preview;
extern doveadm_cmd_ver2 command_quarantine_inspect;
extern doveadm_cmd_ver2 command_quarantine_download;
extern doveadm_cmd_ver2 command_quarantine_release;
extern doveadm_cmd_ver2 command_quarantine_reject;
extern doveadm_cmd_ver2 command_quarantine_delete;
extern doveadm_cmd_ver2 command_quarantine_expire;
extern doveadm_cmd_ver2 command_quarantine_report;
extern doveadm_cmd_ver2 command_quarantine_request;
extern doveadm_cmd_ver2 command_quarantine_rights;
extern doveadm_cmd_ver2 command_quarantine_history;
extern doveadm_cmd_ver2 command_quarantine_hold;
extern doveadm_cmd_ver2 command_quarantine_note;

inline doveadm_cmd_param parameter(char letter, const char *name, doveadm_cmd_param_t type,
                                   doveadm_cmd_param_flag_t flags = CMD_PARAM_FLAG_NONE) {
  doveadm_cmd_param result{};
  result.short_opt = letter;
  result.name = name;
#ifdef SMIME_DOVECOT_24
  result.key = name;
#endif
  result.type = type;
  result.flags = flags;
  return result;
}

inline doveadm_cmd_param positional(const char *name, doveadm_cmd_param_t type) {
  return parameter('\0', name, type, CMD_PARAM_FLAG_POSITIONAL);
}

// What every mail command takes, then its own parameters and the end mark.
template <typename... Own> auto mail_parameters(const Own &...own) {
#ifdef SMIME_DOVECOT_24
  constexpr std::size_t common = 7;
#else
  constexpr std::size_t common = 5;
#endif
  return std::array<doveadm_cmd_param, sizeof...(own) + common>{
#ifdef SMIME_DOVECOT_24
      parameter('\0', "trans-flags", CMD_PARAM_INT64),
      parameter('\0', "no-userdb-lookup", CMD_PARAM_BOOL),
#endif
      parameter('A', "all-users", CMD_PARAM_BOOL),
      parameter('S', "socket-path", CMD_PARAM_STR),
      parameter('u', "user", CMD_PARAM_STR),
      parameter('F', "user-file", CMD_PARAM_ISTREAM),
      own...,
      doveadm_cmd_param{}};
}

// Whether a command that goes without users as well was given some.
inline bool is_about_users(const doveadm_cmd_context *context) {
  const char *user;
  bool all = false;
  istream *file;
  return doveadm_cmd_param_str(context, "user", &user) ||
         (doveadm_cmd_param_bool(context, "all-users", &all) && all) ||
         doveadm_cmd_param_istream(context, "user-file", &file);
}

// Keeps getopt's argument of option c; false if it is none of the options.
inline bool keep_option(doveadm_mail_cmd_context *context, int c,
                        std::initializer_list<std::pair<char, const char **>> options) {
  for (const auto &[letter, target] : options) {
    if (letter != c)
      continue;
    *target = p_strdup(context->pool, optarg);
    return true;
  }
  return false;
}

// A value on one line, in whatever format it is printed.
inline void print(const std::string &value) { doveadm_print(terminal_text(value).c_str()); }
// A value of several lines.
inline void print_lines(const std::string &value) { doveadm_print(terminal_lines(value).c_str()); }

// How bad it is, what was looked at, which setting, what is wrong, and what to do about it.
inline void print_finding(const Finding &finding) {
  print(std::string(name_of(finding.severity)));
  print(finding.check);
  print(finding.setting);
  print(finding.detail);
  print(finding.remedy);
}

// The user's context, or null with the failure recorded if the plugin is not
// loaded for the user. The command goes on in a directory that every user may read: to lock
// an mbox, Dovecot opens the one that it is in, and root typed this in /root.
inline UserContext *require_user_context(doveadm_mail_cmd_context *context, mail_user *user) {
  UserContext *found = user_context(user);
  if (found == nullptr) {
    log_error(user->event, "the plugin is not loaded for this user (mail_plugins)");
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTPOSSIBLE);
  }
  if (chdir("/") < 0)
    log_warning(std::string("chdir(/) failed: ") + std::strerror(errno));
  return found;
}

} // namespace smime

#endif
