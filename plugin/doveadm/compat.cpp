#include "plugin/doveadm/compat.h"

#include <map>

extern "C" {
#include "settings-parser.h"
}

namespace smime {

#ifdef SMIME_DOVECOT_24

namespace {

// What the command said of a context.
struct Adapter {
  const char *letters = "";
  OptionFunction take = nullptr;
  InitFunction init = nullptr;
  const char *const *arguments = nullptr;
};

void init_adapted(doveadm_mail_cmd_context *context) noexcept;

// By context: doveadm's module contexts are not there yet when a command is
// allocated. A new context, at whatever address, is told by its empty v.init.
Adapter &adapter_of(doveadm_mail_cmd_context *context) {
  static std::map<const doveadm_mail_cmd_context *, Adapter> adapters;
  Adapter &adapter = adapters[context];
  if (context->v.init != init_adapted) {
    adapter = Adapter();
    context->v.init = init_adapted;
  }
  return adapter;
}

void take_option(doveadm_mail_cmd_context *context, const Adapter &adapter,
                 const doveadm_cmd_param &parameter) {
  bool is_flag = parameter.type == CMD_PARAM_BOOL;
  if (is_flag && !parameter.value.v_bool)
    return;
  optarg = is_flag ? nullptr : const_cast<char *>(parameter.value.v_string);
  (void)adapter.take(context, parameter.short_opt);
}

const char *const *positional_arguments(doveadm_mail_cmd_context *context,
                                        const doveadm_cmd_param &parameter) {
  const char *const *list = nullptr;
  if (parameter.type == CMD_PARAM_ARRAY) {
    (void)doveadm_cmd_param_array(context->cctx, parameter.name, &list);
    return list;
  }
  const char **single = p_new(context->pool, const char *, 2);
  single[0] = parameter.value.v_string;
  return single;
}

void init_adapted(doveadm_mail_cmd_context *context) noexcept {
  Adapter &adapter = adapter_of(context);
  adapter.arguments = p_new(context->pool, const char *, 1);
  for (int i = 0; i < context->cctx->argc; i++) {
    const doveadm_cmd_param &parameter = context->cctx->argv[i];
    if (!parameter.value_set)
      continue;
    if ((parameter.flags & CMD_PARAM_FLAG_POSITIONAL) != 0)
      adapter.arguments = positional_arguments(context, parameter);
    else if (adapter.take != nullptr && parameter.short_opt != '\0' &&
             strchr(adapter.letters, parameter.short_opt) != nullptr)
      take_option(context, adapter, parameter);
  }
  adapter.init(context, adapter.arguments);
}

} // namespace

void set_options(doveadm_mail_cmd_context *context, const char *letters, OptionFunction take) {
  Adapter &adapter = adapter_of(context);
  adapter.letters = letters;
  adapter.take = take;
}

void set_init(doveadm_mail_cmd_context *context, InitFunction init) {
  adapter_of(context).init = init;
}

const char *const *arguments_of(doveadm_mail_cmd_context *context) {
  return adapter_of(context).arguments;
}

int parse_interval(const char *text, unsigned *seconds_r, const char **error_r) {
  return str_parse_get_interval(text, seconds_r, error_r);
}

program_client *create_program(event *parent, const char *path, const char *const *arguments) {
  program_client_parameters parameters{};
  return program_client_local_create(parent, path, arguments, &parameters);
}

#else

void set_options(doveadm_mail_cmd_context *context, const char *letters, OptionFunction take) {
  context->getopt_args = letters;
  context->v.parse_arg = take;
}

void set_init(doveadm_mail_cmd_context *context, InitFunction init) { context->v.init = init; }

const char *const *arguments_of(doveadm_mail_cmd_context *context) { return context->args; }

int parse_interval(const char *text, unsigned *seconds_r, const char **error_r) {
  return settings_get_time(text, seconds_r, error_r);
}

program_client *create_program(event *parent, const char *path, const char *const *arguments) {
  program_client_settings settings{};
  restrict_access_init(&settings.restrict_set);
  settings.allow_root = TRUE;
  settings.event = parent;
  return program_client_local_create(path, arguments, &settings);
}

#endif

} // namespace smime
