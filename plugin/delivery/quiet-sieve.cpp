#include "plugin/delivery/quiet-sieve.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"

#include <string>
#include <string_view>

extern "C" {
#include "lib-event-private.h"
}

namespace smime {
namespace {

event *refused_delivery = nullptr;

// Of its own or of an event above it: Pigeonhole's categories are sieve and those below.
bool is_of_sieve(const event *e) {
  for (; e != nullptr; e = e->parent) {
    if (!array_is_created(&e->categories))
      continue;
    unsigned count;
    event_category *const *categories = array_get(&e->categories, &count);
    for (unsigned i = 0; i < count; i++) {
      if (std::string_view(categories[i]->name).starts_with("sieve"))
        return true;
    }
  }
  return false;
}

// False: the line is not logged.
bool event_seen(event *e, event_callback_type type, failure_context *context, const char *format,
                va_list arguments) noexcept {
  if (type != EVENT_CALLBACK_TYPE_SEND || context->type != LOG_TYPE_ERROR || !is_of_sieve(e))
    return true;
  va_list copy;
  va_copy(copy, arguments);
  bool told = guarded("keeping Sieve quiet", false, [&] {
    DataStackFrame frame;
    log_debug(refused_delivery, std::string("a rule refuses the message; of Sieve: ") +
                                    t_strdup_vprintf(format, copy));
    return true;
  });
  va_end(copy);
  return !told;
}

} // namespace

QuietSieve::QuietSieve(event *delivery) {
  refused_delivery = delivery;
  event_register_callback(event_seen);
}

QuietSieve::~QuietSieve() { event_unregister_callback(event_seen); }

} // namespace smime
