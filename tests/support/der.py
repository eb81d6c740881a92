"""Certificates by hand: any bytes where a well-behaved library would refuse them. Signed by the openssl program."""
import base64
import pathlib
import subprocess

UTF8, TELETEX, BMP, PRINTABLE = 0x0C, 0x14, 0x1E, 0x13
COMMON_NAME, ORGANIZATION = "2.5.4.3", "2.5.4.10"


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(raw)]) + raw + body


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytes([first * 40 + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        out += bytes(reversed(digits))
    return tlv(6, out)


def name(*attributes):
    """Of (type, string tag, bytes)."""
    return tlv(0x30, *(tlv(0x31, tlv(0x30, oid(kind), tlv(tag, value))) for kind, tag, value in attributes))


def extension(kind, value):
    return tlv(0x30, oid(kind), tlv(4, value))


ECDSA_SHA256 = tlv(0x30, oid("1.2.840.10045.4.3.2"))
SERVER_AUTH = extension("2.5.29.37", tlv(0x30, oid("1.3.6.1.5.5.7.3.1")))


def alternative_names(*names):
    return extension("2.5.29.17", tlv(0x30, *(tlv(0x82, one) for one in names)))


def certificate(subject, issuer, public_key, issuer_key, *extensions, validity=(b"260101000000Z", b"361231235959Z"), serial=b"\x11\x22\x33"):
    """DER. `public_key`: a SubjectPublicKeyInfo; `issuer_key`: a file with an EC P-256 key."""
    body = tlv(0x30, tlv(0xA0, tlv(2, b"\x02")), tlv(2, serial), ECDSA_SHA256, issuer, tlv(0x30, *(tlv(0x17, t) for t in validity)), subject,
               public_key, tlv(0xA3, tlv(0x30, *extensions)))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(issuer_key)], input=body, check=True, capture_output=True).stdout
    return tlv(0x30, body, ECDSA_SHA256, tlv(3, b"\0", signature))


def public_key(path):
    return subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout


def subject_of(path):
    """The subject of a PEM certificate as DER."""
    der = base64.b64decode("".join(line for line in pathlib.Path(path).read_text().splitlines() if not line.startswith("-")))
    at, fields = header(der, header(der, 0)[0])[0], []
    while len(fields) < 6:
        start = at
        begin, size = header(der, at)
        at = begin + size
        fields.append(der[start:at])
    return fields[5]  # version, serial, signature, issuer, validity, subject


def header(der, at):
    """Where the content at `at` begins, and its length."""
    size = der[at + 1]
    if size < 0x80:
        return at + 2, size
    count = size & 0x7F
    return at + 2 + count, int.from_bytes(der[at + 2:at + 2 + count], "big")


def to_pem(der):
    text = base64.b64encode(der).decode()
    return "-----BEGIN CERTIFICATE-----\n" + "\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + "\n-----END CERTIFICATE-----\n"
