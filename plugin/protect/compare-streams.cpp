#include "plugin/protect/compare-streams.h"

#include "plugin/dovecot/large-read.h"

extern "C" {
#include "istream-private.h"
}

#include <algorithm>
#include <bit>
#include <cstring>

namespace smime {
namespace {

// One side of a comparison: bytes of a stream that are not yet compared.
class Side {
public:
  explicit Side(istream *input) : input_(input) {}

  const unsigned char *begin() const { return data_ + used_; }
  const unsigned char *end() const { return data_ + size_; }
  bool empty() const { return used_ == size_; }
  void use(std::size_t count) { used_ += count; }

  // Makes at least one byte available. False at the end and on errors.
  bool fill() {
    if (!empty())
      return true;
    i_stream_skip(input_, used_);
    used_ = 0;
    return read_large(input_, &data_, &size_);
  }

  // Passes over CRs that belong to a line end, for which the LF stands, or that are the
  // last bytes.
  bool skip_line_end_crs() {
    std::size_t count = 0;
    odd_ = false;
    for (;;) {
      while (used_ + count < size_ && data_[used_ + count] == '\r')
        count++;
      if (used_ + count < size_ || !more(count + 1))
        break;
    }
    bool ends = used_ + count == size_ ? input_->eof : data_[used_ + count] == '\n';
    if (!ends || count == 0)
      return false;
    odd_ = count > 1 || used_ + count == size_;
    used_ += count;
    return true;
  }
  // Whether those that were passed over last are more than one, or at the end.
  bool were_odd() const { return odd_; }

  bool failed(std::string &error) const {
    if (input_->stream_errno == 0)
      return false;
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
    return true;
  }

private:
  bool more(std::size_t count) {
    i_stream_skip(input_, used_);
    used_ = 0;
    return i_stream_read_bytes(input_, &data_, &size_, count) > 0 && size_ >= count;
  }

  istream *input_;
  const unsigned char *data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
  bool odd_ = false;
};

// Whether reading one moves the other below its reader.
bool share_a_parent(const istream *a, const istream *b) {
  for (const istream *x = a; x != nullptr; x = x->real_stream->parent) {
    for (const istream *y = b; y != nullptr; y = y->real_stream->parent) {
      if (x == y)
        return true;
    }
  }
  return false;
}

// How many bytes are equal at the beginning: a line of text, or all.
std::size_t count_equal(const unsigned char *a, const unsigned char *b, std::size_t size) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  constexpr std::size_t longest_line = 128;
  std::size_t count = 0;
  for (; count + word <= size; count += word) {
    std::uint64_t x;
    std::uint64_t y;
    std::memcpy(&x, a + count, word);
    std::memcpy(&y, b + count, word);
    if (x != y) {
      auto zeros = std::endian::native == std::endian::little ? std::countr_zero(x ^ y)
                                                              : std::countl_zero(x ^ y);
      return count + static_cast<std::size_t>(zeros) / 8;
    }
    if (count == longest_line && std::memcmp(a + count, b + count, size - count) == 0)
      return size;
  }
  while (count < size && a[count] == b[count])
    count++;
  return count;
}

// Passes over lines that are equal but for their ends, CR LF in one and LF in the
// other, as they are in what came by LMTP and in most storages. Stops at whatever
// else there is. Returns how many bytes were equal in canonical form.
std::uint64_t skip_equal_lines(Side &with_cr, Side &without) {
  std::uint64_t equal = 0;
  for (;;) {
    const unsigned char *line = without.begin();
    const void *found = std::memchr(line, '\n', static_cast<std::size_t>(without.end() - line));
    if (found == nullptr)
      return equal;
    auto size = static_cast<std::size_t>(static_cast<const unsigned char *>(found) - line);
    const unsigned char *other = with_cr.begin();
    if (static_cast<std::size_t>(with_cr.end() - other) < size + 2 || other[size] != '\r' ||
        other[size + 1] != '\n' || std::memcmp(line, other, size) != 0)
      return equal;
    without.use(size + 1);
    with_cr.use(size + 2);
    equal += size + 1;
  }
}

} // namespace

std::optional<Comparison> compare(istream *a, istream *b, std::string &error) {
  StreamPtr left_copy;
  StreamPtr right_copy;
  if (share_a_parent(a, b)) {
    // These have buffers of their own.
    left_copy.reset(i_stream_create_crlf(a));
    right_copy.reset(i_stream_create_crlf(b));
  }
  allow_large_reads(a);
  allow_large_reads(b);
  Side left(left_copy ? left_copy.get() : a);
  Side right(right_copy ? right_copy.get() : b);
  Comparison result;
  for (;;) {
    bool left_more = left.fill();
    bool right_more = right.fill();
    if (left.failed(error) || right.failed(error))
      return std::nullopt;
    if (!left_more || !right_more) {
      left_more = left_more && !(left.skip_line_end_crs() && !left.fill());
      right_more = right_more && !(right.skip_line_end_crs() && !right.fill());
      result.odd_crs |= left.were_odd() || right.were_odd();
      result.same = left_more == right_more;
      return result;
    }
    if (std::uint64_t lines = skip_equal_lines(left, right); lines > 0) {
      result.offset += lines;
      continue;
    }
    auto room =
        static_cast<std::size_t>(std::min(left.end() - left.begin(), right.end() - right.begin()));
    std::size_t equal = count_equal(left.begin(), right.begin(), room);
    left.use(equal);
    right.use(equal);
    result.offset += equal;
    if (equal == room)
      continue;
    bool skipped = left.skip_line_end_crs();
    skipped = right.skip_line_end_crs() || skipped;
    result.odd_crs |= left.were_odd() || right.were_odd();
    if (equal == 0 && !skipped)
      return result;
  }
}

} // namespace smime
