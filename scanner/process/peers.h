// Who is at the other end of a connection, known by the kernel's word (SO_PEERCRED), and
// who of them belongs to the mail system: for these alone the escrow key is used.
#ifndef SMIME_PEERS_H
#define SMIME_PEERS_H

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace smime {

class Peers {
public:
  // Trusts root, own (the user that the process was started as: where Dovecot's master does
  // not run as root, everything is that user's) and users, which are names or numbers.
  // Returns nullopt with error set, naming the user, if there is none of that name.
  static std::optional<Peers> resolve(const std::vector<std::string> &users, uid_t own,
                                      std::string &error);

  // Nullopt is a peer of which the kernel says nothing.
  bool trusts(std::optional<uid_t> peer) const;

private:
  std::vector<uid_t> trusted_;
};

// The user that the process at the other end had (its effective uid) when it connected.
std::optional<uid_t> uid_of_peer(int fd);

} // namespace smime

#endif
