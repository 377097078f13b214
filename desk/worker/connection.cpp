#include "desk/worker/connection.h"

#include "common/safe-text.h"

#include <array>
#include <cerrno>
#include <list>
#include <unistd.h>

extern "C" {
#include "fd-util.h"
#include "master-interface.h"
#include "master-service.h"
}

namespace smime::desk {
namespace {

constexpr std::size_t read_size = 64UL * 1024;
// A download waits when so much was not taken yet; what goes beyond the other ends the connection,
// since nobody reads it.
constexpr std::size_t full_size = 4UL * 1024 * 1024;
constexpr std::size_t max_unread = 256UL * 1024 * 1024;

std::list<std::shared_ptr<Connection>> &connections() {
  static std::list<std::shared_ptr<Connection>> known;
  return known;
}

extern "C" void connection_readable(void *context) noexcept {
  (void)guarded("a request of the desk", false, [&] {
    static_cast<Connection *>(context)->read_requests();
    return true;
  });
}

extern "C" int connection_flushed(void *context) noexcept {
  return guarded("an answer to the desk", -1,
                 [&] { return static_cast<Connection *>(context)->flush(); });
}

} // namespace

void Connection::begin(Desk &desk, int fd) {
  auto connection = std::make_shared<Connection>(desk, fd);
  connections().push_back(connection);
}

void Connection::end_all() {
  while (!connections().empty())
    connections().front()->end(nullptr);
}

Connection::Connection(Desk &desk, int fd) : desk_(desk), fd_(fd) {
  net_set_nonblock(fd, true);
  fd_close_on_exec(fd, true);
  output_.reset(o_stream_create_fd(fd, static_cast<size_t>(-1)));
  o_stream_set_no_error_handling(output_.get(), true);
  o_stream_set_flush_callback(output_.get(), connection_flushed, this);
  io_ = (io_add)(fd, IO_READ, __FILE__, __LINE__, connection_readable, this);
}

Connection::~Connection() = default;

// Last in whoever calls it: others may hold it for longer, or nobody does.
void Connection::end(const char *why) {
  if (fd_ < 0)
    return;
  if (why != nullptr)
    i_error("smime: desk: the connection of smime-desk ends: %s", log_text(why).c_str());
  io_remove(&io_);
  output_.reset();
  (void)close(fd_);
  fd_ = -1;
  master_service_client_connection_destroyed(master_service);
  connections().remove_if([this](const auto &known) { return known.get() == this; });
}

void Connection::read_requests() {
  auto self = shared_from_this();
  std::array<char, read_size> buffer;
  ssize_t size = read(fd_, buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (size <= 0) {
    end(nullptr);
    return;
  }
  reader_.add({buffer.data(), static_cast<std::size_t>(size)});
  while (auto json = reader_.next()) {
    if (!take_frame(*json))
      return;
  }
  if (reader_.is_broken())
    end("it sent a frame that is empty or too long");
}

// What is no request comes from no program of ours: a web process that was taken over sends it.
bool Connection::take_frame(const std::string &json) {
  ReadRequest read = read_request(json);
  if (read.request) {
    desk_.take(shared_from_this(), *read.request);
    return fd_ >= 0;
  }
  i_warning("smime: desk: a request of smime-desk was refused: %s", log_text(read.error).c_str());
  send({read.id, false, Failure{ErrorCode::invalid, read.error}});
  return fd_ >= 0;
}

void Connection::send(const Answer &answer) {
  if (fd_ < 0)
    return;
  std::string json = write_answer(answer);
  if (json.size() > max_answer_frame)
    json = write_answer(
        {answer.id, false, Failure{ErrorCode::too_large, "The answer is too large to be shown."}});
  std::string frame = frame_of(json);
  o_stream_nsend(output_.get(), frame.data(), frame.size());
  if (o_stream_get_buffer_used_size(output_.get()) > max_unread)
    end("it does not read its answers");
}

int Connection::flush() {
  auto self = shared_from_this();
  int ret = o_stream_flush(output_.get());
  if (ret < 0)
    io_set_pending(io_);
  return ret;
}

bool Connection::is_full() const {
  return fd_ >= 0 && o_stream_get_buffer_used_size(output_.get()) > full_size;
}

} // namespace smime::desk
