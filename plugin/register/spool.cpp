#include "plugin/register/spool.h"

#include "common/write-all.h"
#include "plugin/register/row.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

constexpr std::string_view row_ending = ".row";
constexpr std::string_view aside_ending = ".refused";
constexpr std::string_view temporary_ending = ".new";
constexpr mode_t spool_mode = 01733;
// Of a spool that grows without end the rest is read later.
constexpr std::size_t max_names = 50000;
// What a process that was killed left.
constexpr time_t forgotten_after = 24L * 3600;

std::string failed(const std::string &path) { return path + ": " + std::strerror(errno); }

// In the order of the clock; nobody else's file can be in its place, since nobody can tell the
// rest of the name.
std::string new_name() {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  std::array<unsigned char, 16> random{};
  (void)getrandom(random.data(), random.size(), 0);
  std::array<char, 64> text{};
  int size = std::snprintf(text.data(), text.size(), "%012llx%08lx.",
                           static_cast<unsigned long long>(now.tv_sec), now.tv_nsec);
  std::string name(text.data(), static_cast<std::size_t>(size));
  for (unsigned char byte : random) {
    (void)std::snprintf(text.data(), text.size(), "%02x", byte);
    name += text.data();
  }
  return name;
}

} // namespace

SpoolFacts look_at_spool(const std::string &directory) {
  SpoolFacts facts;
  std::unique_ptr<DIR, int (*)(DIR *)> opened(opendir(directory.c_str()), closedir);
  if (opened == nullptr) {
    facts.error = failed(directory);
    return facts;
  }
  while (const dirent *entry = readdir(opened.get())) {
    std::string_view name = entry->d_name;
    struct stat status {};
    if (name.ends_with(aside_ending))
      facts.refused++;
    if (!name.ends_with(row_ending) ||
        fstatat(dirfd(opened.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
      continue;
    facts.waiting++;
    facts.oldest = facts.oldest == 0 ? status.st_mtime : std::min(facts.oldest, status.st_mtime);
  }
  return facts;
}

bool write_to_spool(const std::string &directory, std::string_view line, std::string &error,
                    std::optional<gid_t> group) {
  std::string path = directory + "/" + new_name();
  std::string temporary = path + std::string(temporary_ending);
  int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    error = failed(directory);
    return false;
  }
  if (group && fchown(fd, static_cast<uid_t>(-1), *group) < 0) {
    // Whoever reads it asks no group then.
  }
  bool ok = write_all(fd, line);
  int problem = errno;
  ok = close(fd) == 0 && ok;
  if (ok && rename(temporary.c_str(), (path + std::string(row_ending)).c_str()) == 0)
    return true;
  if (ok)
    problem = errno;
  (void)unlink(temporary.c_str());
  errno = problem;
  error = failed(directory);
  return false;
}

Spool::Spool(std::string directory) : directory_(std::move(directory)) {
  if (open_directory())
    return;
  if (error_.empty())
    error_ = failed(directory_);
  if (fd_ >= 0)
    (void)close(fd_);
  fd_ = -1;
}

Spool::~Spool() {
  if (fd_ >= 0)
    (void)close(fd_);
}

// The lock is on the directory, which those who may only write into it cannot open.
bool Spool::open_directory() {
  if (mkdir(directory_.c_str(), 0700) < 0 && errno != EEXIST)
    return false;
  fd_ = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat status {};
  if (fd_ < 0 || fstat(fd_, &status) < 0)
    return false;
  if (status.st_uid != geteuid()) {
    error_ = directory_ + " is not owned by who empties it (chown root)";
    return false;
  }
  if ((status.st_mode & 07777) != spool_mode && fchmod(fd_, spool_mode) < 0)
    return false;
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0)
    return true;
  busy_ = errno == EWOULDBLOCK;
  return false;
}

// Nullopt: its owner took it away.
std::optional<SpooledLine> Spool::read_one(const std::string &name) const {
  SpooledLine line;
  line.name = name;
  int fd = openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 && errno == ENOENT)
    return std::nullopt;
  int problem = errno;
  if (fstatat(fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    line.owner = status.st_uid;
  errno = problem;
  if (fd < 0 || fstat(fd, &status) < 0) {
    line.fault = std::strerror(errno);
  } else if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
    // A link would show another's file as its owner's word.
    line.fault = "it is no file of its own";
  } else if (status.st_size <= 0 || static_cast<std::size_t>(status.st_size) > max_row_line) {
    line.fault = "it is empty or too long";
  } else {
    line.owner = status.st_uid;
    line.group = status.st_gid;
    line.text.resize(static_cast<std::size_t>(status.st_size));
    if (::read(fd, line.text.data(), line.text.size()) != static_cast<ssize_t>(line.text.size())) {
      line.fault = "it cannot be read";
      line.text.clear();
    }
  }
  if (fd >= 0)
    (void)close(fd);
  return line;
}

// By a handle of its own: the position is the directory's.
Spool::DirPtr Spool::open_entries() const {
  int again = openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return DirPtr(again < 0 ? nullptr : fdopendir(again));
}

// The directory may be huge, and is read once for so many.
void Spool::list() {
  DirPtr entries = open_entries();
  while (entries != nullptr && names_.size() < max_names) {
    const dirent *entry = readdir(entries.get());
    if (entry == nullptr)
      break;
    std::string name = entry->d_name;
    struct stat status {};
    if (name.ends_with(row_ending) && !left_.contains(name))
      names_.push_back(name);
    else if (name.ends_with(temporary_ending) &&
             fstatat(fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
             status.st_mtime < time(nullptr) - forgotten_after)
      (void)unlinkat(fd_, name.c_str(), 0);
  }
  std::sort(names_.begin(), names_.end(), std::greater<>());
}

std::vector<SpooledLine> Spool::read(std::size_t most) {
  std::vector<SpooledLine> lines;
  while (lines.empty()) {
    if (names_.empty())
      list();
    if (names_.empty())
      break;
    for (; !names_.empty() && lines.size() < most; names_.pop_back()) {
      if (auto line = read_one(names_.back()))
        lines.push_back(std::move(*line));
    }
  }
  return lines;
}

bool Spool::fail_at(const std::string &name) {
  error_ = failed(directory_ + "/" + name);
  leave(name);
  return false;
}

bool Spool::remove(const std::string &name) {
  return unlinkat(fd_, name.c_str(), 0) == 0 || errno == ENOENT || fail_at(name);
}

bool Spool::is_full_of(uid_t owner) {
  if (!refused_) {
    refused_.emplace();
    DirPtr entries = open_entries();
    while (const dirent *entry = entries == nullptr ? nullptr : readdir(entries.get())) {
      struct stat status {};
      if (std::string_view(entry->d_name).ends_with(aside_ending) &&
          fstatat(fd_, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        (*refused_)[status.st_uid]++;
    }
  }
  return owner != 0 && (*refused_)[owner] >= max_refused;
}

// Its owner chose the name: with the other ending it may be too long, or something else's.
bool Spool::set_aside(const SpooledLine &line, std::string &aside, bool &removed) {
  const std::string &name = line.name;
  // What cannot be removed is a directory.
  removed = is_full_of(line.owner) && unlinkat(fd_, name.c_str(), 0) == 0;
  if (removed)
    return true;
  std::string bare = name.substr(0, name.size() - row_ending.size());
  for (const std::string &chosen : {bare, new_name()}) {
    aside = chosen + std::string(aside_ending);
    if (renameat2(fd_, name.c_str(), fd_, aside.c_str(), RENAME_NOREPLACE) == 0) {
      aside = directory_ + "/" + aside;
      (*refused_)[line.owner]++;
      return true;
    }
    if (errno == ENOENT) {
      aside.clear();
      return true;
    }
  }
  return fail_at(name);
}

} // namespace smime
