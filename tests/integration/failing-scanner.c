/* Preloaded into the smime-scanner of a private instance: a part with these words in it is
   what a fault of a library would be, which ends the process for this content every time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <string.h>

typedef const char *magic_buffer_t(void *magic, const void *data, size_t size);

static magic_buffer_t *next_magic_buffer;

__attribute__((constructor)) static void find_next(void)
{
	next_magic_buffer = (magic_buffer_t *)dlsym(RTLD_NEXT, "magic_buffer");
}

const char *magic_buffer(void *magic, const void *data, size_t size);

const char *magic_buffer(void *magic, const void *data, size_t size)
{
	static const char words[] = "these words end the scanner";

	if (memmem(data, size, words, sizeof(words) - 1) != NULL)
		raise(SIGKILL);
	return next_magic_buffer(magic, data, size);
}
