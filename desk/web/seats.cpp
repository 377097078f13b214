#include "desk/web/seats.h"

namespace smime::desk {

std::size_t Seats::count_of(const std::string &address) const {
  auto found = counts_.find(address);
  return found == counts_.end() ? 0 : found->second;
}

bool Seats::has_room(const std::string &address, bool is_proxy) const {
  return seats_.size() < most_ && (is_proxy || count_of(address) < most_of_one_);
}

std::optional<Seats::Number> Seats::who_makes_room(const std::string &address,
                                                   bool is_proxy) const {
  if (has_room(address, is_proxy))
    return std::nullopt;
  for (Number number : waiting_) {
    if (seats_.at(number).address == address)
      return number;
  }
  bool own_bound = !is_proxy && count_of(address) >= most_of_one_;
  if (own_bound || waiting_.empty())
    return std::nullopt;
  return waiting_.front();
}

void Seats::take(Number number, const std::string &address, std::int64_t now) {
  counts_[address]++;
  seats_[number] = {address, true, now, waiting_.insert(waiting_.end(), number)};
}

void Seats::begin_work(Number number) {
  auto found = seats_.find(number);
  if (found == seats_.end() || !found->second.waits)
    return;
  found->second.waits = false;
  waiting_.erase(found->second.place);
}

void Seats::await_client(Number number, std::int64_t now) {
  auto found = seats_.find(number);
  if (found == seats_.end() || found->second.waits)
    return;
  found->second.waits = true;
  found->second.since = now;
  found->second.place = waiting_.insert(waiting_.end(), number);
}

void Seats::leave(Number number) {
  auto found = seats_.find(number);
  if (found == seats_.end())
    return;
  begin_work(number);
  auto count = counts_.find(found->second.address);
  if (--count->second == 0)
    counts_.erase(count);
  seats_.erase(found);
}

std::optional<Seats::Number> Seats::waits_since_before(std::int64_t then) const {
  if (waiting_.empty() || seats_.at(waiting_.front()).since >= then)
    return std::nullopt;
  return waiting_.front();
}

} // namespace smime::desk
