"""Other people's TLS servers, privately on free loopback ports: one file a stack."""
