// Takes a CMS object (RFC 5652) apart while it flows by: what is before its
// content, the content itself, what is behind it. OpenSSL reads CMS only from
// memory; here memory holds everything but the content, which goes on in
// pieces, and OpenSSL then gets the object with its content left out.
#ifndef SMIME_CMS_STREAM_H
#define SMIME_CMS_STREAM_H

#include "common/byte-sink.h"
#include "scanner/cms/type.h"

#include <cstdint>
#include <vector>

namespace smime {

// What is known when the content begins.
struct CmsHead {
  CmsType type = CmsType::none;
  // DER of the encapsulated content's type (an OBJECT IDENTIFIER).
  Bytes content_type;
  // DER of the AlgorithmIdentifier that made the content unreadable; empty for
  // content that is there as it is.
  Bytes algorithm;
  // The elements of the inner SEQUENCE from its version on, up to the content's
  // own SEQUENCE.
  Bytes before;
};

// What is done with the content. head is valid during the call only.
class CmsContentSink {
public:
  virtual ~CmsContentSink() = default;
  virtual void content_begins(const CmsHead &head) = 0;
  virtual void content(Bytes bytes) = 0;
  virtual void content_ends() = 0;
};

class CmsStream {
public:
  explicit CmsStream(CmsContentSink &sink) : sink_(sink) {}

  void feed(Bytes bytes);
  void finish();
  // Reads what there is of the head, however little. For an object of which no
  // more will come.
  void settle() {
    if (state_ == State::head)
      try_head(true);
  }

  // Known after finish(), mostly earlier.
  CmsType type() const { return head_.type; }
  bool has_content() const { return has_content_; }
  // Whether the object was whole: each length and end fitted.
  bool whole() const { return state_ == State::done; }
  // Behind the object stands more than padding, which no reader of CMS looks at.
  bool has_more_behind() const { return has_more_behind_; }
  // Of a type that OpenSSL does not read: it is known what is in it, and no more.
  bool is_foreign() const { return !object_type_.empty() && !is_openssl_type(object_type_); }
  // Something was too long to be kept: max_cms_head or max_cms_trailer.
  bool over_limit() const { return over_limit_; }
  // The object without its content, as BER; empty unless whole().
  const std::vector<unsigned char> &skeleton() const { return skeleton_; }
  // Where in the skeleton of a SignedData its certificates are ([0] IMPLICIT
  // CertificateSet, as an element of definite length); empty if they are not
  // there, or in another form.
  Bytes certificates() const {
    return Bytes(skeleton_).subspan(certificates_at_, certificates_size_);
  }
  // The elements behind the content's own SEQUENCE, up to the end of the inner one.
  Bytes after() const { return Bytes(skeleton_).subspan(after_at_, after_size_); }
  Bytes algorithm() const { return head_.algorithm; }
  Bytes before() const { return head_.before; }

private:
  enum class State : std::uint8_t { head, content, trailer, done, broken };
  // A constructed element that is open; end is an offset in the object.
  struct Level {
    bool indefinite = false;
    std::uint64_t end = 0;
  };

  void try_head(bool last);
  bool read_head(Bytes bytes);
  bool read_inner(Bytes bytes, std::uint64_t offset);
  bool read_encapsulated(Bytes bytes, std::uint64_t offset);
  bool begin_content(Bytes bytes, std::uint64_t offset);
  void take_content(Bytes bytes);
  bool take_string_header(unsigned char byte);
  void end_content();
  void take_trailer(Bytes bytes);
  bool close_level(const Level &level, Bytes &rest, std::uint64_t &at);
  bool read_trailer();
  void look_behind(Bytes rest);
  void make_skeleton(Bytes rest);

  CmsContentSink &sink_;
  State state_ = State::head;
  bool has_content_ = false;
  bool over_limit_ = false;
  bool has_more_behind_ = false;
  std::vector<unsigned char> buffer_; // the head
  std::vector<unsigned char> trailer_;
  std::vector<unsigned char> skeleton_;
  std::size_t certificates_at_ = 0;
  std::size_t certificates_size_ = 0;
  std::size_t after_at_ = 0;
  std::size_t after_size_ = 0;
  std::size_t next_try_ = 0;
  CmsHead head_;
  Bytes object_type_;
  Level inner_;        // SignedData and the like
  Level encapsulated_; // EncapsulatedContentInfo, EncryptedContentInfo
  Level explicit_;     // eContent's [0]
  bool has_explicit_ = false;
  std::uint64_t content_start_ = 0;
  std::uint64_t offset_ = 0; // behind what was taken of the content
  std::vector<Level> strings_;
  std::uint64_t chunk_ = 0;
  std::vector<unsigned char> header_;
};

} // namespace smime

#endif
