// Which held messages are told of by mail that goes out: to their senders, and to addresses that
// rules name. No Dovecot header.
//
// An envelope's sender may be anybody: what is sent to him may reach somebody who never wrote, and
// what answers a machine may go on for ever. RFC 3834 section 2 says which mail is not answered.
#ifndef SMIME_NOTICES_ANSWER_H
#define SMIME_NOTICES_ANSWER_H

#include <string>
#include <string_view>
#include <vector>

namespace smime {

// What the header of a held message says of who wrote it.
struct AnswerFacts {
  // A machine did (Auto-Submitted), or it went to many (Precedence, List-*).
  bool automatic = false;
  bool to_many = false;
  // It is mail of this kind itself.
  bool is_notice = false;
  // The header was read to its end: the fields above are all there are.
  bool complete = false;
};

// Whether the field says any of it, and with which value what it says.
bool concerns_answers(std::string_view name);
void take_field(std::string_view name, std::string_view value, AnswerFacts &facts);

// sender, to: of the envelope; the empty reverse-path is "<>".
bool may_tell_sender(const std::string &sender, const std::string &to, const AnswerFacts &facts);

// addresses: all that the rule names. What is held on the way to one of them, or is such a notice,
// is told to none: else each notice that is held makes the next.
bool may_tell_addresses(const std::string &sender, const std::string &to,
                        const std::vector<std::string> &addresses, const AnswerFacts &facts);

} // namespace smime

#endif
