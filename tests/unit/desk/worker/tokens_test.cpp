#include "desk/worker/secret.h"
#include "desk/worker/tokens.h"

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace smime::desk;

TEST_GROUP(DeskTokens) {
  std::string secret;
  std::vector<ApiToken> tokens{make_api_token("carla", "the ticket system", 10, 1000, secret)};
};

TEST(DeskTokens, OneIsFoundByItsSecretUntilItsTimeIsOver) {
  constexpr std::int64_t end = 1000 + 10 * 86400;
  STRCMP_EQUAL("carla", find_token(tokens, secret, 1000)->name.c_str());
  CHECK(find_token(tokens, secret, end - 1) != nullptr);
  CHECK(find_token(tokens, secret, end) == nullptr);
  for (const std::string &other : {std::string(), tokens[0].digest, tokens[0].id, secret + "0"})
    CHECK(find_token(tokens, other, 1000) == nullptr);
}

TEST(DeskTokens, TheFileDoesNotHaveTheSecret) {
  std::string text = format_tokens(tokens);
  CHECK(text.find(secret) == std::string::npos);
  CHECK(text.find(secret.substr(secret.size() - 16)) == std::string::npos);
  std::string error;
  auto read = parse_tokens(text, error).value();
  LONGS_EQUAL(1, read.size());
  STRCMP_EQUAL("the ticket system", read[0].label.c_str());
  CHECK(find_token(read, secret, 1000) != nullptr);
}

TEST(DeskTokens, WhatIsNoTokenIsNamedByItsLine) {
  std::string error;
  CHECK_FALSE(parse_tokens("# x\nnonsense\n", error).has_value());
  STRCMP_EQUAL("line 2 is no token", error.c_str());
  // One whose digest was cut off would let in who has a shorter secret.
  std::string text = format_tokens(tokens);
  text.erase(text.find(tokens[0].digest), 1);
  CHECK_FALSE(parse_tokens(text, error).has_value());
}

TEST(DeskTokens, AFileIsReadAnewWhenItWasChanged) {
  char name[] = "/tmp/desk-tokens.XXXXXX";
  int fd = mkstemp(name);
  (void)close(fd);
  TokenFile file(name);
  std::string error;
  LONGS_EQUAL(0, file.tokens(error)->size());
  std::ofstream(name) << format_tokens(tokens);
  LONGS_EQUAL(1, file.tokens(error)->size());
  std::ofstream(name) << format_tokens({});
  LONGS_EQUAL(0, file.tokens(error)->size());
  std::ofstream(name) << format_tokens(tokens);
  (void)chmod(name, 0660);
  CHECK(file.tokens(error) == nullptr);
  CHECK(error.find("others than root can write it") != std::string::npos);
  (void)unlink(name);
  LONGS_EQUAL(0, file.tokens(error)->size());
}
