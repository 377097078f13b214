// Commands that run beside the event loop, in doveadm servers of Dovecot's: several at a time, each
// with a bound on time and output; what waits is taken from each session in turn, so that one who
// asks for much keeps nobody waiting. A server and its connection are used again for a while, since
// to start one takes longer than most commands; and what a command has in its options is seen by
// nobody, while every local user sees the arguments of a program.
#ifndef SMIME_DESK_RUNNER_H
#define SMIME_DESK_RUNNER_H

#include "desk/worker/commands.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/operator/subprocess.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace smime::desk {

struct Job {
  Command command;
  unsigned seconds = 0;
  // Called once, from the event loop.
  std::function<void(const ProgramResult &)> done;
  // Takes output as it comes, if set; it is not in the result then.
  std::function<void(std::string_view)> stream;
  // With stream: whether there is no room for more now, and whether nobody wants it any more.
  std::function<bool()> is_full;
  std::function<bool()> is_unwanted;
};

class RunningCommand;

// A connection to a doveadm server.
class ServerConnection {
public:
  explicit ServerConnection(int fd);
  ~ServerConnection();
  ServerConnection(const ServerConnection &) = delete;
  ServerConnection &operator=(const ServerConnection &) = delete;

  int fd() const { return fd_; }
  // Whether it has had a command: the server greets before the first one.
  bool was_used = false;
  // What the server has from its start is older than the operator's last reload may be.
  bool is_old() const;
  // Nothing comes while no command runs: the server ended, or is out of step.
  bool is_silent() const;

private:
  int fd_;
  std::int64_t since_;
};
using ServerConnectionPtr = std::unique_ptr<ServerConnection>;

class Runner {
public:
  static constexpr std::size_t max_running = 8;
  // A download may last as long as who reads it likes.
  static constexpr std::size_t max_running_of_session = 4;
  static constexpr std::size_t max_waiting_of_session = 32;
  static constexpr std::size_t max_waiting = 512;
  static constexpr std::size_t max_output = 64UL * 1024 * 1024;

  // socket: a doveadm server's, for root alone.
  explicit Runner(std::string socket);
  ~Runner();
  Runner(const Runner &) = delete;
  Runner &operator=(const Runner &) = delete;

  // False if too much waits already: nothing was done, and nothing is called.
  bool run(const std::string &session, Job job);
  // Servers that nobody needs end.
  void close_old();

  // For the commands. Null with error set if there is no server.
  ServerConnectionPtr take_connection(std::string &error);
  void give_back(ServerConnectionPtr connection);
  void ended(RunningCommand *command);

private:
  void start_next();
  bool take_next(std::string &session, Job &job);

  std::string socket_;
  std::list<std::unique_ptr<RunningCommand>> running_;
  std::deque<ServerConnectionPtr> idle_;
  std::map<std::string, std::size_t> running_of_;
  // Sessions in the order of their turn.
  std::deque<std::string> turns_;
  std::map<std::string, std::deque<Job>> waiting_;
  std::size_t waiting_count_ = 0;
};

} // namespace smime::desk

#endif
