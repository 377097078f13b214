#include "plugin/doveadm/program-answer.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"

#include <algorithm>
#include <cstdarg>
#include <deque>
#include <linux/close_range.h>
#include <string>
#include <string_view>
#include <sysexits.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern "C" {
#include "buffer.h"
#include "ostream.h"
#include "str.h"
#include "strescape.h"
}

namespace smime {
namespace {

constexpr const char *option_name = "answer";
constexpr std::size_t max_errors = 64UL * 1024;

struct Registered {
  const doveadm_cmd_ver2 *command;
  std::vector<doveadm_cmd_param> parameters;
};

// doveadm keeps pointers into it.
std::deque<Registered> &registered() {
  static std::deque<Registered> all;
  return all;
}

// The answer that is being made, of this process's only command.
class Answer;
Answer *current = nullptr;

extern "C" void note_error(const failure_context *context, const char *format,
                           va_list arguments) noexcept;
extern "C" void end_with_error(const failure_context *context, const char *format,
                               va_list arguments) noexcept;

class Answer {
public:
  explicit Answer(bool bytes) : bytes_(bytes), output_(doveadm_print_ostream) {
    failure_callback_t *info = nullptr;
    failure_callback_t *debug = nullptr;
    i_get_failure_handlers(&log_fatal_, &log_error_, &info, &debug);
    i_set_error_handler(note_error);
    i_set_fatal_handler(end_with_error);
    current = this;
    if (bytes_)
      return;
    printed_ = buffer_create_dynamic(default_pool, 1024);
    doveadm_print_deinit();
    doveadm_print_ostream = o_stream_create_buffer(printed_);
    doveadm_print_init(DOVEADM_PRINT_TYPE_JSON);
  }
  ~Answer() {
    send(doveadm_exit_code);
    current = nullptr;
    i_set_error_handler(log_error_);
    i_set_fatal_handler(log_fatal_);
    if (!bytes_)
      buffer_free(&printed_);
  }
  Answer(const Answer &) = delete;
  Answer &operator=(const Answer &) = delete;

  bool sends_bytes() const { return bytes_; }

  void note(const char *level, const char *format, va_list arguments) {
    DataStackFrame frame;
    if (errors_.size() > max_errors)
      return;
    errors_ += std::string(level) + t_strdup_vprintf(format, arguments) + "\n";
  }

  // Once.
  void send(int status) {
    if (std::exchange(is_sent_, true))
      return;
    DataStackFrame frame;
    doveadm_print_deinit();
    if (!bytes_) {
      o_stream_destroy(&doveadm_print_ostream);
      doveadm_print_ostream = output_;
    }
    string_t *line = t_str_new(1024);
    if (!bytes_)
      str_append_tabescaped_n(line, static_cast<const unsigned char *>(printed_->data),
                              printed_->used);
    str_append(line, ("\n" + std::to_string(status) + "\t").c_str());
    str_append_tabescaped_n(line, reinterpret_cast<const unsigned char *>(errors_.data()),
                            errors_.size());
    str_append_c(line, '\n');
    o_stream_nsend(output_, str_data(line), str_len(line));
    // Which it has no word for, it would log as a mistake of ours.
    doveadm_exit_code = 0;
  }

  void log(const failure_context *context, const char *format, va_list arguments) const {
    log_error_(context, format, arguments);
  }

  // The process ends.
  [[noreturn]] void end(const failure_context *context, const char *format, va_list arguments) {
    send(context->exit_status != 0 ? context->exit_status : EX_TEMPFAIL);
    o_stream_uncork(output_);
    (void)o_stream_flush(output_);
    log_fatal_(context, format, arguments);
    abort();
  }

private:
  bool bytes_;
  bool is_sent_ = false;
  ostream *output_;
  buffer_t *printed_ = nullptr;
  std::string errors_;
  failure_callback_t *log_fatal_ = nullptr;
  failure_callback_t *log_error_ = nullptr;
};

void note_error(const failure_context *context, const char *format, va_list arguments) noexcept {
  va_list again;
  va_copy(again, arguments);
  if (context->type == LOG_TYPE_ERROR || context->type == LOG_TYPE_WARNING) {
    (void)guarded("an answer", false, [&] {
      current->note(context->type == LOG_TYPE_ERROR ? "Error: " : "Warning: ", format, again);
      return true;
    });
  }
  va_end(again);
  current->log(context, format, arguments);
}

void end_with_error(const failure_context *context, const char *format,
                    va_list arguments) noexcept {
  va_list again;
  va_copy(again, arguments);
  // What fails in here is not to come here again.
  current->note("Fatal: ", format, again);
  va_end(again);
  current->end(context, format, arguments);
}

// A doveadm server is still the mail user of the command before. A command begins as in a server
// that has just started, which may read the files that the settings name.
void begin_as_root() {
  if (getuid() != 0)
    return;
  if (geteuid() != 0 && seteuid(0) < 0)
    i_fatal("seteuid(0) failed: %m");
  if (setegid(getgid()) < 0)
    i_fatal("setegid(%ld) failed: %m", static_cast<long>(getgid()));
}

// The user whom the command before was for stands in the lines of the next one, if his mail could
// not be opened.
void begin_with_own_prefix() {
  static const std::string first = i_get_failure_prefix();
  i_set_failure_prefix("%s", first.c_str());
}

// Programs that a command starts, and those of their Sieve scripts, are not to read what a server
// is asked, nor to answer for it.
void keep_descriptors() { (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC); }

void run_as_it_is(const doveadm_cmd_ver2 &command, doveadm_cmd_context *context) {
  if (context->conn_type != DOVEADM_CONNECTION_TYPE_CLI) {
    begin_as_root();
    begin_with_own_prefix();
    keep_descriptors();
  }
  if (command.cmd != nullptr)
    command.cmd(context);
  else
    doveadm_cmd_ver2_to_mail_cmd_wrapper(context);
}

bool is_answer_kind(std::string_view kind) { return kind == "json" || kind == "bytes"; }

void run_for_program(const doveadm_cmd_ver2 &command, doveadm_cmd_context *context,
                     const char *kind) {
  if (kind == nullptr || !is_answer_kind(kind) ||
      context->conn_type != DOVEADM_CONNECTION_TYPE_TCP) {
    log_error(std::string(command.name) +
              ": --answer is json or bytes, for who asks over doveadm's own protocol");
    doveadm_exit_code = EX_USAGE;
    return;
  }
  Answer answer(std::string_view(kind) == "bytes");
  run_as_it_is(command, context);
}

// The command does not see the option, which mail commands of Dovecot's would not know.
void run_registered(doveadm_cmd_context *context) noexcept {
  (void)guarded(context->cmd->name, false, [&] {
    const auto &all = registered();
    auto found = std::find_if(all.begin(), all.end(), [&](const Registered &known) {
      return std::string_view(known.command->name) == context->cmd->name;
    });
    std::vector<doveadm_cmd_param> given(context->argv, context->argv + context->argc);
    bool for_program = false;
    const char *kind = nullptr;
    for (doveadm_cmd_param &parameter : given) {
      if (std::string_view(parameter.name) != option_name || !parameter.value_set)
        continue;
      for_program = true;
      kind = parameter.value.v_string;
      parameter.value_set = FALSE;
    }
    const doveadm_cmd_param *before = std::exchange(context->argv, given.data());
    if (for_program)
      run_for_program(*found->command, context, kind);
    else
      run_as_it_is(*found->command, context);
    context->argv = before;
    return true;
  });
}

} // namespace

void register_command(const doveadm_cmd_ver2 &command) {
  auto &added = registered().emplace_back(Registered{&command, {}});
  const doveadm_cmd_param *each = command.parameters;
  for (; each->name != nullptr; each++)
    added.parameters.push_back(*each);
  doveadm_cmd_param option{};
  option.name = option_name;
#ifdef SMIME_DOVECOT_24
  option.key = option_name;
#endif
  option.type = CMD_PARAM_STR;
  // Positional ones come last.
  auto positional = std::find_if(added.parameters.begin(), added.parameters.end(),
                                 [](const doveadm_cmd_param &known) {
                                   return (known.flags & CMD_PARAM_FLAG_POSITIONAL) != 0;
                                 });
  added.parameters.insert(positional, option);
  added.parameters.emplace_back();
  doveadm_cmd_ver2 with_option = command;
  with_option.cmd = run_registered;
  with_option.parameters = added.parameters.data();
  doveadm_cmd_register_ver2(&with_option);
}

bool answers_program() { return current != nullptr; }

bool sends_bytes() { return current != nullptr && current->sends_bytes(); }

} // namespace smime
