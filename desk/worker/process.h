// Commands that run beside the event loop: fork and exec without a shell, several at a time, each
// with a bound on time and output; what waits is taken from each session in turn, so that one who
// asks for much keeps nobody waiting.
#ifndef SMIME_DESK_PROCESS_H
#define SMIME_DESK_PROCESS_H

#include "desk/worker/commands.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/operator/subprocess.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

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

class RunningProgram;

class Runner {
public:
  static constexpr std::size_t max_running = 8;
  static constexpr std::size_t max_waiting_of_session = 32;
  static constexpr std::size_t max_waiting = 512;
  static constexpr std::size_t max_output = 64UL * 1024 * 1024;

  // doveadm: what each command begins with.
  explicit Runner(std::vector<std::string> doveadm);
  ~Runner();
  Runner(const Runner &) = delete;
  Runner &operator=(const Runner &) = delete;

  // False if too much waits already: nothing was done, and nothing is called.
  bool run(const std::string &session, Job job);

  // For the programs.
  void ended(RunningProgram *program);

private:
  void start_next();
  bool take_next(Job &job);

  std::vector<std::string> doveadm_;
  std::list<std::unique_ptr<RunningProgram>> running_;
  // Sessions in the order of their turn.
  std::deque<std::string> turns_;
  std::map<std::string, std::deque<Job>> waiting_;
  std::size_t waiting_count_ = 0;
};

} // namespace smime::desk

#endif
