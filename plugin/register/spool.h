// The way of a row to the database: a file in a directory of this machine. Whoever delivers
// writes one and goes on; "doveadm smime register drain" takes them out. No Dovecot header.
//
// The directory has the mode 1733: every user's process may put a file into it, and none may
// list it, read another's file or take it away. Whose a file is says who wrote it.
#ifndef SMIME_REGISTER_SPOOL_H
#define SMIME_REGISTER_SPOOL_H

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <ctime>
#include <dirent.h>
#include <memory>
#include <sys/types.h>
#include <vector>

namespace smime {

// Puts the line into a file of its own. It is there whole once this returns true, whatever
// happens to the process; not to the power, since to wait for the disk would hold up the
// delivery: "register check" finds what is missing then. False with error set.
// group: it is given to that group, if the process is in it, which proves that.
bool write_to_spool(const std::string &directory, std::string_view line, std::string &error,
                    std::optional<gid_t> group = std::nullopt);

// What there is to know of a spool without emptying it.
struct SpoolFacts {
  std::size_t waiting = 0;
  std::size_t refused = 0;
  // When the oldest of those that wait was written; 0 if none does.
  time_t oldest = 0;
  // Why the directory cannot be read.
  std::string error;
};
SpoolFacts look_at_spool(const std::string &directory);

// Of each uid but root so many files that are refused are kept to be looked at: whoever likes may
// put in as many as he likes.
inline constexpr std::size_t max_refused = 1000;

// A file of the spool.
struct SpooledLine {
  std::string name;
  uid_t owner = 0;
  std::string text;
  // Why it is none of ours; text is empty then.
  std::string fault;
  gid_t group = 0;
};

// The spool for the one who empties it, which is root.
class Spool {
public:
  // Makes the directory if it is not there. What is wrong is in error().
  explicit Spool(std::string directory);
  ~Spool();
  Spool(const Spool &) = delete;
  Spool &operator=(const Spool &) = delete;

  // Whether it is open, and nobody else empties it.
  bool is_open() const { return fd_ >= 0; }
  // Another process empties it.
  bool is_busy() const { return busy_; }
  const std::string &error() const { return error_; }

  // At most so many of the files, in the order in which they were written; without those that
  // were set aside or left. Each is given once, whatever its owner does with it meanwhile.
  std::vector<SpooledLine> read(std::size_t most);
  // Its row is in the database. False with error() set if it is there still; it is left then.
  bool remove(const std::string &name);
  // It stays, under a name that read() passes over; aside: that name, empty if its owner took it
  // away, or removed is set: of one owner who is not root no more than max_refused are kept.
  // False with error() set if that does not work; it is left then.
  bool set_aside(const SpooledLine &line, std::string &aside, bool &removed);
  // It stays as it is, for another time.
  void leave(const std::string &name) { left_.insert(name); }

private:
  std::optional<SpooledLine> read_one(const std::string &name) const;
  struct CloseDir {
    void operator()(DIR *d) const { (void)closedir(d); }
  };
  using DirPtr = std::unique_ptr<DIR, CloseDir>;
  DirPtr open_entries() const;
  bool open_directory();
  void list();
  bool fail_at(const std::string &name);
  bool is_full_of(uid_t owner);

  std::string directory_;
  std::string error_;
  // What is to be given next; the last one first.
  std::vector<std::string> names_;
  std::set<std::string> left_;
  // Of files that are set aside, by owner; looked up when it is first needed.
  std::optional<std::map<uid_t, std::size_t>> refused_;
  int fd_ = -1;
  bool busy_ = false;
};

} // namespace smime

#endif
