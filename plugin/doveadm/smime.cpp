// The commands of "doveadm smime" and their order. Each has a file of its own, at whose end
// command_... is defined; smime.h declares it, and what the commands share.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/program-answer.h"
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
  smime::register_command(smime::command_status);
  smime::register_command(smime::command_audit);
  // The first name that fits is taken.
  smime::register_command(smime::command_certs_list);
  smime::register_command(smime::command_certs_export);
  smime::register_command(smime::command_certs);
  smime::register_command(smime::command_inspect);
  smime::register_command(smime::command_metrics);
  smime::register_command(smime::command_notify);
  smime::register_command(smime::command_policy);
  smime::register_command(smime::command_token_check);
  smime::register_command(smime::command_register_drain);
  smime::register_command(smime::command_register_thin);
  smime::register_command(smime::command_register_overview);
  smime::register_command(smime::command_register_rebuild);
  smime::register_command(smime::command_register_check);
  smime::register_command(smime::command_trust_list);
  smime::register_command(smime::command_trust_check);
  smime::register_command(smime::command_trust_import);
  smime::register_command(smime::command_verify);
  smime::register_command(smime::command_quarantine_list);
  smime::register_command(smime::command_quarantine_show);
  smime::register_command(smime::command_quarantine_preview);
  smime::register_command(smime::command_quarantine_inspect);
  smime::register_command(smime::command_quarantine_download);
  smime::register_command(smime::command_quarantine_release);
  smime::register_command(smime::command_quarantine_reject);
  smime::register_command(smime::command_quarantine_delete);
  smime::register_command(smime::command_quarantine_expire);
  smime::register_command(smime::command_quarantine_report);
  smime::register_command(smime::command_quarantine_request);
  smime::register_command(smime::command_quarantine_rights);
  smime::register_command(smime::command_quarantine_history);
  smime::register_command(smime::command_quarantine_hold);
  smime::register_command(smime::command_quarantine_note);
}

void doveadm_smime_plugin_deinit(void) { smime::Database::end_drivers(); }
