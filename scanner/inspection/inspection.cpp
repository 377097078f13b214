#include "scanner/inspection/inspection.h"

#include "scanner/base/charset-text.h"

#include <strings.h>
#include <string_view>
#include <algorithm>
#include <array>
#include <utility>

namespace smime {

bool Place::has_mail_name() const {
  static constexpr std::array<std::string_view, 12> endings{".eml",   ".emlx", ".emltpl", ".mht",
                                                            ".mhtml", ".msg",  ".mbox",   ".mbx",
                                                            ".mbs",   ".nws",  ".mime",   ".mim"};
  // Readers look past blanks and dots behind a name, as file systems do.
  std::string_view end = name;
  end = end.substr(0, end.find_last_not_of(" .\t\r\n") + 1);
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
    return end.size() >= ending.size() &&
           strncasecmp(end.data() + end.size() - ending.size(), ending.data(), ending.size()) == 0;
  });
}

std::size_t ShownBudget::borrow(std::size_t wanted) {
  std::size_t granted = std::min(wanted, max_kept_texts - borrowed_);
  borrowed_ += granted;
  return granted;
}

bool ShownBudget::bound(std::string &text, std::size_t most, std::size_t &left) {
  bool is_cut = cut_utf8(text, std::min(most, left));
  left -= text.size();
  return is_cut;
}

Inspection::Inspection(const Limits &limits, const Tools &tools)
    : limits_(limits), tools_(tools), started_(std::clock()) {}

template <typename T> void Inspection::append(std::vector<T> &list, T entry) {
  if (list.size() < Report::max_list)
    list.push_back(std::move(entry));
  else
    report_.dropped++;
}

void Inspection::add_layer(Layer layer) { append(report_.layers, std::move(layer)); }

void Inspection::add_uninspectable(const Place &place, const std::string &reason) {
  bool known = std::any_of(
      report_.uninspectable.begin(), report_.uninspectable.end(), [&](const Uninspectable &other) {
        return other.path == place.path && other.reason == reason && other.name == place.name;
      });
  if (!known)
    append(report_.uninspectable, Uninspectable{place.path, reason, place.type, place.name});
  if (tools_.inside != nullptr)
    reasons_[{place.path, place.name}] = reason;
}

void Inspection::add_unrecognised(const Place &place, const std::string &text) {
  unrecognised_++;
  add_uninspectable(place, "unrecognised");
  add_error("unrecognised", place.path, text);
}

void Inspection::explain_unrecognised(const Place &document) {
  const std::string inside = document.name + "/";
  auto explained = [&](const Uninspectable &part) {
    return part.reason == "unrecognised" && part.path == document.path &&
           part.name.starts_with(inside);
  };
  auto said = [&](const ReportError &error) {
    return error.code == "unrecognised" && error.path == document.path &&
           error.text.starts_with(inside);
  };
  unrecognised_ -= std::erase_if(report_.uninspectable, explained);
  (void)std::erase_if(report_.errors, said);
}

std::string Inspection::reason_of(const Place &place) const {
  auto found = reasons_.find({place.path, place.name});
  return found == reasons_.end() ? "" : found->second;
}

void Inspection::record_part(InsidePart part) { tools_.inside->parts.push_back(std::move(part)); }

void Inspection::record_field(HeaderField field) {
  if (tools_.inside->header.size() < max_header_fields)
    tools_.inside->header.push_back(std::move(field));
  else
    tools_.inside->header_dropped++;
}

// Once it is known who read them.
void Inspection::settle_parts() {
  std::vector<InsidePart> &parts = tools_.inside->parts;
  std::sort(parts.begin(), parts.end(),
            [](const InsidePart &a, const InsidePart &b) { return a.number < b.number; });
  for (InsidePart &part : parts) {
    if (part.state == "read")
      part.by = report_.scan_engine.empty() ? "nobody" : report_.scan_engine;
  }
}

void Inspection::add_error(const std::string &code, const std::string &path,
                           const std::string &text, const std::string &remedy) {
  append(report_.errors, ReportError{code, path, text, remedy});
}

void Inspection::add_malformed(const std::string &code, const std::string &path,
                               const std::string &text) {
  add_class(MessageClass::malformed);
  add_error(code, path, text);
}

void Inspection::add_signature(LayerSignature layer) {
  if (signatures_.layers.size() < SignatureFindings::max_layers) {
    signatures_.layers.push_back(std::move(layer));
    return;
  }
  if (signatures_.errors.empty() || signatures_.errors.back().code != "too-many-layers")
    signatures_.errors.push_back({"too-many-layers", layer.path,
                                  "The message has more signatures than are looked at.",
                                  "Look at the message's source."});
}

void Inspection::add_protected(ProtectedEntity entity) {
  if (report_.protected_entities.size() < Report::max_list)
    report_.protected_entities.push_back(std::move(entity));
  else
    drop_protected(1);
}

void Inspection::drop_protected(std::uint64_t count) {
  report_.protected_dropped += count;
  report_.dropped += count;
}

void Inspection::note_strong() {
  if (report_.strength == Strength::unknown)
    report_.strength = Strength::strong;
}

void Inspection::note_weak(const std::string &path, const std::string &why) {
  report_.strength = Strength::weak;
  add_error("weak-algorithm", path, "Weak by RFC 8551: " + why + ".");
}

// Infected is worst; an engine that failed is worse than a part that it cannot
// read, because it may have missed what it could.
void Inspection::add_verdict(const Place &place, const EngineVerdict &verdict) {
  static constexpr auto rank = [](ScanVerdict v) {
    switch (v) {
    case ScanVerdict::not_scanned: return 0;
    case ScanVerdict::clean: return 1;
    case ScanVerdict::uninspectable: return 2;
    case ScanVerdict::error: return 3;
    case ScanVerdict::infected: return 4;
    }
    return 4;
  };
  if (verdict.verdict == ScanVerdict::uninspectable)
    add_uninspectable(place, "engine-limit");
  if (verdict.verdict == ScanVerdict::uninspectable || verdict.verdict == ScanVerdict::error)
    add_error(verdict.verdict == ScanVerdict::error ? "engine-failed" : "engine-uninspectable",
              place.path, verdict.engine + ": " + verdict.text);
  report_.scan_engine = verdict.engine;
  if (rank(verdict.verdict) <= rank(report_.scan))
    return;
  report_.scan = verdict.verdict;
  report_.scan_name = verdict.verdict == ScanVerdict::clean ? "" : verdict.text;
}

void Inspection::stop(const Place &place, const std::string &setting, std::uint64_t value,
                      const std::string &what) {
  if (stopped_)
    return;
  stopped_ = true;
  want_labels();
  add_malformed("limit-exceeded", place.path,
                what + " (" + setting + "=" + std::to_string(value) +
                    "); the rest was not looked into.");
  add_uninspectable(place, "limit-exceeded");
}

void Inspection::add_labels(const Place &place, const FoundLabels &found) {
  if (!labels_count_ && !report_.classes.has(MessageClass::malformed))
    return;
  static constexpr std::array<std::pair<MessageClass, const char *>, 3> reasons{{
      {MessageClass::encrypted, "smime-encrypted"},
      {MessageClass::pgp_encrypted, "pgp-encrypted"},
      {MessageClass::encrypted_archive, "encrypted-archive"},
  }};
  for (const auto &[c, reason] : reasons) {
    if (!found.classes.has(c) || report_.classes.has(c))
      continue;
    add_class(c);
    add_uninspectable(place, reason);
  }
  if (found.is_incomplete)
    add_uninspectable(place, "limit-exceeded");
  // Where it is, is not known.
  if (found.is_protected || found.is_incomplete)
    drop_protected(1);
}

bool Inspection::count_expanded(const Place &place, std::size_t bytes) {
  expanded_ += bytes;
  if (expanded_ > limits_.max_expanded_size)
    stop(place, "max_expanded_size", limits_.max_expanded_size,
         "More comes out of its layers and archives than is allowed");
  return !stopped_;
}

bool Inspection::count_part(const Place &place) {
  if (++parts_ > limits_.max_parts)
    stop(place, "max_parts", limits_.max_parts, "There are more parts than are allowed");
  return !stopped_;
}

bool Inspection::enter_layer(const Place &place) {
  if (++layers_ > limits_.max_layers)
    stop(place, "max_layers", limits_.max_layers, "Layers or archives nest deeper than is allowed");
  return !stopped_;
}

bool Inspection::enter_reading(const Place &place) {
  if (readings_ < max_readings) {
    readings_++;
    return true;
  }
  add_malformed("too-many-readings", place.path,
                "The message can be read in more ways than are followed.");
  add_uninspectable(place, "malformed");
  return false;
}

bool Inspection::in_time(const Place &place) {
  if (stopped_)
    return false;
  bool is_over =
      std::clock() - started_ > static_cast<std::clock_t>(limits_.timeout) * CLOCKS_PER_SEC ||
      std::chrono::steady_clock::now() - arrived_ > std::chrono::seconds(limits_.timeout);
  if (is_over)
    stop(place, "timeout", limits_.timeout, "The message takes more seconds than are allowed");
  return !stopped_;
}

std::size_t Inspection::borrow(std::size_t wanted) {
  std::size_t left = limits_.max_document_size > borrowed_
                         ? static_cast<std::size_t>(limits_.max_document_size) - borrowed_
                         : 0;
  std::size_t granted = std::min(wanted, left);
  borrowed_ += granted;
  return granted;
}

bool Inspection::keep_sealed(std::size_t bytes) {
  if (bytes > limits_.max_opened_size - std::min<std::uint64_t>(sealed_, limits_.max_opened_size))
    return false;
  sealed_ += bytes;
  return true;
}

Report Inspection::finish(std::uint64_t size) {
  report_.size = size;
  if (is_signed_)
    report_.signature = SignatureStatus::signed_;
  if (tools_.verifier != nullptr)
    judge(std::move(signatures_), *tools_.verifier, report_);
  // What could not be looked into is never called clean.
  if (!report_.uninspectable.empty() &&
      (report_.scan == ScanVerdict::not_scanned || report_.scan == ScanVerdict::clean)) {
    report_.scan = ScanVerdict::uninspectable;
    report_.scan_name.clear();
  }
  if (unrecognised_ > 0)
    add_class(MessageClass::unrecognised);
  if (report_.classes.empty())
    report_.classes.add(MessageClass::plain);
  if (tools_.inside != nullptr)
    settle_parts();
  return std::move(report_);
}

} // namespace smime
