//! Floor 2: what `inspect` shows: certificates, keys and stores put into words and into JSON.
