//! Keeps the fleet current: one task an engine, each with its own time-out, back-off and error.
