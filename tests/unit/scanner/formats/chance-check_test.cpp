// Encrypted bytes are told from tables, text and what zlib makes.
#include "scanner/formats/chance-check.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>
#include <zlib.h>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

using Content = std::vector<unsigned char>;

Content chance(std::size_t size) {
  std::mt19937 random{23};
  Content bytes(size);
  for (unsigned char &byte : bytes)
    byte = static_cast<unsigned char>(random());
  return bytes;
}

// Numbers of which the first byte is always the same.
Content table(std::size_t size) {
  Content bytes = chance(size);
  for (std::size_t at = 0; at < size; at += 4)
    bytes[at] = 0x3f;
  return bytes;
}

Content compressed() {
  std::string text;
  for (unsigned i = 0; i < 60000; i++)
    text += std::to_string(i * i) + " of them\n";
  Content output(compressBound(text.size()));
  uLongf size = output.size();
  (void)compress2(output.data(), &size, reinterpret_cast<const Bytef *>(text.data()), text.size(),
                  9);
  output.resize(size);
  return output;
}

bool looks_encrypted(const Content &content, ChanceCheck::Of of) {
  ChanceCheck check(of);
  Bytes bytes = content;
  for (std::size_t at = 0; at < bytes.size(); at += 1000)
    check.feed(bytes.subspan(at, std::min<std::size_t>(1000, bytes.size() - at)));
  return check.found();
}

} // namespace

TEST_GROUP(ChanceChecks){};

TEST(ChanceChecks, EncryptedBytes) {
  for (std::size_t size : {600U, 5000U, 70'000U})
    CHECK(looks_encrypted(chance(size), ChanceCheck::Of::plain));
  CHECK(looks_encrypted(chance(70'000), ChanceCheck::Of::dense));
  // In the middle of something else.
  Content hidden(1'000'000, 'x');
  Content bytes = chance(80'000);
  std::copy(bytes.begin(), bytes.end(), hidden.begin() + 200'000);
  CHECK(looks_encrypted(hidden, ChanceCheck::Of::plain));
}

TEST(ChanceChecks, OtherBytes) {
  for (ChanceCheck::Of of : {ChanceCheck::Of::plain, ChanceCheck::Of::dense}) {
    CHECK(!looks_encrypted({}, of));
    CHECK(!looks_encrypted(Content(100'000, 0), of));
    CHECK(!looks_encrypted(table(100'000), of));
  }
  CHECK(compressed().size() > many_bytes);
  CHECK(!looks_encrypted(compressed(), ChanceCheck::Of::dense));
  // A key in a table.
  Content with_key = table(100'000);
  Content key = chance(4096);
  std::copy(key.begin(), key.end(), with_key.begin() + 50'000);
  CHECK(!looks_encrypted(with_key, ChanceCheck::Of::plain));
}
