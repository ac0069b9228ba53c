//! Where a project comes from: `karat.toml`, Docker contexts, the environment.
