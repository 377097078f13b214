#include "scanner/formats/pdf.h"

#include "scanner/formats/document.h"
#include "scanner/formats/pdf-files.h"
#include "scanner/formats/pdf-skim.h"

#include <climits>
#include <new>
#include <qpdf/InputSource.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFExc.hh>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace smime {
namespace {

// What qpdf reads from: throws where the copy has a gap.
class WindowInput : public InputSource {
public:
  explicit WindowInput(const Window &window) : window_(window) {}

  qpdf_offset_t findAndSkipNextEOL() override {
    unsigned char c = 0;
    bool in_line_end = false;
    for (auto at = offset_; read_byte(at, c); at++) {
      bool line_end = c == '\r' || c == '\n';
      if (in_line_end && !line_end) {
        offset_ = at;
        return line_end_;
      }
      if (line_end && !in_line_end) {
        in_line_end = true;
        line_end_ = at;
      }
    }
    offset_ = static_cast<qpdf_offset_t>(window_.size());
    return in_line_end ? line_end_ : offset_;
  }
  std::string const &getName() const override { return name_; }
  qpdf_offset_t tell() override { return offset_; }
  void seek(qpdf_offset_t offset, int whence) override {
    qpdf_offset_t base = whence == SEEK_SET   ? 0
                         : whence == SEEK_CUR ? offset_
                                              : static_cast<qpdf_offset_t>(window_.size());
    if ((offset > 0 && base > LLONG_MAX - offset) || base + offset < 0)
      throw std::runtime_error("seek out of range");
    offset_ = base + offset;
  }
  void rewind() override { offset_ = 0; }
  size_t read(char *buffer, size_t length) override {
    std::size_t done = 0;
    last_offset = offset_;
    while (done < length) {
      auto at = static_cast<std::uint64_t>(offset_);
      if (window_.in_gap(at))
        throw std::length_error("beyond max_document_size");
      std::size_t size =
          window_.read(at, reinterpret_cast<unsigned char *>(buffer) + done, length - done);
      if (size == 0)
        break;
      done += size;
      offset_ += static_cast<qpdf_offset_t>(size);
    }
    return done;
  }
  void unreadCh(char) override {
    if (offset_ > 0)
      offset_--;
  }

private:
  bool read_byte(qpdf_offset_t offset, unsigned char &c) const {
    if (window_.in_gap(static_cast<std::uint64_t>(offset)))
      throw std::length_error("beyond max_document_size");
    return window_.read(static_cast<std::uint64_t>(offset), &c, 1) == 1;
  }

  const Window &window_;
  std::string name_ = "PDF";
  qpdf_offset_t offset_ = 0;
  qpdf_offset_t line_end_ = 0;
};

// The word of a trailer in one of the two ends of a document that is too large to be kept.
bool says_encrypted(const Window &window) {
  constexpr std::string_view word = "/Encrypt";
  constexpr std::string_view longer_word = "/EncryptMetadata";
  constexpr std::size_t piece_size = 65536;
  constexpr std::uint64_t gap_step = 512;
  std::vector<char> piece(piece_size);
  for (std::uint64_t at = 0; at < window.size();) {
    std::size_t size =
        window.read(at, reinterpret_cast<unsigned char *>(piece.data()), piece.size());
    if (size == 0) {
      at += gap_step;
      continue;
    }
    std::string_view text(piece.data(), size);
    for (auto found = text.find(word); found != std::string_view::npos;
         found = text.find(word, found + 1)) {
      if (!text.substr(found).starts_with(longer_word))
        return true;
    }
    // A word may straddle two pieces.
    at += size > longer_word.size() ? size - longer_word.size() : size;
  }
  return false;
}

// A document that an empty user password opens is as readable as any: it has
// only an owner password (ISO 32000-1 section 7.6.3).
class PdfDocument : public Document {
public:
  PdfDocument(Inspection &inspection, const Place &place, PdfEvidence evidence)
      : Document(inspection, place), evidence_(evidence), skim_(inspection, place_) {}

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void read();
  void report_unreadable();

  PdfEvidence evidence_;
  PdfSkim skim_;
  bool is_open_ = false;
};

// What is kept whole is not skimmed.
void PdfDocument::feed(Bytes bytes) {
  bool was_whole = window_.whole();
  window_.feed(bytes);
  if (window_.whole())
    return;
  if (was_whole) {
    skim_.feed(window_.head());
    bytes = bytes.last(static_cast<std::size_t>(window_.size() - window_.head().size()));
  }
  skim_.feed(bytes);
}

void PdfDocument::finish() {
  if (inspection_.stopped())
    return;
  try {
    read();
  } catch (const QPDFExc &failure) {
    if (failure.getErrorCode() == qpdf_e_password || failure.getErrorCode() == qpdf_e_unsupported)
      report_encrypted_document(inspection_, place_);
    else
      report_unreadable();
  } catch (const std::length_error &) {
    if (!is_open_ && says_encrypted(window_))
      report_encrypted_document(inspection_, place_);
    else if (!inspection_.stopped())
      inspection_.add_uninspectable(place_, "limit-exceeded");
  } catch (const std::bad_alloc &) {
    inspection_.add_uninspectable(place_, "limit-exceeded");
  } catch (const std::exception &) {
    report_unreadable();
  }
}

void PdfDocument::read() {
  QPDF pdf;
  pdf.setSuppressWarnings(true);
  pdf.setAttemptRecovery(window_.whole());
  pdf.processInputSource(std::make_shared<WindowInput>(window_), "");
  // An empty owner password opens it for us; readers ask for the user's.
  if (pdf.isEncrypted() && !pdf.userPasswordMatched()) {
    report_encrypted_document(inspection_, place_);
    return;
  }
  is_open_ = true;
  if (window_.whole())
    PdfFiles(inspection_, place_, pdf).read(window_.head());
  else if (skim_.may_have_files())
    throw std::length_error("beyond max_document_size");
}

void PdfDocument::report_unreadable() {
  if (inspection_.stopped() || (evidence_ == PdfEvidence::header_alone && !is_open_))
    return;
  inspection_.add_uninspectable(place_, window_.whole() ? "damaged-document" : "limit-exceeded");
}

} // namespace

std::unique_ptr<ByteSink> make_pdf_reader(Inspection &inspection, const Place &place,
                                          PdfEvidence evidence) {
  return std::make_unique<PdfDocument>(inspection, place, evidence);
}

} // namespace smime
