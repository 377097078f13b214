// What was said of a user's held messages beside their records: that their recipient asks for
// them, who approved of a release, and what was decided on those that were asked for, which he is
// to be told. It is one small file beside the mailboxes (request-store.h), since a message that was
// decided on is not there any more to carry it. No Dovecot header.
#ifndef SMIME_QUARANTINE_REQUESTS_H
#define SMIME_QUARANTINE_REQUESTS_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

struct Said {
  std::string who;
  // Seconds since the epoch; 0: not known.
  std::int64_t when = 0;
  std::string why;
};

struct RequestEntry {
  std::optional<Said> asked;
  // Of a release, each name once.
  std::vector<Said> approvals;
  // What became of the message, by the name of its state (register/row.h); empty: nobody decided,
  // or nobody told us.
  std::string decision;
  Said decided;
  // A notice of the decision is under way, with all entries that have this.
  bool telling = false;
  // Of the message, as it is told: when it was held, the header's From, the envelope, the subject.
  std::string time;
  std::string from;
  std::string sender;
  std::string to;
  std::string subject;
};

// By quarantine id.
using RequestBook = std::map<std::string, RequestEntry>;

// A file that is larger is none of ours.
inline constexpr std::size_t max_request_book = 4UL * 1024 * 1024;

// One line of JSON for each entry.
std::string to_text(const RequestBook &book);
// Nullopt with error set: anything but what to_text() wrote is one, and a part is not taken for
// the whole.
std::optional<RequestBook> request_book_from_text(std::string_view text, std::string &error);

// Takes out what nobody needs any more: entries that were decided on so long ago that nobody
// tells of them (doveadm smime notify is not run).
void drop_old_entries(RequestBook &book, std::int64_t now);

// What became of the message is on its entry from here on, if it was asked for. One with approvals
// alone goes. False: nothing was changed.
bool note_decision(RequestBook &book, const std::string &id, std::string_view decision,
                   const Said &said);

} // namespace smime

#endif
