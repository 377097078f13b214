#include "senders.h"

#include "dovecot-lib.h"

extern "C" {
#include "message-address.h"
#include "message-header-decode.h"
}

#include <algorithm>
#include <cstring>

namespace smime {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class Pool {
public:
  Pool() : pool_(pool_alloconly_create("smime senders", 1024)) {}
  ~Pool() { pool_unref(&pool_); }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;
  pool_t get() const { return pool_; }

private:
  pool_t pool_;
};

bool is_word_end(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::strchr("<>()[]\"',;:|", c) != nullptr;
}

// The first word of a display name that reads as an address.
std::string address_in(std::string_view name) {
  for (auto at = name.find('@'); at != std::string_view::npos; at = name.find('@', at + 1)) {
    std::size_t start = at;
    std::size_t end = at + 1;
    while (start > 0 && !is_word_end(name[start - 1]))
      start--;
    while (end < name.size() && !is_word_end(name[end]))
      end++;
    std::string_view domain = name.substr(at + 1, end - at - 1);
    if (start < at && domain.find('.') != std::string_view::npos)
      return std::string(name.substr(start, end - start));
  }
  return {};
}

std::string decoded(const char *name) {
  DataStackFrame frame;
  string_t *text = t_str_new(128);
  message_header_decode_utf8(reinterpret_cast<const unsigned char *>(name), std::strlen(name), text,
                             nullptr);
  return {str_c(text), str_len(text)};
}

// Sets odd if value is no list of addresses. names gets the display names.
std::vector<std::string> addresses_in(Bytes value, std::string &odd,
                                      std::vector<std::string> &names) {
  std::vector<std::string> found;
  if (std::memchr(value.data(), '\0', value.size()) != nullptr) {
    odd = "it has a NUL in it";
    return found;
  }
  Pool pool;
  const message_address *address =
      message_address_parse(pool.get(), value.data(), value.size(), Senders::max_addresses + 1,
                            static_cast<message_address_parse_flags>(0));
  for (; address != nullptr; address = address->next) {
    if (address->domain == nullptr)
      continue; // the beginning or the end of a group
    if (address->name != nullptr)
      names.push_back(decoded(address->name));
    if (address->invalid_syntax || *address->mailbox == '\0' || *address->domain == '\0') {
      odd = "it is not written as RFC 5322 says";
      continue;
    }
    found.push_back(std::string(address->mailbox) + "@" + address->domain);
  }
  if (found.size() > Senders::max_addresses)
    odd = "it has more addresses than are looked at";
  if (found.empty() && odd.empty())
    odd = "it has no address in it";
  return found;
}

void append(std::vector<std::string> &to, std::vector<std::string> more) {
  for (std::string &address : more) {
    if (to.size() < Senders::max_addresses)
      to.push_back(std::move(address));
  }
}

} // namespace

void Senders::add_from(Bytes value) {
  from_fields++;
  std::vector<std::string> names;
  append(from, addresses_in(value, odd, names));
  for (const std::string &name : names) {
    std::string address = address_in(name);
    if (!address.empty() && std::none_of(from.begin(), from.end(), [&](const std::string &own) {
          return is_same_address(own, address);
        }))
      address_in_name = address;
  }
}

void Senders::add_sender(Bytes value) {
  sender_fields++;
  std::vector<std::string> names;
  append(sender, addresses_in(value, odd, names));
}

bool is_same_address(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower(x) == lower(y);
         });
}

std::string domain_of(std::string_view address) {
  auto at = address.rfind('@');
  std::string domain(at == std::string_view::npos ? std::string_view() : address.substr(at + 1));
  std::transform(domain.begin(), domain.end(), domain.begin(), lower);
  return domain;
}

} // namespace smime
