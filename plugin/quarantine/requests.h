// What was said of a user's held messages beside their records: that their recipient asks for
// them, who approved of a release, until when a reviewer has them held, his notes, and what was
// decided on those that were asked for, which he is
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
  // Microseconds more, where it has a place in the register's history, whose order they are.
  std::int64_t micros = 0;

  std::int64_t exactly() const { return when * 1000000 + micros; }
};

// Longer than the rule said, by whom and why.
struct KeptUntil {
  // Seconds since the epoch.
  std::int64_t until = 0;
  Said said;
};

struct RequestEntry {
  std::optional<Said> asked;
  // Of a release, each name once.
  std::vector<Said> approvals;
  std::optional<KeptUntil> kept;
  // For reviewers, the oldest first; the text is in "why".
  std::vector<Said> notes;
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
// tells of them (doveadm smime notify is not run), and those that nobody asked for and nobody said
// anything of for years, whose messages went without a word.
void drop_old_entries(RequestBook &book, std::int64_t now);

// What became of the message is on its entry from here on, if it was asked for; the notes go. One
// that was not asked for goes. False: nothing was changed.
bool note_decision(RequestBook &book, const std::string &id, std::string_view decision,
                   const Said &said);

// A message has so many notes at most, each of so many bytes.
inline constexpr std::size_t max_notes = 20;
inline constexpr std::size_t max_note = 500;

enum class BookChange : std::uint8_t { made, made_before, refused };

// Has the message held until then. made_before: kept is what the book has, which is not earlier.
BookChange keep_until(RequestBook &book, const std::string &id, KeptUntil &kept);
// Adds the note. made_before: it is the last one of the same name, and note is what the book has.
// refused: there are max_notes.
BookChange add_note(RequestBook &book, const std::string &id, Said &note);

// Until when a reviewer has it held; 0: none has.
std::int64_t kept_until(const RequestBook &book, const std::string &id);

// The time that "30d" or "2026-12-31" (the beginning of the day, UTC) means, or one as
// format_time() writes it. Nullopt: it is none of them, not in the future, or more than ten years
// from now.
std::optional<std::int64_t> time_to_keep_until(const std::string &text, std::int64_t now);

} // namespace smime

#endif
