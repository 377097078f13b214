#include "desk/worker/secret.h"

#include "common/sha256.h"

#include <cerrno>
#include <span>
#include <stdexcept>
#include <sys/random.h>
#include <vector>

namespace smime::desk {

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  std::size_t got = 0;
  while (got < bytes) {
    ssize_t size = getrandom(random.data() + got, bytes - got, 0);
    if (size < 0 && errno != EINTR)
      throw std::runtime_error("the kernel gives no random bytes");
    got += size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : random) {
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

std::string digest_of(std::string_view secret) {
  Sha256 sha256;
  sha256.update({reinterpret_cast<const unsigned char *>(secret.data()), secret.size()});
  return to_hex(sha256.result());
}

} // namespace smime::desk
