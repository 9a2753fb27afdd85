"""TLS: certificates from files or from an ACME server, renewed and changed while connections go on."""
