// smime-desk: the desk's pages, over HTTP.
#include "desk/protocol/config.h"

#include <cstdio>

int main(int argc, char *argv[]) {
  std::string error;
  if (argc > 1 && !smime::desk::read_desk_config(argv[1], true, error))
    (void)fprintf(stderr, "%s\n", error.c_str());
  (void)fprintf(stderr, "smime-desk is a service of Dovecot's (conf.d/92-smime-desk.conf)\n");
  return 64;
}
