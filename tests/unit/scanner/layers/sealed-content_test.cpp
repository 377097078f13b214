// What is said of a message that is encrypted to the escrow key, when somebody changed it.
#include "tests/unit/escrow.h"

#include "scanner/content/content.h"
#include "scanner/content/message-reader.h"
#include "tests/unit/test-tools.h"

#include <algorithm>
#include <functional>
#include <openssl/evp.h>
#include <random>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

LocalKeys &keys() {
  static LocalKeys &local = *new LocalKeys(make_escrow_key(TestKey::rsa));
  return local;
}

std::string base64(const std::vector<unsigned char> &bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), bytes.data(),
                             static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string message_with(const std::vector<unsigned char> &der) {
  return "From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
         "smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         base64(der) + "\r\n";
}

struct Result {
  std::string json;
  Report report;
  bool opened = false;
  bool refused = false;
};

Result inspect(const std::string &message, ContentKeys *with, const Limits &limits = {}) {
  Tools tools = test_tools();
  tools.keys = with;
  Inspection inspection(limits, tools);
  MessageReader reader(inspection);
  reader.feed({reinterpret_cast<const unsigned char *>(message.data()), message.size()});
  reader.finish();
  Result result;
  result.opened = inspection.opened();
  result.refused = inspection.refused();
  result.report = inspection.finish(message.size());
  result.json = to_json(result.report);
  return result;
}

const std::string inside =
    "Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain; "
    "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
    [] {
      std::string lines;
      for (int number = 0; number < 40; number++)
        lines += "Line " + std::to_string(number) +
                 " of a text with Gr\xc3\xbc\xc3\x9f"
                 "en.\r\n";
      return lines;
    }() +
    "\r\n--inner\r\nContent-Type: application/zip; name=\"secret-name.zip\"\r\n"
    "Content-Transfer-Encoding: "
    "base64\r\n\r\nUEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAF\r\n--inner--\r\n";

// Where in the object's DER there is what an attacker changes.
struct Object {
  std::vector<unsigned char> der;
  std::size_t iv = 0;
  std::size_t content = 0;
  std::size_t key = 0;

  explicit Object(const std::string &entity, const Encryption &how = {})
      : der(encrypt(keys().certificate(), entity, how)) {
    // [0] of the content, after the IV's OCTET STRING; OpenSSL writes both at the end.
    static constexpr unsigned char aes256[]{0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                                            0x04, 0x01, 0x2a, 0x04, 0x10};
    auto at = std::search(der.begin(), der.end(), std::begin(aes256), std::end(aes256));
    CHECK(at != der.end());
    iv = static_cast<std::size_t>(at - der.begin()) + sizeof(aes256);
    content = iv + 16 + 2 + (der[iv + 17] & 0x7fU);
    CHECK((der.size() - content) % 16 == 0);
    // SET OF: ours is one of two keys of 256 octets.
    auto before = static_cast<std::ptrdiff_t>(iv);
    static constexpr unsigned char octets256[]{0x04, 0x82, 0x01, 0x00};
    auto first =
        std::search(der.begin(), der.begin() + before, std::begin(octets256), std::end(octets256));
    static constexpr unsigned char escrow[]{'E', 's', 'c', 'r', 'o', 'w'};
    auto name =
        std::search(der.begin(), der.begin() + before, std::begin(escrow), std::end(escrow));
    auto own = std::search(name, der.begin() + before, std::begin(octets256), std::end(octets256));
    CHECK(first != der.end() && own != der.begin() + before);
    key = static_cast<std::size_t>(own - der.begin()) + 4;
  }
  std::size_t blocks() const { return (der.size() - content) / 16; }
  std::size_t block(std::size_t number) const { return content + number * 16; }
};

using Change = std::function<void(std::vector<unsigned char> &der, std::mt19937 &random)>;

void flip(std::vector<unsigned char> &der, std::size_t at, std::mt19937 &random) {
  der[at] ^= static_cast<unsigned char>(1 + random() % 255);
}

std::vector<std::pair<const char *, Change>> changes(const Object &object) {
  auto any = [](std::size_t begin, std::size_t size) {
    return [=](std::vector<unsigned char> &der, std::mt19937 &random) {
      flip(der, begin + random() % size, random);
    };
  };
  std::size_t last = object.blocks() - 1;
  return {
      // The first block of plaintext is what the IV makes of it, and a header that is changed
      // into another right one is a right one: what cannot be ASCII is not.
      {"IV",
       [&object](auto &der, auto &random) { der[object.iv + random() % 16] ^= 0x80 | random(); }},
      {"whole IV",
       [&object](auto &der, auto &random) {
         std::generate_n(der.begin() + static_cast<std::ptrdiff_t>(object.iv), 16,
                         std::ref(random));
       }},
      {"first block", any(object.block(0), 16)},
      {"second block", any(object.block(1), 16)},
      {"any block", any(object.content, object.blocks() * 16)},
      // Vaudenay: all values of the octet that makes the padding's.
      {"the octet before the padding", any(object.block(last) - 1, 1)},
      {"the block before the last", any(object.block(last - 1), 16)},
      {"last block", any(object.block(last), 16)},
      {"two blocks change places",
       [&object, last](auto &der, auto &random) {
         auto one = static_cast<std::ptrdiff_t>(object.block(random() % last));
         auto other = static_cast<std::ptrdiff_t>(object.block(last));
         std::swap_ranges(der.begin() + one, der.begin() + one + 16, der.begin() + other);
       }},
      // The block that is to be guessed at the end, behind one of the attacker's.
      {"a block at the end",
       [&object, last](auto &der, auto &random) {
         auto one = static_cast<std::ptrdiff_t>(object.block(random() % (last - 1)));
         std::copy_n(der.begin() + one, 16,
                     der.begin() + static_cast<std::ptrdiff_t>(object.block(last)));
         std::generate_n(der.begin() + static_cast<std::ptrdiff_t>(object.block(last - 1)), 16,
                         std::ref(random));
       }},
      {"encrypted key", any(object.key, 256)},
      {"whole encrypted key",
       [&object](auto &der, auto &random) {
         std::generate_n(der.begin() + static_cast<std::ptrdiff_t>(object.key) + 1, 255,
                         std::ref(random));
       }},
  };
}

} // namespace

TEST_GROUP(Sealed){};

TEST(Sealed, OpensWhatNobodyChanged) {
  Result result = inspect(message_with(Object(inside).der), &keys());
  CHECK(result.opened);
  CHECK_FALSE(result.refused);
  // The archive inside is damaged, and named.
  CHECK(result.json.find("secret-name.zip") != std::string::npos);
}

TEST(Sealed, OneAnswer) {
  const Object object(inside);
  std::mt19937 random(20261124);
  unsigned asked = 0;
  for (const auto &[name, change] : changes(object)) {
    for (int number = 0; number < 175; number++) {
      std::vector<unsigned char> der = object.der;
      change(der, random);
      if (der == object.der)
        continue;
      std::string message = message_with(der);
      unsigned before = keys().refused;
      Result with = inspect(message, &keys());
      CHECK_TEXT(with.refused, name);
      LONGS_EQUAL(before + 1, keys().refused);
      // Not a byte differs from what is said where there is no key.
      STRCMP_EQUAL_TEXT(inspect(message, nullptr).json.c_str(), with.json.c_str(), name);
      asked++;
    }
  }
  CHECK(asked > 2000);
}

// Each octet before the padding, as in Vaudenay's attack, and the one value that makes the
// padding right.
TEST(Sealed, NoPaddingIsAnswered) {
  const Object object(inside);
  std::size_t last = object.blocks() - 1;
  for (unsigned value = 1; value < 256; value++) {
    std::vector<unsigned char> der = object.der;
    der[object.block(last) - 1] ^= static_cast<unsigned char>(value);
    std::string message = message_with(der);
    STRCMP_EQUAL(inspect(message, nullptr).json.c_str(), inspect(message, &keys()).json.c_str());
  }
}

TEST(Sealed, WhatIsNoMailInside) {
  using namespace std::string_literals;
  std::vector<unsigned char> object = encrypt(keys().certificate(), "x");
  for (const std::string &entity :
       {"just text\r\n"s, "\0\x01\x02"s, ""s, std::string(3000, '\xff'),
        "Content-Type: text/plain"s, std::string(object.begin(), object.end())}) {
    std::string message = message_with(encrypt(keys().certificate(), entity));
    Result with = inspect(message, &keys());
    CHECK(with.refused);
    STRCMP_EQUAL(inspect(message, nullptr).json.c_str(), with.json.c_str());
  }
}

// The tag is looked at first: whatever is inside, and however little was changed.
TEST(Sealed, ATagThatIsWrong) {
  const std::vector<unsigned char> object =
      encrypt(keys().certificate(), inside, {.cipher = "aes-256-gcm"});
  CHECK(inspect(message_with(object), &keys()).json.find("secret-name") != std::string::npos);
  std::size_t size = object.size();
  // The tag is at the end, and the content before it.
  for (std::size_t back : {1, 8, 16, 20, 40, 100, 400, 1000}) {
    std::vector<unsigned char> der = object;
    der[size - back] ^= 1;
    std::string message = message_with(der);
    Result with = inspect(message, &keys());
    STRCMP_EQUAL(inspect(message, nullptr).json.c_str(), with.json.c_str());
    CHECK(with.json.find("secret-name") == std::string::npos);
  }
}

TEST(Sealed, NothingIsAskedOfTheKeyForWhatIsNotComplete) {
  std::vector<unsigned char> der = Object(inside).der;
  unsigned before = keys().unwrapped;
  der.resize(der.size() - 40);
  std::string message = message_with(der);
  STRCMP_EQUAL(inspect(message, nullptr).json.c_str(), inspect(message, &keys()).json.c_str());
  LONGS_EQUAL(before, keys().unwrapped);
}

TEST(Sealed, MemoryIsBounded) {
  Limits limits;
  limits.max_opened_size = inside.size() - 100;
  Result with = inspect(message_with(Object(inside).der), &keys(), limits);
  CHECK_FALSE(with.opened);
  CHECK(with.report.classes == ClassSet(MessageClass::encrypted));
  LONGS_EQUAL(1, with.report.errors.size());
  STRCMP_EQUAL("too-large-to-open", with.report.errors[0].code.c_str());
  // What one layer gave back, another may take.
  limits.max_opened_size = 2 * inside.size();
  auto object = Object(inside).der;
  std::string two = message_with(object);
  std::string nested =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n" + two +
      "\r\n--o\r\n" + two + "\r\n--o\r\n" + two + "\r\n--o--\r\n";
  unsigned before = keys().opened;
  (void)inspect(nested, &keys(), limits);
  LONGS_EQUAL(before + 3, keys().opened);
}
