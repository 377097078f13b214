#include "plugin/doveadm/scanner-program.h"

#include "plugin/doveadm/smime.h"
#include "plugin/operator/doveconf.h"
#include "plugin/operator/health-check.h"
#include "plugin/operator/subprocess.h"

#ifdef SMIME_DOVECOT_24
#include "plugin/settings/dovecot-24.h"
#endif

extern "C" {
#include "master-service.h"
}

#include <sstream>
#include <sys/stat.h>

namespace smime {
namespace {

constexpr const char *doveconf = SMIME_DOVECONF;
constexpr unsigned doveconf_seconds = 30;
constexpr unsigned scanner_seconds = 120;

// The doveadm server is given the config service's socket; Dovecot leaves a link
// to the file in base_dir.
std::string config_file() {
  std::string path = master_service_get_config_path(master_service);
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode))
    return file_behind(std::string(doveadm_settings->base_dir) + "/dovecot.conf");
  return path;
}

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::istringstream input(text);
  for (std::string part; std::getline(input, part, separator);)
    parts.push_back(part);
  return parts;
}

// The last line that it printed, for an error.
std::string last_line(const std::string &text) {
  auto lines = split(text, '\n');
  return lines.empty() ? "" : lines.back();
}

std::optional<std::string> output_of(const std::vector<std::string> &arguments,
                                     ProgramResult result, std::string &error) {
  if (result.status == 0)
    return result.output;
  error = arguments[0] + ": " + (result.status < 0 ? result.error : last_line(result.errors)) +
          (result.status > 0 ? " (exit status " + std::to_string(result.status) + ")" : "");
  return std::nullopt;
}

std::optional<std::string> output_of(const std::vector<std::string> &arguments,
                                     std::string_view input, unsigned seconds, std::string &error) {
  return output_of(arguments, run_program(arguments, input, seconds), error);
}

} // namespace

std::optional<std::string> ask_doveconf(const std::string &filter,
                                        const std::vector<std::string> &names, std::string &error) {
  return output_of(doveconf_command(doveconf, config_file(), filter, names), {}, doveconf_seconds,
                   error);
}

std::optional<std::vector<std::string>> read_dovecot_settings(const std::string &filter,
                                                              const std::vector<std::string> &names,
                                                              std::string &error) {
  std::vector<std::string> arguments{"-h"};
  arguments.insert(arguments.end(), names.begin(), names.end());
  auto output = ask_doveconf(filter, arguments, error);
  if (!output)
    return std::nullopt;
  auto values = split(*output, '\n');
  if (values.size() == names.size())
    return values;
  error = std::string(doveconf) + " does not tell " + names.front();
  return std::nullopt;
}

Settings settings_without_user() {
#ifdef SMIME_DOVECOT_24
  std::string error;
  auto values = read_settings(master_service_get_event(master_service), error);
  Settings settings = parse_settings(values.value_or(NamedValues()));
  if (!values)
    settings.errors.push_back(error);
  return settings;
#else
  // doveadm has them already; to ask doveconf would take longer than most commands.
  NamedValues values;
  if (array_is_created(&doveadm_settings->plugin_envs)) {
    unsigned count = 0;
    const char *const *envs = array_get(&doveadm_settings->plugin_envs, &count);
    for (unsigned i = 0; i + 1 < count; i += 2) {
      if (std::string_view(envs[i]).starts_with("smime_"))
        values.emplace_back(envs[i], envs[i + 1]);
    }
  }
  return parse_settings(values);
#endif
}

// A doveadm server asks once for all its commands, as it has the other settings from its start.
std::optional<std::vector<std::string>> scanner_command(std::string &error) {
  static std::vector<std::string> known;
  if (!known.empty())
    return known;
  auto executable = read_dovecot_settings("", {"service/smime-scanner/executable"}, error);
  if (!executable)
    return std::nullopt;
  known = split(executable->front(), ' ');
  if (!known.empty())
    return known;
  error = "service smime-scanner has no executable; is conf.d/90-smime.conf read?";
  return std::nullopt;
}

std::optional<std::string> run_scanner(std::vector<std::string> command,
                                       const std::vector<std::string> &arguments,
                                       std::string_view input, std::string &error) {
  command.insert(command.end(), arguments.begin(), arguments.end());
  return output_of(command, input, scanner_seconds, error);
}

std::optional<std::string> run_scanner_on(std::vector<std::string> command,
                                          const std::vector<std::string> &arguments,
                                          const std::function<std::string_view()> &next,
                                          std::string &error) {
  command.insert(command.end(), arguments.begin(), arguments.end());
  return output_of(command, run_program_on(command, next, scanner_seconds), error);
}

std::optional<std::string> run_scanner(const std::vector<std::string> &arguments,
                                       std::string_view input, std::string &error) {
  auto command = scanner_command(error);
  return command ? run_scanner(*command, arguments, input, error) : std::nullopt;
}

} // namespace smime
