#include "scanner/openpgp/expand.h"

#include <algorithm>
#include <array>
#include <bzlib.h>
#include <zlib.h>

namespace smime {
namespace {

class AsItIs : public Expander {
public:
  bool expand(Bytes &bytes, std::vector<unsigned char> &output) override {
    Bytes piece = bytes.first(std::min(bytes.size(), piece_size));
    output.insert(output.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
    return true;
  }
  bool has_ended() const override { return true; }
};

class Inflate : public Expander {
public:
  explicit Inflate(int window_bits) { working_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~Inflate() override { (void)inflateEnd(&stream_); }
  Inflate(const Inflate &) = delete;
  Inflate &operator=(const Inflate &) = delete;

  bool expand(Bytes &bytes, std::vector<unsigned char> &output) override {
    if (!working_ || ended_)
      return false;
    stream_.next_in = const_cast<unsigned char *>(bytes.data());
    stream_.avail_in = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 1U << 30U));
    stream_.next_out = piece_.data();
    stream_.avail_out = static_cast<unsigned>(piece_.size());
    std::size_t given = stream_.avail_in;
    int result = inflate(&stream_, Z_NO_FLUSH);
    bytes = bytes.subspan(given - stream_.avail_in);
    output.insert(output.end(), piece_.begin(), piece_.end() - stream_.avail_out);
    ended_ = result == Z_STREAM_END;
    working_ = ended_ || result == Z_OK || result == Z_BUF_ERROR;
    return working_ && !ended_;
  }
  bool has_ended() const override { return ended_; }

private:
  z_stream stream_{};
  std::array<unsigned char, piece_size> piece_{};
  bool working_ = false;
  bool ended_ = false;
};

class Bunzip : public Expander {
public:
  Bunzip() { working_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
  ~Bunzip() override { (void)BZ2_bzDecompressEnd(&stream_); }
  Bunzip(const Bunzip &) = delete;
  Bunzip &operator=(const Bunzip &) = delete;

  bool expand(Bytes &bytes, std::vector<unsigned char> &output) override {
    if (!working_ || ended_)
      return false;
    stream_.next_in = reinterpret_cast<char *>(const_cast<unsigned char *>(bytes.data()));
    stream_.avail_in = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 1U << 30U));
    stream_.next_out = reinterpret_cast<char *>(piece_.data());
    stream_.avail_out = static_cast<unsigned>(piece_.size());
    std::size_t given = stream_.avail_in;
    int result = BZ2_bzDecompress(&stream_);
    bytes = bytes.subspan(given - stream_.avail_in);
    output.insert(output.end(), piece_.begin(), piece_.end() - stream_.avail_out);
    ended_ = result == BZ_STREAM_END;
    working_ = ended_ || result == BZ_OK;
    return working_ && !ended_;
  }
  bool has_ended() const override { return ended_; }

private:
  bz_stream stream_{};
  std::array<unsigned char, piece_size> piece_{};
  bool working_ = false;
  bool ended_ = false;
};

constexpr unsigned char uncompressed = 0, zip = 1, zlib = 2, bzip2 = 3;
// RFC 1951, without the header of RFC 1950.
constexpr int raw_deflate = -15;

} // namespace

std::unique_ptr<Expander> make_expander(unsigned char algorithm) {
  switch (algorithm) {
  case uncompressed: return std::make_unique<AsItIs>();
  case zip: return std::make_unique<Inflate>(raw_deflate);
  case zlib: return std::make_unique<Inflate>(MAX_WBITS);
  case bzip2: return std::make_unique<Bunzip>();
  default: return nullptr;
  }
}

Expanded look_into_compressed(Bytes body, std::vector<unsigned char> &output) {
  auto expander = body.empty() ? nullptr : make_expander(body[0]);
  if (expander == nullptr)
    return Expanded::unknown;
  Bytes rest = body.subspan(1);
  // bzip2 gives out nothing before the end of a block.
  static constexpr std::array<unsigned char, 3> bzip2_magic{'B', 'Z', 'h'};
  if (body[0] == bzip2 && !std::equal(bzip2_magic.begin(), bzip2_magic.end(), rest.begin(),
                                      rest.begin() + static_cast<std::ptrdiff_t>(
                                                         std::min<std::size_t>(3, rest.size()))))
    return Expanded::damaged;
  bool goes_on = true;
  while (goes_on && !rest.empty() && output.size() < Expander::piece_size)
    goes_on = expander->expand(rest, output);
  if (!goes_on && !expander->has_ended() && output.empty())
    return Expanded::damaged;
  return output.empty() ? Expanded::nothing_yet : Expanded::something;
}

} // namespace smime
