// Content keys: found in the object, taken out by the key, and not told apart from none.
#include "tests/unit/escrow.h"

#include "scanner/cms/content-cipher.h"
#include "scanner/cms/recipient-key.h"

#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

// The content, kept whole.
class Collector : public CmsContentSink {
public:
  explicit Collector(X509 *certificate) : certificate_(certificate) {}
  void content_begins(const CmsHead &head) override {
    cipher = ContentCipher::create(head.type, head.algorithm);
    if (cipher != nullptr)
      wrapped = find_wrapped_key(head, certificate_, cipher->key_size());
  }
  void content(Bytes bytes) override { sealed.insert(sealed.end(), bytes.begin(), bytes.end()); }
  void content_ends() override {}

  std::unique_ptr<ContentCipher> cipher;
  std::optional<WrappedKey> wrapped;
  std::vector<unsigned char> sealed;

private:
  X509 *certificate_;
};

struct Opened {
  bool right = false;
  std::string plain;
};

Opened open(Collector &collector, const ContentKey &key, Bytes tag = {}) {
  Opened opened;
  auto take = [&](Bytes bytes) {
    opened.plain.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  };
  CHECK(collector.cipher->start(key));
  for (std::size_t at = 0; at < collector.sealed.size(); at += 5)
    collector.cipher->decrypt(
        Bytes(collector.sealed).subspan(at, std::min<std::size_t>(5, collector.sealed.size() - at)),
        take);
  opened.right = collector.cipher->finish(tag, take);
  return opened;
}

const EscrowKey &rsa_key() {
  static const auto &key = *new std::unique_ptr<EscrowKey>(make_escrow_key(TestKey::rsa));
  return *key;
}
const EscrowKey &ec_key() {
  static const auto &key = *new std::unique_ptr<EscrowKey>(make_escrow_key(TestKey::ec));
  return *key;
}

void read_object(const std::vector<unsigned char> &der, Collector &collector) {
  CmsStream stream(collector);
  stream.feed(der);
  stream.finish();
  CHECK(stream.whole());
}

const std::string text = "Content-Type: text/plain\r\n\r\nThe word is Rumpelstilzchen.\r\n";

std::string hex(ContentKey key) {
  std::string result;
  for (unsigned char byte : key.bytes())
    result += std::to_string(byte) + " ";
  return result;
}

} // namespace

TEST_GROUP(EscrowKeyGroup){};

TEST(EscrowKeyGroup, OpensWhatOpensslEncrypts) {
  struct Case {
    const char *name;
    const EscrowKey &key;
    Encryption how;
  };
  for (const Case &c : {
           Case{"RSA", rsa_key(), {}},
           Case{"RSA, by key identifier", rsa_key(), {.by_key_id = true}},
           Case{"RSA, 3DES", rsa_key(), {.cipher = "des-ede3-cbc"}},
           Case{"RSA, AES-128", rsa_key(), {.cipher = "aes-128-cbc"}},
           Case{"OAEP", rsa_key(), {.oaep_digest = "sha1"}},
           Case{"OAEP, SHA-256", rsa_key(), {.oaep_digest = "sha256", .mask_digest = "sha256"}},
           Case{"OAEP, two digests", rsa_key(), {.oaep_digest = "sha512", .mask_digest = "sha1"}},
           Case{"OAEP, label", rsa_key(), {.oaep_digest = "sha256", .oaep_label = "label"}},
           Case{"ECDH", ec_key(), {}},
           Case{"ECDH, by key identifier", ec_key(), {.cipher = "aes-128-cbc", .by_key_id = true}},
       }) {
    Collector collector(c.key.certificate());
    read_object(encrypt(c.key.certificate(), text, c.how), collector);
    CHECK_TEXT(collector.wrapped.has_value(), c.name);
    Opened opened = open(collector, c.key.unwrap(*collector.wrapped));
    CHECK_TEXT(opened.right, c.name);
    STRCMP_EQUAL(text.c_str(), opened.plain.c_str());
    CHECK_TEXT(!open(collector, c.key.refuse(*collector.wrapped)).right ||
                   open(collector, c.key.refuse(*collector.wrapped)).plain != text,
               c.name);
  }
}

TEST(EscrowKeyGroup, OnlyWhatIsAddressedToIt) {
  auto other = make_escrow_key(TestKey::ec);
  Collector collector(other->certificate());
  // The same name and number, and another kind of key.
  read_object(encrypt(rsa_key().certificate(), text), collector);
  CHECK_FALSE(collector.wrapped.has_value());
  Collector by_id(other->certificate());
  read_object(encrypt(rsa_key().certificate(), text, {.by_key_id = true}), by_id);
  CHECK_FALSE(by_id.wrapped.has_value());
}

// No key is refused: it is another one, of the same length, and the same each time.
TEST(EscrowKeyGroup, ImplicitRejection) {
  for (const EscrowKey *key : {&rsa_key(), &ec_key()}) {
    Collector collector(key->certificate());
    read_object(encrypt(key->certificate(), text), collector);
    WrappedKey wrapped = *collector.wrapped;
    std::set<std::string> keys{hex(key->unwrap(wrapped))};
    for (std::size_t at = 0; at < wrapped.encrypted.size(); at += 3) {
      wrapped.encrypted[at] ^= 0x40;
      std::string once = hex(key->unwrap(wrapped));
      CHECK(keys.insert(once).second);
      STRCMP_EQUAL(once.c_str(), hex(key->unwrap(wrapped)).c_str());
      STRCMP_EQUAL(once.c_str(), hex(key->refuse(wrapped)).c_str());
      wrapped.encrypted[at] ^= 0x40;
    }
    for (std::size_t size : {1, 15, 31, 300}) {
      WrappedKey shorter = wrapped;
      shorter.encrypted.resize(size);
      CHECK(keys.insert(hex(key->unwrap(shorter))).second);
    }
    // The key in there has another length than the content wants.
    WrappedKey other_size = wrapped;
    other_size.key_size = 16;
    CHECK(keys.insert(hex(key->unwrap(other_size))).second);
    // What is meant for another kind of key.
    for (auto kind :
         {WrappedKey::Kind::rsa_pkcs1, WrappedKey::Kind::rsa_oaep, WrappedKey::Kind::ecdh}) {
      WrappedKey other_kind = wrapped;
      other_kind.kind = kind;
      other_kind.wrap_size = 32;
      if (kind != wrapped.kind)
        STRCMP_EQUAL(hex(key->refuse(wrapped)).c_str(), hex(key->unwrap(other_kind)).c_str());
    }
  }
}

// Each way in which PKCS #1 padding may be wrong, made with the public key.
TEST(EscrowKeyGroup, Pkcs1Padding) {
  EVP_PKEY *key = X509_get0_pubkey(rsa_key().certificate());
  auto encrypted = [&](std::size_t at, unsigned char value) {
    std::vector<unsigned char> block(256, 0x55);
    block[0] = 0;
    block[1] = 2;
    block[256 - 32 - 1] = 0;
    block[at] = value;
    WrappedKey wrapped;
    wrapped.key_size = 32;
    wrapped.encrypted.resize(256);
    std::size_t size = 256;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, nullptr);
    CHECK(EVP_PKEY_encrypt_init(context) > 0);
    CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0);
    CHECK(EVP_PKEY_encrypt(context, wrapped.encrypted.data(), &size, block.data(), 256) > 0);
    EVP_PKEY_CTX_free(context);
    return wrapped;
  };
  std::string right = hex([] {
    ContentKey k(32);
    std::fill_n(k.data(), 32, 0x55);
    return k;
  }());
  STRCMP_EQUAL(right.c_str(), hex(rsa_key().unwrap(encrypted(1, 2))).c_str());
  struct Wrong {
    std::size_t at;
    unsigned char value;
  };
  for (const Wrong &wrong : {Wrong{0, 1}, Wrong{1, 1}, Wrong{1, 0}, Wrong{2, 0}, Wrong{9, 0},
                             Wrong{100, 0}, Wrong{222, 0}, Wrong{223, 1}})
    CHECK(right != hex(rsa_key().unwrap(encrypted(wrong.at, wrong.value))));
}

TEST(EscrowKeyGroup, PaddingOfTheContent) {
  Collector collector(rsa_key().certificate());
  read_object(encrypt(rsa_key().certificate(), text), collector);
  ContentKey key = rsa_key().unwrap(*collector.wrapped);
  auto good = collector.sealed;
  unsigned right = 0;
  for (unsigned value = 1; value < 256; value++) {
    collector.sealed = good;
    collector.sealed[good.size() - 17] ^= static_cast<unsigned char>(value);
    right += open(collector, key).right;
  }
  // The one that makes it 1.
  CHECK(right <= 1);
  for (std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{17}, good.size() - 1}) {
    collector.sealed = good;
    collector.sealed.resize(size);
    CHECK_FALSE(open(collector, key).right);
  }
}

TEST(EscrowKeyGroup, Ciphers) {
  for (const char *name : {"aes-128-cfb", "aes-128-ofb", "chacha20"}) {
    CHECK(EVP_get_cipherbyname(name) != nullptr);
    X509_ALGOR *algorithm = X509_ALGOR_new();
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_CIPHER_get_nid(EVP_get_cipherbyname(name))),
                    V_ASN1_NULL, nullptr);
    unsigned char *der = nullptr;
    int size = i2d_X509_ALGOR(algorithm, &der);
    CHECK_TEXT(size <= 0 || ContentCipher::create(CmsType::enveloped_data,
                                                  {der, static_cast<std::size_t>(size)}) == nullptr,
               name);
    OPENSSL_free(der);
    X509_ALGOR_free(algorithm);
  }
  CHECK(ContentCipher::create(CmsType::enveloped_data, {}) == nullptr);
}
