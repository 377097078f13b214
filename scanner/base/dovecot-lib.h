// Dovecot's base library and lib-mail as the scanner uses them.
#ifndef SMIME_DOVECOT_LIB_H
#define SMIME_DOVECOT_LIB_H

#include "smime-config.h"
#undef PACKAGE
#undef PACKAGE_BUGREPORT
#undef PACKAGE_NAME
#undef PACKAGE_STRING
#undef PACKAGE_TARNAME
#undef PACKAGE_URL
#undef PACKAGE_VERSION
#undef VERSION

extern "C" {
#include "config.h"
#include "lib.h"
#include "buffer.h"
#include "scanner/base/fed-stream.h"
#include "istream.h"
#include "istream-unix.h"
#include "message-decoder.h"
#include "message-parser.h"
#include "qp-decoder.h"
#include "rfc2231-parser.h"
#include "rfc822-parser.h"
#include "str.h"
}

namespace smime {

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

} // namespace smime

#endif
