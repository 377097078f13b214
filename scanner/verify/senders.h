// Who a message says that it is from, and what else its header says of its way: From, Sender, Date
// and what mailing lists write, taken with distrust.
#ifndef SMIME_SENDERS_H
#define SMIME_SENDERS_H

#include "common/byte-sink.h"
#include "scanner/verify/date-fields.h"
#include "scanner/verify/list-fields.h"

#include <string>
#include <string_view>
#include <vector>

namespace smime {

struct Senders {
  // Fields of that name, whatever is in them.
  unsigned from_fields = 0;
  unsigned sender_fields = 0;
  // Of several From or several Sender fields one names other addresses than another: readers show
  // different ones.
  bool contradicting = false;
  // Addresses, at most max_addresses of each.
  std::vector<std::string> from;
  std::vector<std::string> sender;
  // What reads as an address in a field (its display names, comments, routes)
  // and is none of the field's addresses.
  std::string address_in_name;
  // Why the fields cannot be taken at their word: no address, a syntax that readers read
  // differently, a charset that hides what is written.
  std::string odd;
  // Why they are meant to be read as something else than they say: NUL, a direction of writing
  // that is turned.
  std::string misleading;
  // What is odd and changes nothing: letters of a charset that is not known.
  std::string note;

  DateFields dates;
  ListFields list;

  static constexpr unsigned max_addresses = 16;

  // Whether a field of that name is of interest.
  static bool wants(std::string_view name);
  // One whole field, as it is in the message.
  void add(std::string_view name, Bytes value);
  // Of one that is too long to be kept.
  void add_too_long(std::string_view name);

  // Whether a mailing list put its own address in the place of author's, and says so.
  bool is_rewritten_for(std::string_view author) const;

private:
  void add_addresses(Bytes value, std::vector<std::string> &addresses, unsigned fields);
  void read_words(Bytes value, const std::vector<std::string> &own);
  void read_words_once(Bytes value, const std::vector<std::string> &own);
};

// Whether two addresses are the same for a reader: letters of ASCII in any case
// (RFC 8550 section 3 wants the local part's compared exactly; no mailbox that
// people use tells them apart), the domain's other letters as they are or in ASCII (RFC 5891), all
// else byte for byte.
bool is_same_address(std::string_view a, std::string_view b);

bool has_address(const std::vector<std::string> &addresses, std::string_view wanted);

// Lower case, in ASCII; empty without one.
std::string domain_of(std::string_view address);

} // namespace smime

#endif
