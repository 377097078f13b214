// How many connections one user has at a time, over all processes of the scanner: each
// takes one of the user's places, which are locks on bytes of a file. The kernel frees a
// place with the process that has it, however that ended. Where many connections are open in
// all, a user has one, so that some users together leave room for the others.
#ifndef SMIME_CONNECTION_PLACES_H
#define SMIME_CONNECTION_PLACES_H

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace smime {

class ConnectionPlaces {
public:
  // Of one user; and of all users together, where beyond it a user has one.
  struct Bounds {
    unsigned per_user;
    unsigned in_all;
  };

  // Creates the file if it is not there. per_user is at most max_per_user. Returns null
  // with error set.
  static std::unique_ptr<ConnectionPlaces> open(const std::string &file, const Bounds &bounds,
                                                std::string &error);
  ~ConnectionPlaces();
  ConnectionPlaces(const ConnectionPlaces &) = delete;
  ConnectionPlaces &operator=(const ConnectionPlaces &) = delete;

  // One place, given back at the end of its life.
  class TakenPlace {
  public:
    ~TakenPlace();
    TakenPlace(TakenPlace &&other) noexcept;
    TakenPlace(const TakenPlace &) = delete;
    TakenPlace &operator=(const TakenPlace &) = delete;
    TakenPlace &operator=(TakenPlace &&) = delete;

  private:
    friend class ConnectionPlaces;
    TakenPlace(int fd, off_t byte) : fd_(fd), byte_(byte) {}
    int fd_;
    off_t byte_;
    // Of those of all users; -1: it is none of them.
    off_t common_byte_ = -1;
  };

  // Nullopt if all of the user's places are taken, or too many in all. The place must not
  // outlive this, and the next is taken when it is given back: a process has one connection at
  // a time.
  std::optional<TakenPlace> take(uid_t user);

  static constexpr unsigned max_per_user = 1024;

private:
  ConnectionPlaces(int fd, const Bounds &bounds) : fd_(fd), bounds_(bounds) {}
  off_t take_one(off_t first, unsigned count);
  int fd_;
  Bounds bounds_;
};

} // namespace smime

#endif
