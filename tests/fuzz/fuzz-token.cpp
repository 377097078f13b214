// Tokens: any text is refused or is one that we made, and what was made is read as it was.
#include "fuzz.h"
#include "plugin/notices/token.h"

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

namespace {

constexpr std::int64_t time_of_test = 1796000000;

const TokenKeys &the_keys() {
  std::string error;
  static const auto keys = TokenKeys::parse("0f1e2d3c4b5a69788796a5b4c3d2e1f0\n"
                                            "f0e1d2c3b4a5968778695a4b3c2d1e0f\n",
                                            error);
  return *keys;
}

void check_made(std::string_view text) {
  Token token{"0123456789abcdef0123456789abcdef", std::string(text.substr(0, max_token_recipient)),
              TokenAct::release, time_of_test + 1};
  auto made = make_token(the_keys(), token);
  FUZZ_CHECK(made.has_value() == !text.empty());
  if (!made)
    return;
  TokenCheck check = check_token(the_keys(), *made, time_of_test);
  FUZZ_CHECK(check.fault == TokenFault::none && check.token->recipient == token.recipient);
  FUZZ_CHECK(check.token->id == token.id && check.token->expires == token.expires);
  // One byte more or less, or another one.
  auto place = static_cast<unsigned char>(text[0]) % made->size();
  std::string other = *made;
  other[place] = text.back();
  FUZZ_CHECK(other == *made || !check_token(the_keys(), other, time_of_test).token);
  FUZZ_CHECK(!check_token(the_keys(), made->substr(0, place), time_of_test).token);
  FUZZ_CHECK(!check_token(the_keys(), *made + text.back(), time_of_test).token);
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text = as_text(data, size);
  // Nobody comes upon the MAC of something that he chose.
  FUZZ_CHECK(!check_token(the_keys(), text, time_of_test).token);
  std::string key = the_keys().name(text.empty() ? 0 : static_cast<unsigned char>(text[0]) % 2);
  std::string claimed = "smime1." + key + "." + std::string(text);
  FUZZ_CHECK(!check_token(the_keys(), claimed, time_of_test).token);
  claimed += "." + std::string(64, '0');
  TokenCheck check = check_token(the_keys(), claimed, time_of_test);
  FUZZ_CHECK(!check.token && check.fault != TokenFault::none);
  std::string error;
  auto keys = TokenKeys::parse(text, error);
  FUZZ_CHECK(keys.has_value() == error.empty());
  check_made(text);
  return 0;
}
