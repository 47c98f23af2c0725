"""Events: what rooms announce, the outbox they are written to, and the relay that delivers them."""
