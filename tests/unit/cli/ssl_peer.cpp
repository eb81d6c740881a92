// libssl as the other side: the tests of tls have it.
#include "unit/tls/ssl_peer.cpp"
