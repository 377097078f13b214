// What the setting smime_register names: a dict of Dovecot's, of which the driver and its
// connection are taken. No Dovecot header.
#ifndef SMIME_REGISTER_DICT_URI_H
#define SMIME_REGISTER_DICT_URI_H

#include <optional>
#include <string>

namespace smime {

// Of Dovecot 2.3: "proxy::NAME" and "proxy:SOCKET:NAME" name a line of the block dict { };
// "DRIVER:FILE" is such a line's value.
struct DictUri {
  // Either the name or the others.
  std::string name;
  std::string driver;
  std::string file;
};

// Nullopt with error set if it is neither.
std::optional<DictUri> parse_dict_uri(const std::string &uri, std::string &error);

// The value of "connect" in a dict's file for SQL; empty if it has none.
std::string connect_of(const std::string &text);

// Whether the register knows the driver's SQL; else error says which it knows.
bool is_register_driver(const std::string &driver, std::string &error);

} // namespace smime

#endif
