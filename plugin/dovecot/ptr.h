// RAII for Dovecot's objects, and the guard that keeps C++ exceptions out of C
// frames.
#ifndef SMIME_DOVECOT_PTR_H
#define SMIME_DOVECOT_PTR_H

#include "plugin/dovecot/compat.h"

#include <exception>
#include <memory>
#include <utility>

namespace smime {

struct StreamUnref {
  void operator()(istream *stream) const { i_stream_unref(&stream); }
};
using StreamPtr = std::unique_ptr<istream, StreamUnref>;

struct OstreamUnref {
  void operator()(ostream *stream) const { o_stream_unref(&stream); }
};
using OstreamPtr = std::unique_ptr<ostream, OstreamUnref>;

struct MailboxFree {
  void operator()(mailbox *box) const { mailbox_free(&box); }
};
using MailboxPtr = std::unique_ptr<mailbox, MailboxFree>;

struct SearchArgsUnref {
  void operator()(mail_search_args *args) const { mail_search_args_unref(&args); }
};
using SearchArgsPtr = std::unique_ptr<mail_search_args, SearchArgsUnref>;

struct EventUnref {
  void operator()(event *e) const { event_unref(&e); }
};
using EventPtr = std::unique_ptr<event, EventUnref>;

// A data stack frame that ends with the scope (T_BEGIN and T_END in C).
class DataStackFrame {
public:
  DataStackFrame() : id_(t_push("smime")) {}
  ~DataStackFrame() { (void)t_pop(&id_); }
  DataStackFrame(const DataStackFrame &) = delete;
  DataStackFrame &operator=(const DataStackFrame &) = delete;

private:
  data_stack_frame_t id_;
};

// A mailbox transaction that is rolled back unless it was committed. Its
// mailbox must be open before and outlive it.
class Transaction {
public:
  Transaction(mailbox *box, mailbox_transaction_flags flags, const char *reason)
      : transaction_(mailbox_transaction_begin(box, flags, reason)) {}
  ~Transaction() {
    if (transaction_ != nullptr)
      mailbox_transaction_rollback(&transaction_);
  }
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;

  mailbox_transaction_context *get() const { return transaction_; }
  // The caller's, to commit or to roll back.
  mailbox_transaction_context *release() { return std::exchange(transaction_, nullptr); }
  // Returns 0 once everything is on disk, -1 with the storage's error set.
  int commit() { return mailbox_transaction_commit(&transaction_); }

private:
  mailbox_transaction_context *transaction_;
};

// Runs a callback's body; an exception (nothing but a lack of memory is
// expected) is logged and becomes on_error.
template <typename Result, typename Body>
Result guarded(const char *what, Result on_error, Body body) noexcept {
  try {
    return body();
  } catch (const std::exception &problem) {
    i_error("smime: %s failed: %s", what, problem.what());
  } catch (...) {
    i_error("smime: %s failed", what);
  }
  return on_error;
}

} // namespace smime

#endif
