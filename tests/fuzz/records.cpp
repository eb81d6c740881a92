// needs: base wire
// However a stream is cut, deframer and assembler give the same records and messages.
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/record.h"
using namespace tlsproof::wire;

static tlsproof::Bytes run(tlsproof::ByteView stream, size_t step) {
  RecordDeframer deframer;
  HandshakeAssembler assembler(size_t{1} << 16);
  tlsproof::Bytes log;
  for (size_t at = 0; at < stream.size(); at += step) {
    deframer.push(stream.subspan(at, std::min(step, stream.size() - at)));
    for (RecordView record; deframer.next(record) == RecordDeframer::Next::record;) {
      tlsproof::append(log, record.raw);
      assembler.push(record.fragment, record.index);
      for (HandshakeAssembler::Message m; assembler.next(m) == HandshakeAssembler::Next::message;)
        TLSPROOF_CHECK(m.last_record == record.index && encode_handshake(m.type, m.body, log));
    }
  }
  TLSPROOF_CHECK(deframer.offset() + deframer.pending_len() == stream.size());
  return log;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const tlsproof::ByteView stream(data, size);
  TLSPROOF_CHECK(run(stream, size) == run(stream, size_t{1} + size % 32));
  return 0;
}
