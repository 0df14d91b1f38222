//! Floor 7: what a TLS endpoint shows to whoever connects, without trusting it and without sending it anything.
