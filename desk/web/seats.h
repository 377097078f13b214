// Who may stay where there are more connections than places. A connection that waits for its
// client (a TLS handshake, half a request, nothing at all) makes room for a new one, the oldest of
// the same address first; one whose request is being worked on never does. So who opens many and
// says nothing keeps out nobody but himself. No Dovecot header.
#ifndef SMIME_DESK_SEATS_H
#define SMIME_DESK_SEATS_H

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

namespace smime::desk {

class Seats {
public:
  using Number = std::uint64_t;

  // most_of_one: connections of one address, but for those in no_bound.
  Seats(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  // Who has to go before a connection of this address can be had; nullopt: there is room, or
  // nobody who could go, as has_room() then says.
  std::optional<Number> who_makes_room(const std::string &address, bool is_proxy) const;
  bool has_room(const std::string &address, bool is_proxy) const;

  // It waits for its client from now on.
  void take(Number number, const std::string &address, std::int64_t now);
  // A whole request came.
  void begin_work(Number number);
  void await_client(Number number, std::int64_t now);
  void leave(Number number);

  // The one that waits for its client the longest, if it does since before then.
  std::optional<Number> waits_since_before(std::int64_t then) const;
  std::size_t count() const { return seats_.size(); }

private:
  struct Seat {
    std::string address;
    bool waits = true;
    std::int64_t since = 0;
    std::list<Number>::iterator place;
  };

  std::size_t count_of(const std::string &address) const;

  std::size_t most_;
  std::size_t most_of_one_;
  std::map<Number, Seat> seats_;
  std::map<std::string, std::size_t> counts_;
  // Those who wait, the oldest first.
  std::list<Number> waiting_;
};

} // namespace smime::desk

#endif
