// lib99_smime_settings.so: has doveconf and Dovecot's config process know, check
// and print our settings (Dovecot 2.4).
#include "plugin/settings/dovecot-24.h"

extern "C" {
extern const char *smime_settings_version;
extern const struct setting_parser_info *smime_settings_set_infos[];
void smime_settings_init(struct module *module);
void smime_settings_deinit(void);
}

const char *smime_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *smime_settings_set_infos[] = {
    &smime_setting_parser_info, &smime_rule_setting_parser_info, &smime_role_setting_parser_info,
    nullptr};

void smime_settings_init(struct module *) {}
void smime_settings_deinit(void) {}
