// Who is logged in. In memory alone: when the worker ends, everybody logs in again. Of a session's
// secret only the digest is kept, so that what leaks of this memory lets nobody in. No Dovecot
// header.
#ifndef SMIME_DESK_SESSIONS_H
#define SMIME_DESK_SESSIONS_H

#include "desk/protocol/answer.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

struct Session {
  // As Dovecot's auth has it.
  std::string name;
  Kind kind = Kind::recipient;
  std::vector<std::string> acts;
  std::string csrf;
  // Seconds of a clock that only goes on.
  std::int64_t made = 0;
  std::int64_t used = 0;
  // Of all sessions that ever were.
  std::uint64_t number = 0;
};

struct SessionTimes {
  std::int64_t idle = 0;
  std::int64_t absolute = 0;
};

class Sessions {
public:
  // Of one name the oldest goes when there is one more; in all, nobody else gets in.
  static constexpr std::size_t max_of_name = 20;
  static constexpr std::size_t max_in_all = 10000;

  explicit Sessions(SessionTimes times) : times_(times) {}

  // The secret of a new session, never one that was there; nullopt if there are too many.
  std::optional<std::string> begin(const std::string &name, Kind kind,
                                   std::vector<std::string> acts, std::int64_t now);
  // Nullptr if there is none, or its time is over. Else it was used now. Good until the next call.
  const Session *find(std::string_view secret, std::int64_t now);
  // Nullopt if there was none.
  std::optional<Session> end(std::string_view secret);
  // Forgets those whose time is over.
  void forget_old(std::int64_t now);
  std::size_t size() const { return sessions_.size(); }

private:
  bool is_over(const Session &session, std::int64_t now) const;
  void make_room(const std::string &name);

  SessionTimes times_;
  // By the digest of the secret.
  std::map<std::string, Session> sessions_;
  std::uint64_t last_ = 0;
};

} // namespace smime::desk

#endif
