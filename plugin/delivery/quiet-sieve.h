// A message that a rule refuses fails the save that Sieve makes of it, and Sieve logs that
// as two errors, one of them a "temporary failure". Nothing is wrong with the server, and
// the line that says what was done is there.
#ifndef SMIME_DELIVERY_QUIET_SIEVE_H
#define SMIME_DELIVERY_QUIET_SIEVE_H

struct event;

namespace smime {

// While it lives, errors of Sieve's are debug lines below an event of the delivery. There
// is one at a time.
class QuietSieve {
public:
  explicit QuietSieve(event *delivery);
  ~QuietSieve();
  QuietSieve(const QuietSieve &) = delete;
  QuietSieve &operator=(const QuietSieve &) = delete;
};

} // namespace smime

#endif
