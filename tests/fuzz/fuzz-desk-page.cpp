// Whatever the worker says of a message, the report of a scanner that was taken over among it:
// a page shows it as text.
#include "desk/web/library.h"
#include "fuzz.h"

#include <array>
#include <memory>
#include <utility>

using namespace smime::desk;

namespace {

std::unique_ptr<Desk> desk;

// The type of the answer, its name, and the page that shows it.
struct Shown {
  const char *type;
  const char *name;
  const char *path;
  const char *query;
};
constexpr std::array<Shown, 6> pages{
    {{"list", "list", "/held", ""},
     {"show", "show", "/held/0123456789abcdef0123456789abcdef", "user=alice"},
     {"parts", "parts", "/held/0123456789abcdef0123456789abcdef", "user=alice"},
     {"overview", "overview", "/overview", ""},
     {"token-check", "token", "/", "t=abc"},
     {"act", "act", "/act", ""}}};

std::size_t count_of(const std::string &text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    count++;
  return count;
}

void check(const std::string &page) {
  FUZZ_CHECK(count_of(page, "<script") == 1);
  FUZZ_CHECK(count_of(page, "javascript:") == 0 || count_of(page, "href=\"javascript:") == 0);
  FUZZ_CHECK(count_of(page, "<main") == 1 && count_of(page, "</html>") == 1);
  FUZZ_CHECK(count_of(page, "\xe2\x80\xae") == 0);
  for (char c : page)
    FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t');
}

} // namespace

int LLVMFuzzerInitialize(int * /*argc*/, char *** /*argv*/) {
  std::string error;
  auto library = read_library(std::getenv("SMIME_FUZZ_DESK"), error);
  FUZZ_CHECK(library.has_value());
  desk = std::make_unique<Desk>(DeskConfig{}, std::move(*library));
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0)
    return 0;
  const Shown &shown = pages[data[0] % pages.size()];
  auto object = nlohmann::json::parse(smime::as_text(data + 1, size - 1), nullptr, false);
  std::string error;
  auto body = object.is_object() ? read_answer(object, shown.type, error) : std::nullopt;
  if (!body)
    return 0;
  HttpRequest request;
  request.method = std::string_view(shown.type) == "act" ? "POST" : "GET";
  request.path = shown.path;
  request.query = shown.query;
  request.body = "csrf=TOKEN&act=release&item=0123456789abcdef0123456789abcdef%3Aalice";
  request.content_type = "application/x-www-form-urlencoded";
  request.cookie = "__Host-smime-desk=SESSION";
  request.secure = true;
  request.now = 1796000000;
  request.nonce = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
  Answers answers;
  answers["whoami"] = Identity{"", "TOKEN", "carol", Kind::reviewer, {"show", "release"}};
  answers["show"] = ShowAnswer{};
  answers["parts"] = PartsAnswer{};
  answers[shown.name] = std::move(*body);
  Decision decision = desk->decide(request, answers);
  if (decision.asks.empty() && decision.reply.content_type.starts_with("text/html") &&
      !decision.reply.body.empty())
    check(decision.reply.body);
  return 0;
}
