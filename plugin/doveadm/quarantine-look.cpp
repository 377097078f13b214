// doveadm smime quarantine preview, inspect and download: what a held message has inside. The
// original goes to the scanner, which parses it in its sandbox, and to nobody else; the held
// message stays as it is.
#include "plugin/doveadm/quarantine.h"

#include "common/inside.h"
#include "common/write-all.h"
#include "plugin/doveadm/program-answer.h"
#include "plugin/doveadm/release.h"
#include "plugin/doveadm/root-again.h"
#include "plugin/doveadm/scanner-program.h"
#include "plugin/operator/report-change.h"
#include "plugin/operator/signature-text.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/original.h"
#include "plugin/quarantine/recipient.h"

#include <utility>

extern "C" {
#include "istream-crlf.h"
}

namespace smime {
namespace {

// What a command does with a message that the caller may do this with; false with error set.
using Look = std::function<bool(mail *, const ParsedBlock &, istream *stored, std::string &error)>;

int look_at_selected(doveadm_mail_cmd_context *context, mail_user *user, Act needed,
                     const Look &look) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  std::vector<std::string> missing;
  std::string error;
  int ret = 0;
  auto visit = [&](mail *quarantined, const ParsedBlock &block, Acts acts) {
    if (!acts.has(needed)) {
      ret = refuse(context, user, block.record.id, needed);
      return Visit::next;
    }
    std::string problem;
    istream *stored = open_checked(quarantined, block, problem);
    if (stored == nullptr || !look(quarantined, block, stored, problem))
      ret = fail(context, user, block.record.id + ": " + problem);
    return Visit::next;
  };
  if (visit_selected(context, user, visit, missing, error) == FindResult::failed)
    return fail(context, user, error);
  // Of several users one has it, and the others have nothing to say.
  if (!context->iterate_single_user)
    return ret;
  for (const std::string &id : missing) {
    log_error(user->event, id + " is " + missing_text(context, id));
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
  }
  return missing.empty() ? ret : -1;
}

std::string user_of(const mail_user *user, mail *quarantined, const QuarantineRecord &record) {
  return is_central(quarantined->box) ? recipient_of(record) : std::string(user->username);
}

// The bytes as they arrived. A storage may keep lines without CR: what had others than CR LF is
// held encoded, and so exact.
StreamPtr open_exact(istream *stored, const ParsedBlock &block) {
  StreamPtr original = open_original(stored, block);
  return block.is_encoded() ? std::move(original) : StreamPtr(i_stream_create_crlf(original.get()));
}

// --- the scanner

// What it prints for the original.
std::optional<std::string> ask_scanner(const doveadm_mail_cmd_context *context,
                                       const std::vector<std::string> &options,
                                       const ParsedBlock &block, istream *stored,
                                       std::string &error) {
  const CommandState &state = *reinterpret_cast<const QuarantineCommand *>(context)->state;
  if (state.scanner.empty()) {
    error = state.scanner_error;
    return std::nullopt;
  }
  std::vector<std::string> arguments{"--inspect"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  // Signatures are judged as of then.
  if (parse_time(block.record.time))
    arguments.insert(arguments.end(), {"--arrived", block.record.time});
  arguments.emplace_back("-");
  StreamPtr original = open_exact(stored, block);
  std::size_t given = 0;
  auto next = [&]() -> std::string_view {
    i_stream_skip(original.get(), std::exchange(given, 0));
    const unsigned char *data;
    if (i_stream_read_more(original.get(), &data, &given) <= 0)
      given = 0;
    return {reinterpret_cast<const char *>(data), given};
  };
  std::optional<std::string> output;
  {
    // The scanner reads its configuration, and becomes nobody by itself.
    RootAgain root;
    output = run_scanner_on(state.scanner, arguments, next, error);
  }
  if (output && original->stream_errno != 0) {
    error = std::string("reading the message failed: ") + i_stream_get_error(original.get());
    return std::nullopt;
  }
  return output;
}

void note_scanner(doveadm_mail_cmd_context *context) {
  CommandState &state = *quarantine_command(context)->state;
  if (auto command = scanner_command(state.scanner_error))
    state.scanner = std::move(*command);
}

void look_init(doveadm_mail_cmd_context *context, const char *const args[], const char *name) {
  require_ids(context, args);
  check_filters(quarantine_command(context));
  if (args[0] == nullptr && names_nothing(quarantine_command(context)))
    doveadm_mail_help_name(name);
}

void look_deinit(doveadm_mail_cmd_context *context) noexcept {
  (void)guarded("doveadm smime quarantine", false, [&] {
    report_nobodys(context);
    return true;
  });
  free_command(context);
}

doveadm_mail_cmd_context *alloc_look(const char *print_type, InitFunction init) {
  auto *context = alloc_quarantine_command(print_type);
  // The scanner is started by root, whom the message's user is not.
  context->service_flags = static_cast<mail_storage_service_flags>(
      context->service_flags | MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP);
  set_init(context, init);
  context->v.deinit = look_deinit;
  return context;
}

// --- preview

void preview_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  check_recipient(context);
  look_init(context, args, "smime quarantine preview");
  note_scanner(context);
  for (const char *name : {"id", "user", "headers", "parts", "report"})
    doveadm_print_header_simple(name);
}

// For people one word says what became of a part: that it was read or opened, or why not.
void name_reasons(Inside &inside) {
  for (InsidePart &part : inside.parts) {
    if (part.state == "named" || part.state == "cut")
      part.state = part.by;
  }
}

bool preview(doveadm_mail_cmd_context *context, mail_user *user, mail *quarantined,
             const ParsedBlock &block, istream *stored, std::string &error) {
  // What the escrow key opens is for the virus scanner, and not for who reviews or receives.
  std::vector<std::string> options{"--parts", "--text", "--no-escrow"};
  if (quarantine_command(context)->html)
    options.emplace_back("--html");
  auto output = ask_scanner(context, options, block, stored, error);
  auto inside = output ? inside_from_json(*output, error) : std::nullopt;
  auto report = inside ? report_from_json(*output, error) : std::nullopt;
  if (!report)
    return false;
  report->file.clear();
  name_reasons(*inside);
  tell_of_look(context, user, block.record, "previewed");
  print(block.record.id);
  print(user_of(user, quarantined, block.record));
  print(headers_to_json(*inside));
  print(parts_to_json(*inside));
  print(to_json(*report));
  return true;
}

int preview_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return look_at_selected(
      context, user, Act::preview,
      [&](mail *quarantined, const ParsedBlock &block, istream *stored, std::string &error) {
        return preview(context, user, quarantined, block, stored, error);
      });
}

bool preview_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  if (c != 'm')
    return parse_filter(context, c);
  quarantine_command(context)->html = true;
  return true;
}

doveadm_mail_cmd_context *alloc_preview() {
  auto *context = alloc_look(DOVEADM_PRINT_TYPE_PAGER, preview_init);
  set_options(context, SMIME_FILTER_OPTIONS SMIME_RECIPIENT_OPTION "m", preview_parse_arg);
  context->v.run = run_guarded<preview_run>;
  return context;
}

// --- inspect

void inspect_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  look_init(context, args, "smime quarantine inspect");
  note_scanner(context);
  for (const char *name :
       {"id", "user", "class", "class_before", "signature", "signature_before", "scan",
        "scan_before", "uninspectable", "uninspectable_before", "changes", "report"})
    doveadm_print_header_simple(name);
}

void print_both(const std::string &now, const std::string &before) {
  print(now);
  print(before);
}

bool inspect(doveadm_mail_cmd_context *context, mail_user *user, mail *quarantined,
             const ParsedBlock &block, istream *stored, std::string &error) {
  auto output = ask_scanner(context, {}, block, stored, error);
  auto now = output ? report_from_json(*output, error) : std::nullopt;
  if (!now)
    return false;
  now->file.clear();
  auto before = report_of(block.record);
  tell_of_look(context, user, block.record, "inspected");
  print(block.record.id);
  print(user_of(user, quarantined, block.record));
  print_both(join_class_names(now->classes), class_names_of(before));
  print_both(std::string(name_of(now->signature)),
             before ? std::string(name_of(before->signature)) : "");
  print_both(std::string(name_of(now->scan)), before ? std::string(name_of(before->scan)) : "");
  print_both(uninspectable_text(*now), before ? uninspectable_text(*before) : "");
  print(before ? changes_text(*before, *now) : "");
  print(to_json(*now));
  return true;
}

int inspect_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return look_at_selected(
      context, user, Act::show,
      [&](mail *quarantined, const ParsedBlock &block, istream *stored, std::string &error) {
        return inspect(context, user, quarantined, block, stored, error);
      });
}

doveadm_mail_cmd_context *alloc_inspect() {
  auto *context = alloc_look(DOVEADM_PRINT_TYPE_PAGER, inspect_init);
  context->v.run = run_guarded<inspect_run>;
  return context;
}

// --- download

bool is_at_shell(const doveadm_mail_cmd_context *context) {
  return context->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI;
}

void download_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  look_init(context, args, "smime quarantine download");
  if (args[0] == nullptr || args[1] != nullptr)
    die(EX_USAGE, std::string(context->cmd->name) + ": give the id of one message, whose bytes are "
                                                    "written to standard output as they are");
  if (is_at_shell(context) && doveadm_print_is_initialized())
    die(EX_USAGE,
        std::string(context->cmd->name) + ": a message's bytes have no format: leave out -f");
  if (sends_bytes())
    doveadm_print_header_simple("message");
}

// Where the bytes go. False with error set if not all of them went there.
bool write_piece(const unsigned char *data, std::size_t size, std::string &error) {
  if (sends_bytes()) {
    doveadm_print_stream(data, size);
    return true;
  }
  if (write_all(STDOUT_FILENO, {reinterpret_cast<const char *>(data), size}))
    return true;
  error = std::string("writing the message failed, what was written is not whole: ") +
          std::strerror(errno);
  return false;
}

// Every byte of it was read for the digest before.
bool write_original(istream *stored, const ParsedBlock &block, std::string &error) {
  StreamPtr original = open_exact(stored, block);
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(original.get(), &data, &size) > 0) {
    if (!write_piece(data, size, error))
      return false;
    i_stream_skip(original.get(), size);
  }
  if (sends_bytes())
    doveadm_print_stream("", 0);
  if (original->stream_errno == 0)
    return true;
  error = std::string("reading the message failed, what was written is not whole: ") +
          i_stream_get_error(original.get());
  return false;
}

int download_run(doveadm_mail_cmd_context *context, mail_user *user) {
  if (!is_at_shell(context) && !sends_bytes()) {
    log_error(user->event, std::string(context->cmd->name) +
                               ": the bytes of a message go to the standard output of doveadm "
                               "itself, not over a connection");
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTPOSSIBLE);
    return -1;
  }
  std::size_t &count = quarantine_command(context)->state->count;
  return look_at_selected(
      context, user, Act::download,
      [&](mail *, const ParsedBlock &block, istream *stored, std::string &error) {
        // One behind the other they would be one message.
        if (count++ > 0) {
          error = "several users have a message with this id: name one with -u";
          return false;
        }
        tell_of_look(context, user, block.record, "downloaded");
        return write_original(stored, block, error);
      });
}

doveadm_mail_cmd_context *alloc_download() {
  auto *context = alloc_look(nullptr, download_init);
  context->v.run = run_guarded<download_run>;
  return context;
}

const auto ids = positional("id", CMD_PARAM_ARRAY);
const auto preview_parameters =
    filter_parameters(parameter('m', "html", CMD_PARAM_BOOL), recipient_parameter(), ids);
const auto look_parameters = filter_parameters(ids);

} // namespace

doveadm_cmd_ver2 command_quarantine_preview = {quarantine_command_or_register,
                                               alloc_preview,
                                               "smime quarantine preview",
                                               "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS
                                               "[--html] [--recipient] [<id> ...]",
                                               CMD_FLAG_NONE,
                                               preview_parameters.data()};
doveadm_cmd_ver2 command_quarantine_inspect = {quarantine_command_or_register,
                                               alloc_inspect,
                                               "smime quarantine inspect",
                                               "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS
                                               "[<id> ...]",
                                               CMD_FLAG_NONE,
                                               look_parameters.data()};
doveadm_cmd_ver2 command_quarantine_download = {quarantine_command_or_register,
                                                alloc_download,
                                                "smime quarantine download",
                                                "[-u <user>] [-S <socket_path>] " SMIME_FILTERS
                                                "<id>",
                                                CMD_FLAG_NONE,
                                                look_parameters.data()};

} // namespace smime
