// Dovecot's HTTP server, and what differs of it between 2.3 and 2.4.
#ifndef SMIME_DESK_HTTP_COMPAT_H
#define SMIME_DESK_HTTP_COMPAT_H

#include "plugin/dovecot/ptr.h"

#include <string>

extern "C" {
#include "http-request.h"
#include "http-server.h"
#include "master-interface.h"
#include "master-service-settings.h"
#include "master-service.h"
}

namespace smime::desk {

struct HttpBounds {
  unsigned idle_milliseconds;
  uoff_t target;
  uoff_t payload;
  uoff_t header;
  uoff_t header_field;
  unsigned header_fields;
};

#ifdef SMIME_DOVECOT_24

inline http_server *new_http_server(const HttpBounds &bounds) {
  static http_server_settings settings;
  http_server_settings_init(pool_alloconly_create("desk http settings", 256), &settings);
  settings.max_client_idle_time_msecs = bounds.idle_milliseconds;
  settings.max_pipelined_requests = 1;
  settings.request_max_target_length = bounds.target;
  settings.request_max_payload_size = bounds.payload;
  settings.request_hdr_max_size = bounds.header;
  settings.request_hdr_max_field_size = bounds.header_field;
  settings.request_hdr_max_fields = bounds.header_fields;
  settings.default_host = "localhost";
  return http_server_init(&settings, master_service_get_event(master_service));
}

inline int read_settings(const char **error) {
  return master_service_settings_read_simple(master_service, error);
}

inline std::string base_directory() {
  return master_service_get_service_settings(master_service)->base_dir;
}

#else

inline http_server *new_http_server(const HttpBounds &bounds) {
  http_server_settings settings{};
  settings.default_host = "localhost";
  settings.max_client_idle_time_msecs = bounds.idle_milliseconds;
  settings.max_pipelined_requests = 1;
  settings.request_limits.max_target_length = bounds.target;
  settings.request_limits.max_payload_size = bounds.payload;
  settings.request_limits.header.max_size = bounds.header;
  settings.request_limits.header.max_field_size = bounds.header_field;
  settings.request_limits.header.max_fields = bounds.header_fields;
  return http_server_init(&settings);
}

inline int read_settings(const char **error) {
  return master_service_settings_read_simple(master_service, nullptr, error);
}

inline std::string base_directory() {
  return master_service_settings_get(master_service)->base_dir;
}

#endif

} // namespace smime::desk

#endif
