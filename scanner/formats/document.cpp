#include "scanner/formats/document.h"

#include "scanner/formats/compound-file.h"
#include "scanner/inspection/window.h"

#include <climits>
#include <cstring>
#include <libxml/parser.h>
#include <qpdf/InputSource.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFLogger.hh>
#include <stdexcept>
#include <utility>

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

class Document : public ByteSink {
public:
  Document(Inspection &inspection, Place place)
      : inspection_(inspection), place_(std::move(place)), window_(inspection) {}

  void feed(Bytes bytes) override { window_.feed(bytes); }

protected:
  Inspection &inspection_;
  Place place_;
  Window window_;
};

// A document that an empty user password opens is as readable as any: it has
// only an owner password (ISO 32000-1 section 7.6.3).
class PdfDocument : public Document {
public:
  using Document::Document;

  void finish() override {
    if (inspection_.stopped())
      return;
    try {
      QPDF pdf;
      pdf.setSuppressWarnings(true);
      pdf.setAttemptRecovery(window_.whole());
      pdf.processInputSource(std::make_shared<WindowInput>(window_), "");
      // An empty owner password opens it for us; readers ask for the user's.
      if (pdf.isEncrypted() && !pdf.userPasswordMatched())
        report_encrypted_document(inspection_, place_);
    } catch (const QPDFExc &failure) {
      if (failure.getErrorCode() == qpdf_e_password ||
          failure.getErrorCode() == qpdf_e_unsupported) {
        report_encrypted_document(inspection_, place_);
        return;
      }
      report_unreadable();
    } catch (const std::exception &) {
      report_unreadable();
    }
  }

private:
  void report_unreadable() {
    inspection_.add_uninspectable(place_, window_.whole() ? "damaged-document" : "limit-exceeded");
  }
};

class CompoundFile : public Document {
public:
  using Document::Document;

  void finish() override {
    if (inspection_.stopped())
      return;
    if (!window_.whole()) {
      inspection_.add_uninspectable(place_, "limit-exceeded");
      return;
    }
    switch (inspect_compound_file(window_.head())) {
    case CompoundFileState::encrypted: report_encrypted_document(inspection_, place_); break;
    case CompoundFileState::damaged:
      inspection_.add_uninspectable(place_, "damaged-document");
      break;
    case CompoundFileState::readable: break;
    }
  }
};

void start_element(void *context, const xmlChar *name, const xmlChar *, const xmlChar *, int,
                   const xmlChar **, int, int, const xmlChar **) {
  if (std::strcmp(reinterpret_cast<const char *>(name), "encryption-data") == 0)
    *static_cast<bool *>(context) = true;
}

} // namespace

std::unique_ptr<ByteSink> make_pdf_reader(Inspection &inspection, const Place &place) {
  return std::make_unique<PdfDocument>(inspection, place);
}

std::unique_ptr<ByteSink> make_compound_file_reader(Inspection &inspection, const Place &place) {
  return std::make_unique<CompoundFile>(inspection, place);
}

OdfManifest::~OdfManifest() {
  if (parser_ != nullptr)
    xmlFreeParserCtxt(parser_);
}

void OdfManifest::feed(Bytes bytes) {
  if (parser_ == nullptr) {
    xmlSAXHandler handler{};
    handler.initialized = XML_SAX2_MAGIC;
    handler.startElementNs = start_element;
    parser_ = xmlCreatePushParserCtxt(&handler, &encrypted_, nullptr, 0, nullptr);
    if (parser_ == nullptr)
      return;
    (void)xmlCtxtUseOptions(parser_, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  }
  // libxml2 goes on calling after an error only where it can.
  (void)xmlParseChunk(parser_, reinterpret_cast<const char *>(bytes.data()),
                      static_cast<int>(bytes.size()), 0);
}

bool OdfManifest::says_encrypted() {
  if (parser_ != nullptr)
    (void)xmlParseChunk(parser_, nullptr, 0, 1);
  return encrypted_;
}

void report_encrypted_document(Inspection &inspection, const Place &place) {
  inspection.add_class(MessageClass::encrypted_document);
  inspection.add_uninspectable(place, "encrypted-document");
}

} // namespace smime
