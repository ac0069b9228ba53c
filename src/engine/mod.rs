//! One Docker engine, through bollard: connect, read, send and receive images, build. Knows nothing of environments or plans.
pub mod build;
