// Whatever a browser or a program sends: it is answered or becomes requests to the worker, and
// nothing is changed without the session's token.
#include "desk/protocol/request.h"
#include "desk/web/library.h"
#include "fuzz.h"

#include <algorithm>
#include <memory>

using namespace smime::desk;

namespace {

std::unique_ptr<Desk> desk;

std::string take_line(std::string_view &text) {
  std::size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

HttpRequest request_of(std::string_view text) {
  HttpRequest request;
  request.method = take_line(text);
  std::string target = take_line(text);
  request.path = target.substr(0, target.find('?'));
  request.query = target.substr(std::min(target.find('?'), target.size() - 1) + 1);
  for (std::string HttpRequest::*member :
       {&HttpRequest::host, &HttpRequest::cookie, &HttpRequest::authorization,
        &HttpRequest::content_type, &HttpRequest::accept_language, &HttpRequest::origin,
        &HttpRequest::fetch_site, &HttpRequest::csrf_token})
    request.*member = take_line(text);
  request.body = text;
  request.secure = true;
  request.nonce = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
  request.now = 1796000000;
  return request;
}

bool changes_something(const Ask &ask) {
  return std::holds_alternative<ActRequest>(ask.request.body);
}

// The token that the form has, or the header of a call.
bool has_token(const HttpRequest &request) {
  return request.body.find("TOKEN") != std::string::npos || request.csrf_token == "TOKEN" ||
         request.body.find('%') != std::string::npos ||
         request.authorization.starts_with("Bearer ");
}

void check(const HttpRequest &request, const Answers &answers) {
  Decision decision = desk->decide(request, answers);
  for (const Ask &ask : decision.asks) {
    // The worker may refuse it, and says why; it is a frame that can be read.
    ReadRequest read = read_request(write_request(ask.request));
    FUZZ_CHECK(read.request || !read.error.empty());
    FUZZ_CHECK(!changes_something(ask) || (request.method == "POST" && has_token(request)));
  }
  if (!decision.asks.empty())
    return;
  FUZZ_CHECK(decision.reply.status >= 200 && decision.reply.status < 600);
  FUZZ_CHECK(
      std::any_of(decision.reply.headers.begin(), decision.reply.headers.end(),
                  [](const auto &entry) { return entry.first == "Content-Security-Policy"; }));
  // No header can be split by what came in.
  for (const auto &[name, value] : decision.reply.headers)
    FUZZ_CHECK(value.find_first_of("\r\n") == std::string::npos);
}

} // namespace

int LLVMFuzzerInitialize(int * /*argc*/, char *** /*argv*/) {
  std::string error;
  auto library = read_library(std::getenv("SMIME_FUZZ_DESK"), error);
  FUZZ_CHECK(library.has_value());
  DeskConfig config;
  config.html_view = true;
  desk = std::make_unique<Desk>(config, std::move(*library));
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  HttpRequest request = request_of(smime::as_text(data, size));
  check(request, {});
  Answers answers;
  answers["whoami"] = Identity{"", "TOKEN", "carol", Kind::reviewer, {"show", "release"}};
  check(request, answers);
  answers["act"] = ActAnswer{};
  answers["list"] = ListAnswer{};
  answers["token"] = Failure{ErrorCode::not_found, request.query};
  check(request, answers);
  return 0;
}
