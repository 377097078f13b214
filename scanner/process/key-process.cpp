#include "scanner/process/key-process.h"

#include "common/ascii.h"
#include "scanner/base/helper-process.h"
#include "scanner/cms/escrow-key.h"
#include "scanner/process/sandbox.h"

#include <array>
#include <cstring>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <optional>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

// Each message between the two is one packet:
//   'U' head, encrypted key, info, point     answered by the content key
//   'S' whether the content was opened       answered by a FailureCount
// and at the start, from the process: '+', or '-' and what is wrong.
constexpr char unwrap_question = 'U';
constexpr char settle_question = 'S';

struct UnwrapHead {
  std::uint8_t kind;
  std::uint8_t key_size;
  std::uint8_t digest;
  std::uint8_t mask_digest;
  std::uint8_t wrap_size;
  // Of the failure, if it is counted.
  std::uint8_t is_counted;
  std::uint64_t sender;
  std::uint16_t encrypted_size;
  std::uint16_t info_size;
  std::uint16_t point_size;
};

constexpr std::size_t max_question = 1 + sizeof(UnwrapHead) + WrappedKey::max_encrypted +
                                     WrappedKey::max_info + WrappedKey::max_point;
constexpr std::size_t max_start_answer = 1024;
constexpr time_t answer_seconds = 10;

template <typename Buffer> void append_bytes(std::string &to, const Buffer &buffer) {
  to.append(as_text(buffer));
}

// --- in the process

struct Unwrap {
  WrappedKey wrapped;
  std::optional<std::uint64_t> sender;
};

// Takes size bytes off text. Nullopt if there are fewer.
std::optional<std::string_view> take(std::string_view &text, std::size_t size) {
  if (size > text.size())
    return std::nullopt;
  std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

bool take_bytes(std::string_view &text, std::size_t size, std::vector<unsigned char> &bytes) {
  auto taken = take(text, size);
  if (taken)
    bytes.assign(taken->begin(), taken->end());
  return taken.has_value();
}

// All that the process reads of another's bytes.
std::optional<Unwrap> read_unwrap(std::string_view text) {
  UnwrapHead head{};
  auto bytes = take(text, sizeof(head));
  if (!bytes)
    return std::nullopt;
  std::memcpy(&head, bytes->data(), sizeof(head));
  Unwrap unwrap;
  WrappedKey &wrapped = unwrap.wrapped;
  if (head.kind > static_cast<std::uint8_t>(WrappedKey::Kind::ecdh) ||
      head.digest >= key_digest_names.size() || head.mask_digest >= key_digest_names.size())
    return std::nullopt;
  wrapped.kind = static_cast<WrappedKey::Kind>(head.kind);
  wrapped.key_size = head.key_size;
  wrapped.digest = static_cast<KeyDigest>(head.digest);
  wrapped.mask_digest = static_cast<KeyDigest>(head.mask_digest);
  wrapped.wrap_size = head.wrap_size;
  if (head.is_counted != 0)
    unwrap.sender = head.sender;
  if (!take_bytes(text, head.encrypted_size, wrapped.encrypted) ||
      !take_bytes(text, head.info_size, wrapped.info) ||
      !take_bytes(text, head.point_size, wrapped.point) || !text.empty() ||
      !wrapped.is_within_bounds())
    return std::nullopt;
  return unwrap;
}

class Server {
public:
  Server(std::unique_ptr<EscrowKey> key, std::unique_ptr<SharedFailures> failures)
      : key_(std::move(key)), failures_(std::move(failures)) {}

  // Until the scanner is gone, or says what is not of this protocol.
  void serve(int channel) {
    std::array<char, max_question + 1> question{};
    ssize_t size;
    while ((size = recv(channel, question.data(), question.size(), 0)) > 0) {
      if (!answer(channel, {question.data(), static_cast<std::size_t>(size)}))
        break;
    }
    // What ended the scanner in the middle of a message may have been meant to.
    settle(false);
  }

private:
  bool answer(int channel, std::string_view question) {
    char what = question.front();
    question.remove_prefix(1);
    if (what == settle_question && question.size() == 1)
      return send_bytes(channel, settle(question.front() != 0));
    auto unwrap = what == unwrap_question ? read_unwrap(question) : std::nullopt;
    if (!unwrap)
      return false;
    settle(false);
    pending_ = unwrap->sender;
    bool blocked = pending_ && failures_ != nullptr && failures_->is_blocked(*pending_);
    ContentKey key = blocked ? key_->refuse(unwrap->wrapped) : key_->unwrap(unwrap->wrapped);
    return send(channel, key.data(), key.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(key.size());
  }

  static bool send_bytes(int channel, const FailureCount &count) {
    return send(channel, &count, sizeof(count), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(sizeof(count));
  }

  FailureCount settle(bool opened) {
    auto pending = std::exchange(pending_, std::nullopt);
    if (opened || !pending || failures_ == nullptr)
      return {};
    return failures_->note(*pending);
  }

  std::unique_ptr<EscrowKey> key_;
  std::unique_ptr<SharedFailures> failures_;
  // Whose content key was given out, and nobody said yet what it opened.
  std::optional<std::uint64_t> pending_;
};

// OpenSSL looks for its algorithms at their first use, which is over before the sandbox.
void warm_up(const EscrowKey &key) {
  WrappedKey wrapped;
  wrapped.key_size = 32;
  wrapped.wrap_size = 32;
  wrapped.info.assign(16, 0);
  wrapped.encrypted.assign(
      static_cast<std::size_t>(EVP_PKEY_get_size(X509_get0_pubkey(key.certificate()))), 0);
  for (auto kind :
       {WrappedKey::Kind::rsa_pkcs1, WrappedKey::Kind::rsa_oaep, WrappedKey::Kind::ecdh}) {
    wrapped.kind = kind;
    if (kind == WrappedKey::Kind::ecdh) {
      // Its own point, to get as far as the key wrap.
      unsigned char *point = nullptr;
      std::size_t size =
          EVP_PKEY_get1_encoded_public_key(X509_get0_pubkey(key.certificate()), &point);
      wrapped.point.assign(point, point + size);
      OPENSSL_free(point);
      wrapped.encrypted.assign(40, 0);
    }
    for (std::size_t digest = 0; digest < key_digest_names.size(); digest++) {
      wrapped.digest = wrapped.mask_digest = static_cast<KeyDigest>(digest);
      (void)key.unwrap(wrapped);
    }
  }
  ERR_clear_error();
}

// Nothing of the scanner's stays open but the channel, as 0, and the file of failures.
bool close_all_else(int channel, SharedFailures *failures) {
  if (!close_all_but(channel, failures == nullptr ? -1 : failures->fd()))
    return false;
  if (failures != nullptr)
    failures->set_fd(3);
  return true;
}

void say_start(int channel, const std::string &text) {
  (void)send(channel, text.data(), std::min(text.size(), max_start_answer), MSG_NOSIGNAL);
}

[[noreturn]] void run(int channel, const KeyFiles &files, const std::function<bool()> &drop) {
  std::string error;
  auto key = EscrowKey::load(files.key, files.certificate, error);
  std::unique_ptr<SharedFailures> failures;
  if (key != nullptr && !files.failures.empty())
    failures = SharedFailures::open(files.failures, error);
  if (!error.empty()) {
    say_start(channel, "-" + error);
    _exit(1);
  }
  warm_up(*key);
  (void)prctl(PR_SET_NAME, "smime-key");
  if (!close_all_else(channel, failures.get()))
    _exit(1);
  if (!drop() || !enter_sandbox(Sandbox::key, error)) {
    say_start(0, "-escrow_key: the process that has it cannot give up its rights " + error);
    _exit(1);
  }
  say_start(0, "+");
  Server(std::move(key), std::move(failures)).serve(0);
  _exit(0);
}

// What the process says when it has its key.
bool await_start(int fd, std::string &error) {
  std::array<char, max_start_answer> text{};
  ssize_t size = recv(fd, text.data(), text.size(), 0);
  if (size > 0 && text[0] == '+')
    return true;
  error = size > 1 ? std::string(text.data() + 1, static_cast<std::size_t>(size) - 1)
                   : "escrow_key: the process that has it does not start";
  return false;
}

} // namespace

KeyProcess::KeyProcess(int fd, CertificatePtr certificate)
    : fd_(fd), certificate_(std::move(certificate)) {}

KeyProcess::~KeyProcess() { (void)close(fd_); }

std::unique_ptr<KeyProcess>
KeyProcess::start(const KeyFiles &files, const std::function<bool()> &drop, std::string &error) {
  int fd = start_helper(
      answer_seconds, [&](int channel) { run(channel, files, drop); }, error);
  if (fd < 0)
    return nullptr;
  CertificatePtr certificate;
  if (await_start(fd, error))
    certificate = load_escrow_certificate(files.certificate, error);
  if (certificate != nullptr)
    return std::unique_ptr<KeyProcess>(new KeyProcess(fd, std::move(certificate)));
  (void)close(fd);
  return nullptr;
}

void KeyProcess::begin_message(std::optional<std::uint64_t> sender) {
  sender_ = sender;
  failures_ = {};
}

bool KeyProcess::ask(const std::string &question, void *answer, std::size_t size) {
  broken_ = broken_ ||
            send(fd_, question.data(), question.size(), MSG_NOSIGNAL) !=
                static_cast<ssize_t>(question.size()) ||
            recv(fd_, answer, size, MSG_TRUNC) != static_cast<ssize_t>(size);
  return !broken_;
}

ContentKey KeyProcess::unwrap(const WrappedKey &wrapped) {
  UnwrapHead head{};
  head.kind = static_cast<std::uint8_t>(wrapped.kind);
  head.key_size = static_cast<std::uint8_t>(wrapped.key_size);
  head.digest = static_cast<std::uint8_t>(wrapped.digest);
  head.mask_digest = static_cast<std::uint8_t>(wrapped.mask_digest);
  head.wrap_size = static_cast<std::uint8_t>(wrapped.wrap_size);
  head.is_counted = sender_ ? 1 : 0;
  head.sender = sender_.value_or(0);
  head.encrypted_size = static_cast<std::uint16_t>(wrapped.encrypted.size());
  head.info_size = static_cast<std::uint16_t>(wrapped.info.size());
  head.point_size = static_cast<std::uint16_t>(wrapped.point.size());
  std::string question(1, unwrap_question);
  question.append(reinterpret_cast<const char *>(&head), sizeof(head));
  append_bytes(question, wrapped.encrypted);
  append_bytes(question, wrapped.info);
  append_bytes(question, wrapped.point);
  ContentKey key(wrapped.key_size);
  if (!ask(question, key.data(), key.size()))
    (void)RAND_bytes(key.data(), static_cast<int>(key.size()));
  return key;
}

void KeyProcess::settle(bool opened) {
  std::string question{settle_question, static_cast<char>(opened)};
  FailureCount count;
  if (ask(question, &count, sizeof(count)) && !opened)
    failures_ = count;
}

} // namespace smime
