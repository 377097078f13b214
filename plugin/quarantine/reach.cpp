#include "plugin/quarantine/reach.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace smime {
namespace {

std::string parent_of(const std::string &path) {
  auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::vector<gid_t> groups_of(const passwd &account) {
  std::vector<gid_t> groups(64);
  auto count = static_cast<int>(groups.size());
  while (getgrouplist(account.pw_name, account.pw_gid, groups.data(), &count) < 0)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

// wanted: bits of S_IRWXO.
bool may(const struct stat &status, uid_t uid, const std::vector<gid_t> &groups, unsigned wanted) {
  bool in_group = std::find(groups.begin(), groups.end(), status.st_gid) != groups.end();
  unsigned shift = status.st_uid == uid ? 6 : in_group ? 3 : 0;
  return ((status.st_mode >> shift) & wanted) == wanted;
}

bool reaches(const std::string &path, const passwd &account) {
  auto groups = groups_of(account);
  struct stat status {};
  if (stat(path.c_str(), &status) < 0 || !may(status, account.pw_uid, groups, S_IROTH))
    return false;
  for (std::string above = path; above != "/";) {
    above = parent_of(above);
    if (stat(above.c_str(), &status) < 0 || !may(status, account.pw_uid, groups, S_IXOTH))
      return false;
  }
  return true;
}

} // namespace

bool is_login_shell(std::string_view shell) {
  static constexpr std::array<std::string_view, 4> without{"nologin", "false", "true", "sync"};
  std::string_view name = shell.substr(shell.rfind('/') + 1);
  return std::find(without.begin(), without.end(), name) == without.end();
}

Reach look_at_reach(const std::string &path) {
  Reach reach;
  reach.path = path;
  reach.uid = geteuid();
  struct stat status {};
  while (stat(reach.path.c_str(), &status) < 0 && errno == ENOENT && reach.path != "/")
    reach.path = parent_of(reach.path);
  int wanted = R_OK | W_OK | (S_ISDIR(status.st_mode) ? X_OK : 0);
  if (faccessat(AT_FDCWD, reach.path.c_str(), wanted, AT_EACCESS) < 0)
    reach.error = std::strerror(errno);
  const passwd *account = getpwuid(geteuid());
  if (account == nullptr)
    return reach;
  reach.account = account->pw_name;
  if (!is_login_shell(account->pw_shell))
    return reach;
  reach.shell = *account->pw_shell == '\0' ? "/bin/sh" : account->pw_shell;
  reach.at_shell = reaches(reach.path, *account);
  return reach;
}

} // namespace smime
