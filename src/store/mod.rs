//! What this machine remembers, in SQLite: history, the last known fleet, operations under way. A cache and a hint, never the authority: it may be deleted at any time.
