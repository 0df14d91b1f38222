//! Floor 8: one identity at one endpoint, step by step, as a client would.
