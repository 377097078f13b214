#include "scanner/process/failure-table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <unistd.h>

namespace smime {
namespace {

std::uint32_t seconds_since_boot() {
  timespec now{};
  (void)clock_gettime(CLOCK_BOOTTIME, &now);
  // 0 is no time.
  return static_cast<std::uint32_t>(now.tv_sec) + 1;
}

// Held as long as it lives; goes with the process.
class FileLock {
public:
  explicit FileLock(int fd) : fd_(fd) { set(F_WRLCK); }
  ~FileLock() { set(F_UNLCK); }
  FileLock(const FileLock &) = delete;
  FileLock &operator=(const FileLock &) = delete;

private:
  void set(short type) const {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    while (fcntl(fd_, F_OFD_SETLKW, &lock) < 0 && errno == EINTR)
      continue;
  }
  int fd_;
};

} // namespace

std::uint64_t failure_key(uid_t peer, std::string_view sender) {
  std::string text = std::to_string(peer) + " " + std::string(sender);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char *>(text.data()), text.size(), digest.data());
  std::uint64_t key = 0;
  std::memcpy(&key, digest.data(), sizeof(key));
  return std::max<std::uint64_t>(key, 1);
}

bool FailureTable::is_blocked(std::uint64_t key, std::uint32_t now) const {
  std::size_t first = key % (entries / ways) * ways;
  return std::any_of(entries_ + first, entries_ + first + ways, [&](const Entry &entry) {
    return entry.key == key && entry.count >= max_failures_of_sender && !is_over(entry, now);
  });
}

// The sender's own entry, or the one that is least missed: of an hour that is over, else
// with the fewest failures.
FailureTable::Entry &FailureTable::entry_for(std::uint64_t key, std::uint32_t now) {
  Entry *first = entries_ + key % (entries / ways) * ways;
  Entry *own =
      std::find_if(first, first + ways, [&](const Entry &entry) { return entry.key == key; });
  Entry *chosen = own != first + ways
                      ? own
                      : std::min_element(first, first + ways, [&](const Entry &a, const Entry &b) {
                          return (is_over(a, now) ? 0 : a.count) < (is_over(b, now) ? 0 : b.count);
                        });
  if (chosen->key != key || is_over(*chosen, now))
    *chosen = {key, now, 0};
  return *chosen;
}

FailureCount FailureTable::note(std::uint64_t key, std::uint32_t now) {
  Entry &entry = entry_for(key, now);
  // The hour without the key begins with the failure that uses up the share.
  if (++entry.count == max_failures_of_sender)
    entry.began = now;
  if (is_over(all_, now))
    all_ = {0, now, 0};
  all_.count++;
  FailureCount count{entry.count, all_.count, false, 0};
  bool is_notable = std::has_single_bit(entry.count);
  if (is_notable && (logged_ == 0 || now - logged_ >= failure_log_pause)) {
    count.is_to_log = true;
    count.not_logged = not_logged_;
    logged_ = now;
    not_logged_ = 0;
  } else {
    not_logged_++;
  }
  return count;
}

std::unique_ptr<SharedFailures> SharedFailures::open(const std::string &file, std::string &error) {
  int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  void *memory = MAP_FAILED;
  if (fd >= 0 && ftruncate(fd, sizeof(FailureTable)) == 0)
    memory = mmap(nullptr, sizeof(FailureTable), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    error = file + ": " + std::strerror(errno);
    if (fd >= 0)
      (void)close(fd);
    return nullptr;
  }
  return std::unique_ptr<SharedFailures>(
      new SharedFailures(fd, static_cast<FailureTable *>(memory)));
}

SharedFailures::~SharedFailures() {
  (void)munmap(table_, sizeof(FailureTable));
  (void)close(fd_);
}

bool SharedFailures::is_blocked(std::uint64_t key) {
  FileLock lock(fd_);
  return table_->is_blocked(key, seconds_since_boot());
}

FailureCount SharedFailures::note(std::uint64_t key) {
  FileLock lock(fd_);
  return table_->note(key, seconds_since_boot());
}

} // namespace smime
