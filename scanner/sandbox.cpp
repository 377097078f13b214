#include "sandbox.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace smime {
namespace {

struct ResourceLimit {
  __rlimit_resource resource;
  const char *name;
};

constexpr std::array<ResourceLimit, 3> forbidden{{
    {RLIMIT_FSIZE, "RLIMIT_FSIZE"}, // no byte to any file
    {RLIMIT_CORE, "RLIMIT_CORE"},   // mail does not end in core dumps
    {RLIMIT_NPROC, "RLIMIT_NPROC"}, // no new process
}};

std::string failed(const char *what) { return std::string(what) + ": " + std::strerror(errno); }

} // namespace

bool enter_sandbox(std::string &error) {
  for (const ResourceLimit &limit : forbidden) {
    const struct rlimit none = {0, 0};
    if (setrlimit(limit.resource, &none) < 0) {
      error = failed(limit.name);
      return false;
    }
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    error = failed("PR_SET_NO_NEW_PRIVS");
    return false;
  }
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
    error = failed("PR_SET_DUMPABLE");
    return false;
  }
  return true;
}

bool drop_root(std::string &error) {
  if (geteuid() != 0)
    return true;
  const passwd *nobody = getpwnam("nobody");
  if (nobody == nullptr) {
    error = "there is no user nobody to become";
    return false;
  }
  if (setgroups(0, nullptr) < 0 || setresgid(nobody->pw_gid, nobody->pw_gid, nobody->pw_gid) < 0 ||
      setresuid(nobody->pw_uid, nobody->pw_uid, nobody->pw_uid) < 0) {
    error = failed("becoming user nobody");
    return false;
  }
  return true;
}

} // namespace smime
