/* Preloaded into the doveadm of a private instance. doveadm looks for its own
   modules in one directory that is compiled in; this adds the directory named
   by SMIME_DOVEADM_MODULES. An installed plugin needs none of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct module;
struct module_dir_load_settings;
typedef struct module *load_func_t(struct module *modules, const char *dir,
				   const char *names,
				   const struct module_dir_load_settings *set);

load_func_t module_dir_load_missing;

struct module *
module_dir_load_missing(struct module *modules, const char *dir,
			const char *names,
			const struct module_dir_load_settings *set)
{
	load_func_t *next =
		(load_func_t *)dlsym(RTLD_NEXT, "module_dir_load_missing");
	const char *more = getenv("SMIME_DOVEADM_MODULES");
	size_t length = strlen(dir);

	modules = next(modules, dir, names, set);
	if (more != NULL && length > 8 &&
	    strcmp(dir + length - 8, "/doveadm") == 0)
		modules = next(modules, more, names, set);
	return modules;
}
