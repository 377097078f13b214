// The commands of "doveadm smime" and their order. Each has a file of its own, at whose end
// command_... is defined; smime.h declares it, and what the commands share.
#include "plugin/doveadm/smime.h"

#include "plugin/dovecot/events.h"
#include "plugin/register/database.h"

extern "C" {
extern const char *doveadm_smime_plugin_version;
void doveadm_smime_plugin_init(struct module *module);
void doveadm_smime_plugin_deinit(void);
}

const char *doveadm_smime_plugin_version = DOVECOT_ABI_VERSION;

// Its symbols of lib99_smime_plugin.so are there if mail_plugins has smime;
// otherwise doveadm passes this module over.
void doveadm_smime_plugin_init(struct module *) {
  // Before a command becomes the user: lib99_smime_plugin.so itself is started after that.
  smime::note_operator();
  smime::Database::begin_drivers();
  doveadm_cmd_register_ver2(&smime::command_status);
  doveadm_cmd_register_ver2(&smime::command_audit);
  // The first name that fits is taken.
  doveadm_cmd_register_ver2(&smime::command_certs_list);
  doveadm_cmd_register_ver2(&smime::command_certs_export);
  doveadm_cmd_register_ver2(&smime::command_certs);
  doveadm_cmd_register_ver2(&smime::command_inspect);
  doveadm_cmd_register_ver2(&smime::command_metrics);
  doveadm_cmd_register_ver2(&smime::command_notify);
  doveadm_cmd_register_ver2(&smime::command_policy);
  doveadm_cmd_register_ver2(&smime::command_token_check);
  doveadm_cmd_register_ver2(&smime::command_register_drain);
  doveadm_cmd_register_ver2(&smime::command_register_thin);
  doveadm_cmd_register_ver2(&smime::command_register_overview);
  doveadm_cmd_register_ver2(&smime::command_register_rebuild);
  doveadm_cmd_register_ver2(&smime::command_register_check);
  doveadm_cmd_register_ver2(&smime::command_trust_list);
  doveadm_cmd_register_ver2(&smime::command_trust_check);
  doveadm_cmd_register_ver2(&smime::command_trust_import);
  doveadm_cmd_register_ver2(&smime::command_verify);
  doveadm_cmd_register_ver2(&smime::command_quarantine_list);
  doveadm_cmd_register_ver2(&smime::command_quarantine_show);
  doveadm_cmd_register_ver2(&smime::command_quarantine_preview);
  doveadm_cmd_register_ver2(&smime::command_quarantine_inspect);
  doveadm_cmd_register_ver2(&smime::command_quarantine_download);
  doveadm_cmd_register_ver2(&smime::command_quarantine_release);
  doveadm_cmd_register_ver2(&smime::command_quarantine_reject);
  doveadm_cmd_register_ver2(&smime::command_quarantine_delete);
  doveadm_cmd_register_ver2(&smime::command_quarantine_expire);
  doveadm_cmd_register_ver2(&smime::command_quarantine_report);
  doveadm_cmd_register_ver2(&smime::command_quarantine_request);
  doveadm_cmd_register_ver2(&smime::command_quarantine_rights);
  doveadm_cmd_register_ver2(&smime::command_quarantine_history);
  doveadm_cmd_register_ver2(&smime::command_quarantine_hold);
  doveadm_cmd_register_ver2(&smime::command_quarantine_note);
}

void doveadm_smime_plugin_deinit(void) { smime::Database::end_drivers(); }
