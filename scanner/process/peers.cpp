#include "scanner/process/peers.h"

#include <algorithm>
#include <charconv>
#include <pwd.h>
#include <sys/socket.h>

namespace smime {
namespace {

std::optional<uid_t> uid_of_name(const std::string &name) {
  if (const passwd *entry = getpwnam(name.c_str()))
    return entry->pw_uid;
  uid_t number = 0;
  auto [rest, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure != std::errc() || rest != name.data() + name.size() ||
      number == static_cast<uid_t>(-1))
    return std::nullopt;
  return number;
}

} // namespace

std::optional<Peers> Peers::resolve(const std::vector<std::string> &users, uid_t own,
                                    std::string &error) {
  Peers peers;
  peers.trusted_ = {0, own};
  for (const std::string &user : users) {
    auto uid = uid_of_name(user);
    if (!uid) {
      error = "trusted_users: there is no user \"" + user + "\"";
      return std::nullopt;
    }
    peers.trusted_.push_back(*uid);
  }
  return peers;
}

bool Peers::trusts(std::optional<uid_t> peer) const {
  return peer && std::find(trusted_.begin(), trusted_.end(), *peer) != trusted_.end();
}

std::optional<uid_t> uid_of_peer(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0 ||
      size != sizeof(credentials))
    return std::nullopt;
  return credentials.uid;
}

} // namespace smime
