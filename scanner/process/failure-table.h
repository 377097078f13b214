// How often mail that is encrypted to the escrow key could not be opened, by who sent it:
// such a message is damaged, or somebody tries what the key makes of it. Counted in memory
// that all processes share.
#ifndef SMIME_FAILURE_TABLE_H
#define SMIME_FAILURE_TABLE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace smime {

// Bounds, for an hour.
inline constexpr std::uint32_t max_failures_of_sender = 32;
// From so many failures in all on, each is answered later.
inline constexpr std::uint32_t slow_after_failures = 100;
inline constexpr std::uint32_t failure_hour = 3600;
// Seconds between two lines in the log.
inline constexpr std::uint32_t failure_log_pause = 10;

// Whose failures are counted together: what a peer (a user of this machine) brings from an
// envelope sender.
std::uint64_t failure_key(uid_t peer, std::string_view sender);

// What one more failure makes.
struct FailureCount {
  // Of the sender within the hour, this one included.
  std::uint32_t of_sender = 0;
  // Of all senders.
  std::uint32_t in_all = 0;
  // It is to be logged, and so many before it were not.
  bool is_to_log = false;
  std::uint32_t not_logged = 0;
};

// The counts as they are in memory. All zero is a table without any failure. Times are
// seconds of a clock that never goes back.
class FailureTable {
public:
  // Whether the sender had its share: the key is not used for its mail for an hour.
  bool is_blocked(std::uint64_t key, std::uint32_t now) const;
  FailureCount note(std::uint64_t key, std::uint32_t now);

  static constexpr std::size_t entries = 1024;
  // Places in which a sender may stand.
  static constexpr std::size_t ways = 8;

private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t began = 0;
    std::uint32_t count = 0;
  };
  static bool is_over(const Entry &entry, std::uint32_t now) {
    return entry.count == 0 || now - entry.began >= failure_hour;
  }
  Entry &entry_for(std::uint64_t key, std::uint32_t now);

  Entry all_;
  std::uint32_t logged_ = 0;
  std::uint32_t not_logged_ = 0;
  Entry entries_[entries];
};

// The table in a file that all processes map. Its changes are made by one at a time.
class SharedFailures {
public:
  // Null with error set.
  static std::unique_ptr<SharedFailures> open(const std::string &file, std::string &error);
  ~SharedFailures();
  SharedFailures(const SharedFailures &) = delete;
  SharedFailures &operator=(const SharedFailures &) = delete;

  // Of the file; a process that closes what it has keeps this one.
  int fd() const { return fd_; }
  void set_fd(int fd) { fd_ = fd; }

  bool is_blocked(std::uint64_t key);
  FailureCount note(std::uint64_t key);

private:
  SharedFailures(int fd, FailureTable *table) : fd_(fd), table_(table) {}
  int fd_;
  FailureTable *table_;
};

} // namespace smime

#endif
