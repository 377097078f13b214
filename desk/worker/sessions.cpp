#include "desk/worker/sessions.h"

#include "desk/worker/secret.h"

#include <utility>

namespace smime::desk {

bool Sessions::is_over(const Session &session, std::int64_t now) const {
  return now - session.used >= times_.idle || now - session.made >= times_.absolute;
}

void Sessions::make_room(const std::string &name) {
  std::size_t count = 0;
  auto oldest = sessions_.end();
  for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
    if (at->second.name != name)
      continue;
    count++;
    if (oldest == sessions_.end() || at->second.number < oldest->second.number)
      oldest = at;
  }
  if (count >= max_of_name)
    sessions_.erase(oldest);
}

std::optional<std::string> Sessions::begin(const std::string &name, Kind kind,
                                           std::vector<std::string> acts, std::int64_t now) {
  forget_old(now);
  make_room(name);
  if (sessions_.size() >= max_in_all)
    return std::nullopt;
  std::string secret = random_hex(secret_size);
  sessions_[digest_of(secret)] = {name, kind, std::move(acts), random_hex(secret_size),
                                  now,  now,  ++last_};
  return secret;
}

const Session *Sessions::find(std::string_view secret, std::int64_t now) {
  auto found = sessions_.find(digest_of(secret));
  if (found == sessions_.end())
    return nullptr;
  if (is_over(found->second, now)) {
    sessions_.erase(found);
    return nullptr;
  }
  found->second.used = now;
  return &found->second;
}

std::optional<Session> Sessions::end(std::string_view secret) {
  auto found = sessions_.find(digest_of(secret));
  if (found == sessions_.end())
    return std::nullopt;
  Session session = std::move(found->second);
  sessions_.erase(found);
  return session;
}

void Sessions::forget_old(std::int64_t now) {
  std::erase_if(sessions_, [&](const auto &entry) { return is_over(entry.second, now); });
}

} // namespace smime::desk
