#include "plugin/notices/token.h"

#include <CppUTest/TestHarness.h>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace smime;

namespace {

constexpr const char *first_key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778";
constexpr const char *second_key = "a key in words is one too, if it is long enough";
constexpr std::int64_t now = 1796000000;

TokenKeys keys_of(const std::string &text) {
  std::string error;
  auto keys = TokenKeys::parse(text, error);
  STRCMP_EQUAL("", error.c_str());
  CHECK(keys.has_value());
  return std::move(*keys);
}

Token a_token() {
  return {"0123456789abcdef0123456789abcdef", "alice@example.org", TokenAct::request, now + 60};
}

void check_fault(const char *word, const TokenKeys &keys, const std::string &text,
                 std::int64_t time = now) {
  STRCMP_EQUAL_TEXT(word, std::string(name_of(check_token(keys, text, time).fault)).c_str(),
                    text.c_str());
}

} // namespace

TEST_GROUP(Token) {
  TokenKeys keys = keys_of(first_key);
  std::string text = make_token(keys, a_token()).value();
};

TEST(Token, SaysWhatItWasMadeFor) {
  TokenCheck check = check_token(keys, text, now);
  STRCMP_EQUAL("valid", std::string(name_of(check.fault)).c_str());
  STRCMP_EQUAL("0123456789abcdef0123456789abcdef", check.token->id.c_str());
  STRCMP_EQUAL("alice@example.org", check.token->recipient.c_str());
  CHECK(check.token->allows == TokenAct::request);
  CHECK(check.token->expires == now + 60);
  CHECK_EQUAL(0, check.key);
}

TEST(Token, StandsInAUrlAndIsShort) {
  CHECK(
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
      std::string::npos);
  CHECK(text.size() < 160);
  CHECK(isalnum(text.back()) != 0);
  CHECK(text.find(first_key) == std::string::npos);
}

TEST(Token, OfAnyRecipientIsReadAsItWasMade) {
  for (std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, max_token_recipient}) {
    Token token = a_token();
    token.recipient = std::string(size, '\xff');
    token.recipient[0] = '\0';
    auto made = make_token(keys, token);
    CHECK(made->size() <= max_token);
    TokenCheck check = check_token(keys, *made, now);
    CHECK(check.fault == TokenFault::none && check.token->recipient == token.recipient);
  }
}

TEST(Token, IsNotMadeForWhatIsNone) {
  std::vector<Token> wrong(5, a_token());
  wrong[0].id = "0123";
  wrong[1].recipient = "";
  wrong[2].recipient = std::string(max_token_recipient + 1, 'a');
  wrong[3].expires = 0;
  wrong[4].id[3] = 'G';
  for (const Token &token : wrong)
    CHECK_FALSE(make_token(keys, token).has_value());
}

TEST(Token, IsRefusedWithAWord) {
  auto dot = text.rfind('.');
  for (auto [word, token] : std::vector<std::pair<const char *, std::string>>{
           {"malformed", ""},
           {"malformed", "x"},
           {"malformed", " " + text},
           {"malformed", text + "\n"},
           {"malformed", text + "0"},
           {"malformed", text + ".0"},
           {"malformed", "Smime1" + text.substr(6)},
           {"malformed", std::string("\0\xff", 2) + text},
           {"malformed", text.substr(1)},
           {"malformed", "smime1." + std::string(2 * max_token, 'A')},
           {"malformed", "smimes." + text},
           {"truncated", "s"},
           {"truncated", "smime1."},
           {"truncated", text.substr(0, 20)},
           {"truncated", text.substr(0, dot)},
           {"truncated", text.substr(0, dot + 1)},
           {"truncated", text.substr(0, text.size() - 1)},
           {"unknown-version", "smime2" + text.substr(6)},
           {"unknown-version", "smime10" + text.substr(6)},
           {"unknown-key", "smime1.00000000" + text.substr(15)},
           {"unknown-key", "smime1.." + text.substr(16)},
           {"altered", text.substr(0, dot + 1) + std::string(64, '0')},
           {"altered", text.substr(0, 16) + "A" + text.substr(16)},
           {"altered", text.substr(0, 16) + text.substr(dot)},
       })
    check_fault(word, keys, token);
}

TEST(Token, WithAnyByteChangedIsRefused) {
  for (std::size_t i = 0; i < text.size(); i++) {
    for (char c : {'A', 'b', '0', '-', '.', ' ', '\0', '\x80'}) {
      std::string other = text;
      other[i] = c;
      if (other != text)
        CHECK_FALSE(check_token(keys, other, now).token.has_value());
    }
  }
}

TEST(Token, CutAnywhereIsTruncated) {
  for (std::size_t size = 1; size < text.size(); size++)
    check_fault("truncated", keys, text.substr(0, size));
}

TEST(Token, ExpiresWhenItsTimeComes) {
  check_fault("valid", keys, text, now + 59);
  check_fault("expired", keys, text, now + 60);
  check_fault("expired", keys, text, now + 1000000);
  CHECK(check_token(keys, text, now + 60).token.has_value());
}

TEST(Token, OfAnotherKeyIsForged) {
  TokenKeys others = keys_of(second_key);
  check_fault("unknown-key", others, text);
  // He knows the name of our key, which every link shows.
  std::string forged = make_token(others, a_token()).value();
  forged.replace(7, 8, keys.name(0));
  check_fault("altered", keys, forged);
}

TEST(Token, OutlivesANewKeyUntilTheOldOneIsTakenOut) {
  TokenKeys both = keys_of(std::string(second_key) + "\n" + first_key + "\n");
  check_fault("valid", both, text);
  CHECK_EQUAL(1, check_token(both, text, now).key);
  check_fault("valid", both, make_token(both, a_token()).value());
  check_fault("unknown-key", keys, make_token(both, a_token()).value());
}

TEST(Token, IsForOneMessageRecipientAndAct) {
  Token token = a_token();
  struct Row {
    const char *word;
    TokenUse use;
  };
  for (const Row &row : std::vector<Row>{
           {"valid", {token.id, token.recipient, TokenAct::view, false}},
           {"valid", {token.id, token.recipient, TokenAct::view, true}},
           {"valid", {token.id, token.recipient, TokenAct::request, false}},
           {"used", {token.id, token.recipient, TokenAct::request, true}},
           {"not-allowed", {token.id, token.recipient, TokenAct::release, false}},
           {"other-message", {"0123456789abcdef0123456789abcde0", token.recipient}},
           {"other-message", {"", token.recipient}},
           {"other-recipient", {token.id, "bob@example.org"}},
           {"other-recipient", {token.id, "Alice@example.org"}},
           {"other-recipient", {token.id, ""}},
       })
    STRCMP_EQUAL(row.word, std::string(name_of(fault_of(token, row.use))).c_str());
}

TEST(Token, EveryWordHasASentence) {
  for (unsigned fault = 0; fault <= static_cast<unsigned>(TokenFault::used); fault++)
    CHECK_FALSE(text_of(static_cast<TokenFault>(fault)).empty());
  for (TokenAct act : {TokenAct::view, TokenAct::request, TokenAct::release})
    CHECK(token_act_from_name(name_of(act)) == act);
  CHECK_FALSE(token_act_from_name("none").has_value());
}

TEST_GROUP(TokenKeys) {
  std::string directory;
  std::string file;

  void setup() override {
    char name[] = "/tmp/smime-token-test-XXXXXX";
    directory = mkdtemp(name);
    file = directory + "/key";
  }
  void teardown() override {
    (void)unlink(file.c_str());
    (void)rmdir(directory.c_str());
  }
  void write(const std::string &text, mode_t mode) {
    std::ofstream(file) << text;
    CHECK_EQUAL(0, chmod(file.c_str(), mode));
  }
  void check_refused(const char *word) {
    std::string error;
    CHECK_FALSE(TokenKeys::read(file, error).has_value());
    CHECK_TEXT(error.find(word) != std::string::npos, error.c_str());
    CHECK(error.starts_with(file));
    CHECK(error.find(first_key) == std::string::npos);
  }
};

TEST(TokenKeys, AreTheLinesOfAFile) {
  write(std::string("# new\n") + second_key + "\r\n\n" + first_key, 0600);
  std::string error;
  auto keys = TokenKeys::read(file, error);
  CHECK_TEXT(keys.has_value(), error.c_str());
  CHECK_EQUAL(2, keys->size());
  CHECK(keys->name(0) != keys->name(1));
  STRCMP_EQUAL(keys_of(second_key).name(0).c_str(), keys->name(0).c_str());
}

TEST(TokenKeys, ThatOthersMayReadAreRefused) {
  for (mode_t mode : {0604, 0644, 0602, 0601}) {
    write(first_key, mode);
    check_refused("open to all users");
  }
  write(first_key, 0660);
  check_refused("written by its group");
  write(first_key, 0640);
  std::string error;
  CHECK(TokenKeys::read(file, error).has_value());
}

TEST(TokenKeys, ThatCanBeGuessedAreRefused) {
  for (auto [text, word] : std::vector<std::pair<std::string, const char *>>{
           {"", "no key"},
           {"\n# none\n", "no key"},
           {"0123456789abcdef0123456789abcde", "31 bytes"},
           {std::string(first_key) + "\nshort\n", "5 bytes"},
           {std::string(64, 'a'), "guessed"},
           {std::string(first_key) + std::string(1, '\0'), "no text"},
           {std::string(70000, 'a'), "too large"},
       }) {
    write(text, 0600);
    check_refused(word);
  }
  std::string many;
  for (std::size_t i = 0; i <= max_token_keys; i++)
    many += std::string(first_key) + std::to_string(i) + "\n";
  write(many, 0600);
  check_refused("more than 16");
}

TEST(TokenKeys, ThatAreNoFileAreRefused) {
  check_refused("cannot be opened");
  CHECK_EQUAL(0, mkfifo(file.c_str(), 0600));
  check_refused("is no file");
}
