#include "scanner/engines/connector.h"

#include "scanner/base/helper-process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

constexpr int connect_milliseconds = 5000;
constexpr std::size_t max_answer = 256;

struct HostPort {
  std::string host;
  std::string port;
};

std::optional<HostPort> split_address(const std::string &text) {
  auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return std::nullopt;
  HostPort address{text.substr(0, colon), text.substr(colon + 1)};
  if (address.host.front() == '[' && address.host.back() == ']')
    address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos)
    return std::nullopt;
  bool digits = address.port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || !digits || address.port.size() > 5 ||
      std::stoul(address.port) > 65535)
    return std::nullopt;
  return address;
}

// Returns a connected socket or -1 with errno set.
int connect_to(int family, const sockaddr *address, socklen_t size) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;
  int failure = ::connect(fd, address, size) == 0 ? 0 : errno;
  if (failure == EINPROGRESS) {
    pollfd entry = {fd, POLLOUT, 0};
    socklen_t length = sizeof(failure);
    if (poll(&entry, 1, connect_milliseconds) <= 0)
      failure = ETIMEDOUT;
    else
      (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
  }
  if (failure != 0) {
    (void)close(fd);
    errno = failure;
    return -1;
  }
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

int connect_unix(const std::string &path, std::string &error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (void)path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  int fd = connect_to(AF_UNIX, reinterpret_cast<sockaddr *>(&address), sizeof(address));
  if (fd < 0)
    error = std::strerror(errno);
  return fd;
}

int connect_tcp(const std::string &text, std::string &error) {
  auto host_port = split_address(text);
  if (!host_port) {
    error = "not an address";
    return -1;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *list = nullptr;
  int failure = getaddrinfo(host_port->host.c_str(), host_port->port.c_str(), &hints, &list);
  if (failure != 0) {
    error = gai_strerror(failure);
    return -1;
  }
  int fd = -1;
  for (const addrinfo *one = list; one != nullptr && fd < 0; one = one->ai_next)
    fd = connect_to(one->ai_family, one->ai_addr, one->ai_addrlen);
  if (fd < 0)
    error = std::strerror(errno);
  freeaddrinfo(list);
  return fd;
}

void answer(int channel, int fd, const std::string &error) {
  std::string text = fd >= 0 ? "+" : "-" + error.substr(0, max_answer - 1);
  iovec data = {text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(int));
  }
  (void)sendmsg(channel, &message, MSG_NOSIGNAL);
}

// The helper: one byte says which address; ends with the scanner.
[[noreturn]] void serve(int channel, const std::vector<std::string> &addresses) {
  unsigned char index = 0;
  while (recv(channel, &index, 1, 0) == 1) {
    std::string error = "no such address";
    int fd = -1;
    if (index < addresses.size())
      fd = addresses[index].front() == '/' ? connect_unix(addresses[index], error)
                                           : connect_tcp(addresses[index], error);
    answer(channel, fd, error);
    if (fd >= 0)
      (void)close(fd);
  }
  _exit(0);
}

[[noreturn]] void run(int channel, const std::vector<std::string> &addresses,
                      const std::function<bool()> &drop) {
  if (!drop())
    _exit(1);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!close_all_but(channel))
    _exit(1);
  serve(0, addresses);
}

} // namespace

Connector::Connector(int fd, std::vector<std::string> addresses)
    : fd_(fd), addresses_(std::move(addresses)) {}

Connector::~Connector() { (void)close(fd_); }

std::unique_ptr<Connector> Connector::start(std::vector<std::string> addresses,
                                            const std::function<bool()> &drop, std::string &error) {
  int fd = start_helper(
      2 * connect_milliseconds / 1000, [&](int channel) { run(channel, addresses, drop); }, error);
  if (fd < 0)
    return nullptr;
  return std::unique_ptr<Connector>(new Connector(fd, std::move(addresses)));
}

int Connector::connect(std::size_t index, std::string &error) {
  auto byte = static_cast<unsigned char>(index);
  std::array<char, max_answer> text{};
  iovec data = {text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = -1;
  if (send(fd_, &byte, 1, MSG_NOSIGNAL) == 1)
    size = recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
  if (size <= 0) {
    error = "the process that connects to the engine is gone";
    return -1;
  }
  const cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (text[0] != '+' || header == nullptr || header->cmsg_type != SCM_RIGHTS) {
    error.assign(text.data() + 1, static_cast<std::size_t>(size) - 1);
    return -1;
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof(int));
  return fd;
}

bool is_engine_address(const std::string &text) {
  if (text.starts_with('/'))
    return text.size() < sizeof(sockaddr_un{}.sun_path);
  return split_address(text).has_value();
}

} // namespace smime
