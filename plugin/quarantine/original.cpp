#include "plugin/quarantine/original.h"

#include "common/report.h"
#include "common/sha256.h"
#include "plugin/dovecot/joined-stream.h"
#include "plugin/dovecot/large-read.h"
#include "plugin/protect/protected-content.h"
#include "plugin/quarantine/identity.h"

#include <string_view>
#include <vector>

extern "C" {
#include "istream-base64.h"
#include "istream-sized.h"
}

namespace smime {
namespace {

constexpr unsigned base64_line = 76;
// What parse_block() looks through, less the header before an encoded original.
constexpr std::size_t block_limit = max_block_size - 16 * 1024;

std::string read_error(const istream *input) {
  return std::string("reading the message failed: ") +
         i_stream_get_error(const_cast<istream *>(input));
}

// The beginning of a stream, which is left there.
std::string_view peek(istream *input, std::size_t size) {
  i_stream_seek(input, 0);
  const unsigned char *data;
  std::size_t there;
  (void)i_stream_read_bytes(input, &data, &there, size);
  return {reinterpret_cast<const char *>(data), there};
}

std::string canonical_digest(istream *input, std::string &error) {
  auto digest = digest_stream(input, error);
  return digest ? to_hex(*digest) : std::string();
}

std::string exact_digest(istream *input, std::string &error) {
  Sha256 sha256;
  if (read_rest(input, [&](const unsigned char *data, std::size_t size) {
        sha256.update({data, size});
      }))
    return to_hex(sha256.result());
  error = read_error(input);
  return {};
}

// A record that could not be read back would hide its message for ever.
void shorten_report(QuarantineRecord &record) {
  std::string ignored;
  Report shortened;
  if (auto report = report_from_json(record.report, ignored)) {
    shortened.classes = report->classes;
    shortened.scan = report->scan;
    shortened.size = report->size;
  }
  shortened.errors.push_back({"report-shortened", "", "The report is too large to be kept", {}});
  record.report = to_json(shortened);
}

} // namespace

std::optional<OriginalFacts> read_original_facts(istream *original, const std::string &session,
                                                 std::string &error) {
  OriginalFacts facts;
  ByteScan scan;
  Sha256 exact;
  Sha256 lasting;
  std::size_t skip = trace_size(peek(original, max_trace_size), session);
  i_stream_seek(original, 0);
  if (!read_rest(original, [&](const unsigned char *data, std::size_t size) {
        scan.update({data, size});
        exact.update({data, size});
        std::size_t skipped = std::min(skip, size);
        lasting.update({data + skipped, size - skipped});
        skip -= skipped;
      })) {
    error = read_error(original);
    return std::nullopt;
  }
  facts.bytes = scan.facts();
  facts.exact_sha256 = to_hex(exact.result());
  facts.lasting_sha256 = to_hex(lasting.result());
  if (facts.bytes.crlf && !facts.bytes.bare_lf && !facts.bytes.bare_cr) {
    facts.canonical_sha256 = facts.exact_sha256;
    return facts;
  }
  i_stream_seek(original, 0);
  facts.canonical_sha256 = canonical_digest(original, error);
  return facts.canonical_sha256.empty() ? std::nullopt : std::optional(facts);
}

HeldMessage::HeldMessage(QuarantineRecord &record, istream *original, HeldForm form) {
  bool encoded = form != HeldForm::plain;
  record.encoding = encoded ? "base64" : "";
  std::string head = format_block(record);
  if (head.size() > block_limit) {
    shorten_report(record);
    head = format_block(record);
  }
  if (encoded)
    head += format_encoded_head(form == HeldForm::encoded ? peek(original, max_trace_size)
                                                          : std::string_view());
  i_stream_seek(original, 0);
  StreamPtr body;
  if (encoded)
    body.reset(i_stream_create_base64_encoder(original, base64_line, TRUE));
  stream_ = join(head, encoded ? body.get() : original);
}

StreamPtr open_original(istream *stored, const ParsedBlock &block) {
  i_stream_seek(stored, block.size);
  StreamPtr rest(i_stream_create_limit(stored, UOFF_T_MAX));
  if (!block.is_encoded())
    return rest;
  return StreamPtr(i_stream_create_base64_decoder(rest.get()));
}

StreamPtr open_sized_original(istream *stored, const ParsedBlock &block) {
  uoff_t size;
  bool known =
      !block.is_encoded() && i_stream_get_size(stored, TRUE, &size) > 0 && size >= block.size;
  StreamPtr original = open_original(stored, block);
  return known ? StreamPtr(i_stream_create_sized(original.get(), size - block.size))
               : std::move(original);
}

bool is_original(istream *stored, const ParsedBlock &block, std::string &error) {
  // Where the storage may have made lines end in another way, the bytes as they were cannot be
  // had, and nothing but line ends differs.
  bool exact = block.is_encoded() && !block.record.exact_sha256.empty();
  StreamPtr original = open_original(stored, block);
  std::string digest =
      exact ? exact_digest(original.get(), error) : canonical_digest(original.get(), error);
  const std::string &expected = exact ? block.record.exact_sha256 : block.record.sha256;
  if (digest.empty() || digest == expected)
    return !digest.empty();
  error = "the stored message is not the original any more (its SHA-256 is " + digest +
          ", X-SMIME-Quarantine-" + (exact ? "Exact-" : "") + "SHA256 says " + expected +
          "); it stays in the quarantine";
  return false;
}

} // namespace smime
