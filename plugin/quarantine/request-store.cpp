#include "plugin/quarantine/request-store.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/quarantine/known-names.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/store/atomic-file.h"
#include "plugin/store/keywords.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace smime {
namespace {

constexpr const char *file_name = "dovecot-smime-requests";
constexpr const char *lock_name = "dovecot-smime-requests.lock";

mailbox_list *list_of(mail_user *user) { return mail_namespace_find_inbox(user->namespaces)->list; }

// Goes with the process that has it.
class BookLock {
public:
  explicit BookLock(const std::string &path)
      : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    // Others have it for as long as it takes to write a small file.
    constexpr unsigned tries = 1000;
    constexpr useconds_t pause = 10000;
    for (unsigned i = 0; fd_ >= 0 && i < tries && !held_; i++) {
      held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
      if (!held_)
        (void)usleep(pause);
    }
    if (!held_)
      error_ = path + ": " + std::strerror(errno);
  }
  ~BookLock() {
    if (fd_ >= 0)
      (void)close(fd_);
  }
  BookLock(const BookLock &) = delete;
  BookLock &operator=(const BookLock &) = delete;

  bool held() const { return held_; }
  const std::string &error() const { return error_; }

private:
  int fd_;
  bool held_ = false;
  std::string error_;
};

// Empty with error set.
std::string place_of(mail_user *user, std::string &error) {
  std::string place = place_of_names(list_of(user));
  if (place.empty())
    error = "the store of INBOX has no directory for " + std::string(file_name);
  return place;
}

std::optional<RequestBook> read_from(const std::string &place, std::string &error) {
  std::string path = place + "/" + file_name;
  if (access(path.c_str(), F_OK) < 0 && errno == ENOENT)
    return RequestBook();
  std::string text;
  if (!read_users_file(path, max_request_book, text, error))
    return std::nullopt;
  auto book = request_book_from_text(text, error);
  if (!book)
    error = path + ": " + error + " (move it away: who asked for a message is then not known)";
  return book;
}

} // namespace

std::optional<RequestBook> read_requests(mail_user *user, std::string &error) {
  std::string place = place_of(user, error);
  return place.empty() ? std::nullopt : read_from(place, error);
}

RequestBook read_requests_or_warn(mail_user *user) {
  std::string error;
  auto book = read_requests(user, error);
  if (!book)
    log_warning(user->event, "requests for held messages cannot be read: " + error);
  return book.value_or(RequestBook());
}

bool change_requests(mail_user *user, const std::function<bool(RequestBook &)> &change,
                     std::string &error) {
  std::string place = place_of(user, error);
  if (place.empty() || !make_place_of_names(list_of(user), error))
    return false;
  BookLock lock(place + "/" + lock_name);
  error = lock.error();
  auto book = lock.held() ? read_from(place, error) : std::nullopt;
  if (!book)
    return false;
  if (!change(*book))
    return true;
  drop_old_entries(*book, ioloop_time);
  std::string text = to_text(*book);
  // Nobody could read it then, nor any decision be told.
  if (text.size() > max_request_book) {
    error = place + "/" + file_name + ": it would have more than " +
            std::to_string(max_request_book) +
            " bytes, and is left as it is (doveadm smime notify takes out what was decided)";
    return false;
  }
  return write_beside_names(list_of(user), file_name, text, error);
}

std::optional<Said> request_of(mail *held, const QuarantineRecord &record,
                               const RequestBook &book) {
  // What a reviewer copied out, he has.
  if (is_marked_released(held))
    return std::nullopt;
  auto entry = book.find(record.id);
  if (entry != book.end() && entry->second.asked)
    return entry->second.asked;
  auto keywords = keywords_of(held);
  if (std::find(keywords.begin(), keywords.end(), requested_keyword) == keywords.end())
    return std::nullopt;
  return Said{recipient_of(record), 0, {}};
}

void keep_decision(mail_user *user, const QuarantineRecord &record, HeldState state,
                   const std::string &who, const std::string &why) {
  std::string error;
  auto book = read_requests(user, error);
  // Most messages that are decided on nobody asked for.
  if (book && !book->contains(record.id))
    return;
  if (book && change_requests(
                  user,
                  [&](RequestBook &now) {
                    return note_decision(now, record.id, name_of(state), {who, ioloop_time, why});
                  },
                  error))
    return;
  log_warning(user->event, "quarantine id " + record.id +
                               ": what was decided is not kept for who asked for it: " + error);
}

} // namespace smime
