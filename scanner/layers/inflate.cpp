#include "scanner/layers/inflate.h"

#include "scanner/base/openssl-ptr.h"

#include <array>
#include <openssl/objects.h>
#include <utility>
#include <zlib.h>

namespace smime {
namespace {

class Inflater : public ByteSink {
public:
  Inflater(Inspection &inspection, Place place, std::unique_ptr<ByteSink> inside)
      : inspection_(inspection), place_(std::move(place)), inside_(std::move(inside)) {
    working_ = inflateInit(&stream_) == Z_OK;
    initialised_ = working_;
  }
  ~Inflater() override {
    if (initialised_)
      (void)inflateEnd(&stream_);
  }

  void feed(Bytes bytes) override {
    stream_.next_in = const_cast<unsigned char *>(bytes.data());
    stream_.avail_in = static_cast<unsigned>(bytes.size());
    do {
      if (!working_ || ended_ || inspection_.stopped())
        return;
      stream_.next_out = output_.data();
      stream_.avail_out = static_cast<unsigned>(output_.size());
      int ret = inflate(&stream_, Z_NO_FLUSH);
      std::size_t size = output_.size() - stream_.avail_out;
      if (size > 0)
        inside_->feed({output_.data(), size});
      ended_ = ret == Z_STREAM_END;
      working_ = ret == Z_OK || ret == Z_STREAM_END || ret == Z_BUF_ERROR;
    } while (stream_.avail_out == 0);
  }

  void finish() override {
    if (!ended_ && !inspection_.stopped()) {
      inspection_.add_malformed("damaged-compression", place_.path,
                                "The compressed content is damaged or cut off.");
      inspection_.add_uninspectable(place_, "malformed");
    }
    inside_->finish();
  }

private:
  Inspection &inspection_;
  Place place_;
  std::unique_ptr<ByteSink> inside_;
  z_stream stream_{};
  std::array<unsigned char, 16384> output_{};
  bool initialised_ = false;
  bool working_ = false;
  bool ended_ = false;
};

} // namespace

std::unique_ptr<ByteSink> make_inflater(Inspection &inspection, const Place &place, Bytes algorithm,
                                        std::unique_ptr<ByteSink> inside) {
  const unsigned char *at = algorithm.data();
  AlgorithmPtr parsed(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm.size())));
  const ASN1_OBJECT *object = nullptr;
  if (parsed != nullptr)
    X509_ALGOR_get0(&object, nullptr, nullptr, parsed.get());
  if (object == nullptr || OBJ_obj2nid(object) != NID_zlib_compression)
    return nullptr;
  return std::make_unique<Inflater>(inspection, place, std::move(inside));
}

} // namespace smime
