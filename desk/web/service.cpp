#include "desk/web/service.h"

#include "common/safe-text.h"
#include "desk/web/headers.h"
#include "desk/web/http-compat.h"
#include "desk/web/proxy.h"
#include "desk/web/seats.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <sys/random.h>
#include <vector>

namespace smime::desk {
namespace {

// A request has to be here, whole, within this time, and so has the next one.
constexpr std::int64_t patience_seconds = 30;
constexpr unsigned clock_milliseconds = 1000;
// Connections in all, and of one address.
constexpr std::size_t most_connections = 1000;
constexpr std::size_t most_of_one_address = 100;
// Fewer than the service may have clients, so that the master process never stops to accept.
constexpr std::size_t spare_connections = 8;
// Originals that are on their way to browsers, in all, in bytes.
constexpr std::size_t most_download = 128UL * 1024 * 1024;
// Between the worker's end and ours: the last answers go out.
constexpr unsigned farewell_milliseconds = 500;
constexpr HttpBounds bounds{
    patience_seconds * 1000, 8UL * 1024, max_body, 32UL * 1024, 8UL * 1024, 64};

struct Exchange;

struct Connection {
  Service *service = nullptr;
  std::uint64_t number = 0;
  Origin peer;
  bool loopback = false;
  http_server_connection *http = nullptr;
};

// One request of a browser.
struct Exchange {
  std::uint64_t number = 0;
  Connection *connection = nullptr;
  http_server_request *request = nullptr;
  // Of a POST, as long as the library calls body_came().
  istream *payload = nullptr;
  HttpRequest http;
  Answers answers;
  // Numbers of requests to the worker that have no answer yet.
  std::vector<std::uint64_t> asked;
  HttpReply reply;
  // Of a download.
  std::string data;
};

std::string nonce() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    i_fatal("getrandom() failed: %m");
  std::string text;
  for (unsigned char byte : bytes) {
    text += digits[byte / 16];
    text += digits[byte % 16];
  }
  return text;
}

struct FieldOfRequest {
  const char *name;
  std::string HttpRequest::*member;
};
constexpr std::array<FieldOfRequest, 8> request_fields{
    {{"Host", &HttpRequest::host},
     {"Cookie", &HttpRequest::cookie},
     {"Authorization", &HttpRequest::authorization},
     {"Content-Type", &HttpRequest::content_type},
     {"Accept-Language", &HttpRequest::accept_language},
     {"Origin", &HttpRequest::origin},
     {"Sec-Fetch-Site", &HttpRequest::fetch_site},
     {"X-CSRF-Token", &HttpRequest::csrf_token}}};

// All values of a header field, joined by commas as RFC 9110 section 5.2 has it.
std::string header_of(const http_request *request, const char *name) {
  std::string result;
  const auto *fields = http_request_header_get_fields(request);
  if (fields == nullptr)
    return result;
  unsigned count;
  const http_header_field *field = array_get(fields, &count);
  for (unsigned i = 0; i < count; i++) {
    if (strcasecmp(field[i].name, name) == 0)
      result += (result.empty() ? "" : ", ") + std::string(field[i].value, field[i].size);
  }
  return result;
}

HttpRequest read_head(const http_request *request, const Connection &connection,
                      const DeskConfig &config) {
  HttpRequest http;
  http.method = request->method;
  std::string_view target = request->target_raw;
  std::size_t mark = target.find('?');
  http.path = target.substr(0, mark);
  http.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  for (const auto &[name, member] : request_fields)
    http.*member = header_of(request, name);
  Origin origin = origin_of(config, connection.peer, header_of(request, "X-Forwarded-For"),
                            header_of(request, "X-Forwarded-Proto"));
  http.ip = origin.ip;
  http.secure = origin.secure;
  http.loopback = connection.loopback;
  http.now = time(nullptr);
  http.nonce = nonce();
  return http;
}

} // namespace

struct Service::State {
  State(Service &service, Desk desk, std::unique_ptr<WorkerLink> worker, std::size_t most)
      : service(service), desk(std::move(desk)), worker(std::move(worker)),
        seats(most, std::min(most_of_one_address, most)) {}

  Service &service;
  Desk desk;
  std::unique_ptr<WorkerLink> worker;
  http_server *server = nullptr;
  timeout *clock = nullptr;
  timeout *farewell = nullptr;
  Seats seats;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections;
  std::map<std::uint64_t, std::unique_ptr<Exchange>> exchanges;
  std::uint64_t last_number = 0;
  std::size_t downloading = 0;

  void close_connection(std::uint64_t number, const char *why);
  bool make_room(const std::string &address);
  void begin(Connection &connection, http_server_request *request);
  void await_body(Exchange &exchange);
  void read_body(Exchange &exchange);
  void go_on(Exchange &exchange);
  void take(std::uint64_t number, const std::string &name, AnswerBody body, bool more);
  void take_piece(Exchange &exchange, const std::string &name, const std::string &piece, bool more);
  void ask(Exchange &exchange, const Ask &question);
  void submit(Exchange &exchange, HttpReply reply);
  void drop(std::uint64_t number);
  void end_late();
};

namespace {

// Of this process.
Service::State *the_state = nullptr;

extern "C" void request_came(void *context, http_server_request *request) noexcept {
  (void)guarded("a request", false, [&] {
    the_state->begin(*static_cast<Connection *>(context), request);
    return true;
  });
}

// More of a body is here, or its end.
extern "C" void body_came(void *context) noexcept {
  auto *exchange = static_cast<Exchange *>(context);
  (void)guarded("a request's body", false, [&] {
    the_state->read_body(*exchange);
    return true;
  });
}

extern "C" void request_destroyed(void *context) noexcept {
  auto *exchange = static_cast<Exchange *>(context);
  the_state->drop(exchange->number);
}

extern "C" void connection_destroyed(void *context, const char * /*reason*/) noexcept {
  auto *connection = static_cast<Connection *>(context);
  the_state->seats.leave(connection->number);
  the_state->connections.erase(connection->number);
  master_service_client_connection_destroyed(master_service);
}

extern "C" void clock_ticked(void * /*context*/) noexcept {
  (void)guarded("looking at the clock", false, [] {
    the_state->end_late();
    return true;
  });
}

extern "C" void farewell_over(void * /*context*/) noexcept {
  timeout_remove(&the_state->farewell);
  master_service_stop(master_service);
}

constexpr http_server_callbacks callbacks{request_came, nullptr, connection_destroyed};

} // namespace

void Service::State::close_connection(std::uint64_t number, const char *why) {
  auto found = connections.find(number);
  if (found == connections.end())
    return;
  http_server_connection *http = found->second->http;
  http_server_connection_close(&http, why);
}

bool Service::State::make_room(const std::string &address) {
  bool is_proxy = desk.config().trusts(address);
  if (auto number = seats.who_makes_room(address, is_proxy))
    close_connection(*number, "Another one needs the place");
  return seats.has_room(address, is_proxy);
}

void Service::State::end_late() {
  while (auto number = seats.waits_since_before(time(nullptr) - patience_seconds))
    close_connection(*number, "No whole request in time");
}

void Service::State::begin(Connection &connection, http_server_request *request) {
  auto owned = std::make_unique<Exchange>();
  Exchange &exchange = *owned;
  exchange.number = ++last_number;
  exchange.connection = &connection;
  exchange.request = request;
  const http_request *head = http_server_request_get(request);
  exchange.http = read_head(head, connection, desk.config());
  exchanges.emplace(exchange.number, std::move(owned));
  http_server_request_ref(request);
  http_server_request_set_destroy_callback(request, request_destroyed,
                                           static_cast<void *>(&exchange));
  uoff_t size = 0;
  bool is_known = http_request_get_payload_size(head, &size) > 0;
  if (is_known && size > max_body) {
    http_server_request_connection_close(request, true);
    submit(exchange, desk.failure(exchange.http, ErrorCode::too_large));
    return;
  }
  // For a body that is empty the library would wait for ever.
  if (exchange.http.method != "POST" || (is_known && size == 0)) {
    seats.begin_work(connection.number);
    go_on(exchange);
    return;
  }
  exchange.payload = head->payload;
  await_body(exchange);
}

void Service::State::await_body(Exchange &exchange) {
  // Should the library answer by itself, such as for a body that grows too large.
  for (const auto &[name, value] :
       security_headers(Content::own, desk.config().html_view, exchange.http.secure))
    http_server_request_add_response_header(exchange.request, name.c_str(), value.c_str());
  // http_server_request_buffer_payload() waits for ever for a body of more than 8 kB, and ends the
  // process where the connection is closed before the body is here.
  http_server_request_handle_payload(exchange.request, body_came, static_cast<void *>(&exchange));
}

void Service::State::read_body(Exchange &exchange) {
  istream *input = exchange.payload;
  const unsigned char *data;
  std::size_t size;
  int more;
  // The library keeps it to max_body.
  while ((more = i_stream_read_more(input, &data, &size)) > 0) {
    exchange.http.body.append(reinterpret_cast<const char *>(data), size);
    i_stream_skip(input, size);
  }
  // To one that breaks off, the library answers.
  if (more == 0 || input->stream_errno != 0)
    return;
  seats.begin_work(exchange.connection->number);
  go_on(exchange);
}

void Service::State::ask(Exchange &exchange, const Ask &question) {
  std::uint64_t number = exchange.number;
  std::string name = question.name;
  exchange.asked.push_back(
      worker->send(question.request, [this, number, name](AnswerBody body, bool more) {
        take(number, name, std::move(body), more);
      }));
}

void Service::State::go_on(Exchange &exchange) {
  Decision decision = desk.decide(exchange.http, exchange.answers);
  exchange.asked.clear();
  if (worker->is_gone() && (decision.stream || !decision.asks.empty())) {
    submit(exchange, desk.failure(exchange.http, ErrorCode::unavailable));
    return;
  }
  if (decision.stream) {
    exchange.reply = std::move(decision.reply);
    ask(exchange, *decision.stream);
    return;
  }
  if (decision.asks.empty()) {
    submit(exchange, std::move(decision.reply));
    return;
  }
  for (const Ask &question : decision.asks)
    ask(exchange, question);
}

void Service::State::take(std::uint64_t number, const std::string &name, AnswerBody body,
                          bool more) {
  auto found = exchanges.find(number);
  if (found == exchanges.end())
    return;
  Exchange &exchange = *found->second;
  if (auto *piece = std::get_if<DataAnswer>(&body)) {
    take_piece(exchange, name, piece->data, more);
    return;
  }
  exchange.answers[name] = std::move(body);
  exchange.asked.pop_back();
  if (exchange.asked.empty())
    go_on(exchange);
}

void Service::State::take_piece(Exchange &exchange, const std::string &name,
                                const std::string &piece, bool more) {
  downloading += piece.size();
  exchange.data += piece;
  if (downloading > most_download) {
    for (std::uint64_t asked : exchange.asked)
      worker->forget(asked);
    exchange.answers[name] = Failure{ErrorCode::busy, ""};
    go_on(exchange);
    return;
  }
  if (more)
    return;
  exchange.reply.body = std::move(exchange.data);
  downloading -= exchange.reply.body.size();
  exchange.data.clear();
  submit(exchange, std::move(exchange.reply));
}

void Service::State::submit(Exchange &exchange, HttpReply reply) {
  std::string reason(reason_phrase(reply.status));
  http_server_response *response =
      http_server_response_create(exchange.request, reply.status, reason.c_str());
  // A request with a body has the others already.
  auto given = exchange.payload != nullptr
                   ? security_headers(Content::own, desk.config().html_view, exchange.http.secure)
                   : std::vector<std::pair<std::string, std::string>>();
  for (const auto &header : reply.headers) {
    if (std::find(given.begin(), given.end(), header) == given.end())
      http_server_response_add_header(response, header.first.c_str(), header.second.c_str());
  }
  if (!reply.body.empty()) {
    http_server_response_add_header(response, "Content-Type", reply.content_type.c_str());
    StreamPtr body(i_stream_create_copy_from_data(reply.body.data(), reply.body.size()));
    http_server_response_set_payload(response, body.get());
  }
  http_server_response_submit(response);
}

void Service::State::drop(std::uint64_t number) {
  auto found = exchanges.find(number);
  if (found == exchanges.end())
    return;
  std::unique_ptr<Exchange> exchange = std::move(found->second);
  exchanges.erase(found);
  for (std::uint64_t asked : exchange->asked)
    worker->forget(asked);
  downloading -= exchange->data.size();
  seats.await_client(exchange->connection->number, time(nullptr));
  http_server_request_unref(&exchange->request);
}

Service::Service(Desk desk, std::unique_ptr<WorkerLink> worker) {
  std::size_t most = std::max<std::size_t>(master_service_get_client_limit(master_service),
                                           2 * spare_connections) -
                     spare_connections;
  state_ = std::make_unique<State>(*this, std::move(desk), std::move(worker),
                                   std::min(most, most_connections));
  the_state = state_.get();
}

Service::~Service() {
  if (state_->clock != nullptr)
    timeout_remove(&state_->clock);
  if (state_->farewell != nullptr)
    timeout_remove(&state_->farewell);
  if (state_->server != nullptr)
    http_server_deinit(&state_->server);
}

void Service::start() {
  state_->server = new_http_server(bounds);
  state_->clock = (timeout_add)(clock_milliseconds, __FILE__, __LINE__, clock_ticked, nullptr);
  state_->worker->start([this] {
    if (state_->farewell == nullptr)
      state_->farewell =
          (timeout_add)(farewell_milliseconds, __FILE__, __LINE__, farewell_over, nullptr);
  });
}

void Service::accept(master_service_connection &accepted) {
  std::string address = net_ip2addr(&accepted.remote_ip);
  // One that is not accepted is closed by Dovecot.
  if (!state_->make_room(address))
    return;
  master_service_client_connection_accept(&accepted);
  auto owned = std::make_unique<Connection>();
  Connection &connection = *owned;
  connection.service = this;
  connection.number = ++state_->last_number;
  connection.peer = {address, accepted.ssl};
  connection.loopback = address.starts_with("127.") || address == "::1";
  state_->connections.emplace(connection.number, std::move(owned));
  state_->seats.take(connection.number, address, time(nullptr));
  connection.http = http_server_connection_create(state_->server, accepted.fd, accepted.fd,
                                                  accepted.ssl, &callbacks, &connection);
}

} // namespace smime::desk
