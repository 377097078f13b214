/* Preloaded into the doveadm and doveconf of a private instance. They look for
   their own modules in directories that are compiled in; this adds those named by
   SMIME_DOVEADM_MODULES and SMIME_SETTINGS_MODULES. An installed plugin needs none
   of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct module;
struct module_dir_load_settings;
typedef struct module *load_func_t(struct module *modules, const char *dir,
				   const char *names,
				   const struct module_dir_load_settings *set);

typedef struct module *first_load_func_t(const char *dir, const char *names,
					 const struct module_dir_load_settings *set);

/* A program that doveadm starts reads the configuration, too, and Dovecot 2.4
   starts it with an empty environment. */
void env_clean(void);

void env_clean(void)
{
	static const char *const kept[] = {
		"LD_PRELOAD", "SMIME_DOVEADM_MODULES", "SMIME_SETTINGS_MODULES"
	};
	void (*next)(void) = (void (*)(void))dlsym(RTLD_NEXT, "env_clean");
	char *values[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		const char *value = getenv(kept[i]);
		values[i] = value == NULL ? NULL : strdup(value);
	}
	next();
	for (i = 0; i < 3; i++) {
		if (values[i] != NULL)
			setenv(kept[i], values[i], 1);
		free(values[i]);
	}
}

load_func_t module_dir_load_missing;
first_load_func_t module_dir_load;

static int ends_with(const char *dir, const char *name)
{
	size_t length = strlen(dir);

	return length > strlen(name) &&
		strcmp(dir + length - strlen(name), name) == 0;
}

struct module *
module_dir_load(const char *dir, const char *names,
		const struct module_dir_load_settings *set)
{
	first_load_func_t *next =
		(first_load_func_t *)dlsym(RTLD_NEXT, "module_dir_load");
	load_func_t *next_missing =
		(load_func_t *)dlsym(RTLD_NEXT, "module_dir_load_missing");
	const char *more = getenv("SMIME_SETTINGS_MODULES");
	struct module *modules = next(dir, names, set);

	if (more != NULL && ends_with(dir, "/settings"))
		modules = next_missing(modules, more, names, set);
	return modules;
}

struct module *
module_dir_load_missing(struct module *modules, const char *dir,
			const char *names,
			const struct module_dir_load_settings *set)
{
	load_func_t *next =
		(load_func_t *)dlsym(RTLD_NEXT, "module_dir_load_missing");
	const char *more = getenv("SMIME_DOVEADM_MODULES");

	modules = next(modules, dir, names, set);
	if (more != NULL && ends_with(dir, "/doveadm"))
		modules = next(modules, more, names, set);
	return modules;
}
