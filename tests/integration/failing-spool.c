/* LD_PRELOAD for lmtp: a file without a name (O_TMPFILE) takes a megabyte, and has no room
   for more, as file systems do that promise space and do not have it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t size)
{
	static ssize_t (*next)(int, const void *, size_t);
	char link[64], name[4096];
	ssize_t length;

	if (next == NULL)
		next = dlsym(RTLD_NEXT, "write");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	if (length > 0) {
		name[length] = '\0';
		if (strstr(name, "/#") != NULL && strstr(name, " (deleted)") != NULL &&
		    lseek(fd, 0, SEEK_CUR) > 1024 * 1024) {
			errno = ENOSPC;
			return -1;
		}
	}
	return next(fd, data, size);
}
