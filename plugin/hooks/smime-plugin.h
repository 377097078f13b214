// Entry points that Dovecot looks up by name in lib99_smime_plugin.so.
#ifndef SMIME_PLUGIN_H
#define SMIME_PLUGIN_H

struct module;

extern "C" {
extern const char *smime_plugin_version;
void smime_plugin_init(struct module *module);
void smime_plugin_deinit(void);
}

#endif
