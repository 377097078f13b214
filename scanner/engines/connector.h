// A helper process that connects to the engine's addresses and passes the open
// sockets on: the scanner itself, behind its chroot and its system call filter,
// can open no connection at all.
#ifndef SMIME_CONNECTOR_H
#define SMIME_CONNECTOR_H

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace smime {

class Connector {
public:
  // Starts the helper, before the sandbox is entered. An address is the path of
  // a unix socket or "host:port" ("[::1]:3310" for IPv6). drop gives up the
  // helper's privileges and returns false if that fails. Returns null with error
  // set.
  static std::unique_ptr<Connector> start(std::vector<std::string> addresses,
                                          const std::function<bool()> &drop, std::string &error);
  ~Connector();
  Connector(const Connector &) = delete;
  Connector &operator=(const Connector &) = delete;

  const std::vector<std::string> &addresses() const { return addresses_; }

  // A connected stream socket that the caller closes, or -1 with error set,
  // after five seconds at most.
  int connect(std::size_t index, std::string &error);

private:
  Connector(int fd, std::vector<std::string> addresses);
  int fd_;
  std::vector<std::string> addresses_;
};

// Whether text is an address; for the configuration.
bool is_engine_address(const std::string &text);

} // namespace smime

#endif
