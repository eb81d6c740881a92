#include "tlsproof/wire/msg/certificate.h"

namespace tlsproof::wire {

// opaque ASN.1Cert<1..2^24-1>;
// struct { ASN.1Cert certificate_list<0..2^24-1>; } Certificate;  (RFC 5246 §7.4.2)
bool decode(Reader& r, Certificate12& out) {
  out.certificates.clear();
  Reader list = r;
  if (!r.sub24(list, "Certificate.certificate_list")) return false;
  while (!list.empty()) {
    ByteView certificate;
    if (!list.opaque24(certificate, "Certificate.certificate_list.certificate", 1)) return false;
    out.certificates.push_back(certificate);
  }
  return true;
}

void encode(const Certificate12& in, Writer& w) {
  w.prefixed24([&] {
    for (size_t i = 0; i < in.certificates.size(); ++i) w.opaque24(in.certificates[i]);
  });
}

size_t Certificate12::offset_of(size_t i) const {
  size_t offset = 3;  // the length of certificate_list
  for (size_t before = 0; before < i; ++before) offset += 3 + certificates[before].size();
  return offset + 3;
}

// struct {
//   opaque cert_data<1..2^24-1>;
//   Extension extensions<0..2^16-1>;
// } CertificateEntry;
// struct {
//   opaque certificate_request_context<0..2^8-1>;
//   CertificateEntry certificate_list<0..2^24-1>;
// } Certificate;                                (RFC 8446 §4.4.2)
bool decode(Reader& r, Certificate13& out) {
  out.clear();
  Reader list = r;
  if (!decode_opaque8(r, out.certificate_request_context, "Certificate.certificate_request_context") ||
      !r.sub24(list, "Certificate.certificate_list"))
    return false;
  while (!list.empty()) {
    ByteView certificate;
    Reader extensions = list;
    if (!list.opaque24(certificate, "CertificateEntry.cert_data", 1) ||
        !list.sub16(extensions, "CertificateEntry.extensions"))
      return false;
    out.add(certificate, extensions.peek());
    if (!check_extension_entries(extensions)) return false;
  }
  return true;
}

void encode(const Certificate13& in, Writer& w) {
  w.opaque8(in.certificate_request_context);
  w.prefixed24([&] {
    for (size_t i = 0; i < in.certificates.size(); ++i) {
      w.opaque24(in.certificates[i]);
      w.opaque16(in.extension_blocks[i]);
    }
  });
}

void Certificate13::add(ByteView certificate, ByteView extension_block) {
  certificates.push_back(certificate);
  extension_blocks.push_back(extension_block);
}

void Certificate13::add(ByteView certificate, const ExtensionList& extensions) {
  Bytes block;
  Writer w(block);
  encode_extension_entries(extensions, w);
  add(certificate, block);
}

void Certificate13::set_extensions(size_t i, const ExtensionList& extensions) {
  Bytes block;
  Writer w(block);
  encode_extension_entries(extensions, w);
  extension_blocks.set(i, block);
}

void Certificate13::erase(size_t i) {
  certificates.erase(i);
  extension_blocks.erase(i);
}

void Certificate13::clear() {
  certificate_request_context.clear();
  certificates.clear();
  extension_blocks.clear();
}

bool Certificate13::extensions_of(size_t i, ExtensionList& out) const {
  ParseError error;
  Reader r(extension_blocks[i], error, extensions_offset_of(i));
  return decode_extension_entries(r, out);
}

size_t Certificate13::offset_of(size_t i) const {
  size_t offset = 1 + certificate_request_context.size() + 3;
  for (size_t before = 0; before < i; ++before)
    offset += 3 + certificates[before].size() + 2 + extension_blocks[before].size();
  return offset + 3;
}

size_t Certificate13::extensions_offset_of(size_t i) const {
  return offset_of(i) + certificates[i].size() + 2;
}

}  // namespace tlsproof::wire
