// The witness of tests/unit/tls, in this program too.
#include "unit/tls/ssl_peer.cpp"
