//! What tests on real engines stand on: engines of their own, images made from the host's
//! busybox, the real binary with a home of its own, and a wire that can be cut at any request.
//!
//! Every engine here runs in namespaces of its own (network, mounts, processes): nothing a
//! test does can touch the host's engine, and when the test's process ends, however it ends,
//! the engine and all that ran on it are gone.
#![allow(dead_code, unreachable_pub)]

pub mod api;
pub mod engine;
pub mod faults;
pub mod image;
pub mod karat;
pub mod proxy;
pub mod registry;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub use api::Api;
pub use engine::Engine;
pub use karat::{Done, Karat, ended};
pub use proxy::{Proxy, Rule, When};

/// Asks until there is an answer.
///
/// # Panics
/// There is none in time.
pub fn until<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            begun.elapsed() < within,
            "{what}: still not after {within:?}"
        );
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// A folder with a short path (sockets allow about 100 characters) that is unique.
pub fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = PathBuf::from(format!("/var/tmp/karat-t-{}-{next}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a folder under /var/tmp");
    path
}

/// Where a program is.
pub fn which(program: &str) -> Option<PathBuf> {
    std::env::var("PATH")
        .unwrap_or_default()
        .split(':')
        .chain(["/usr/sbin", "/sbin"])
        .map(|folder| PathBuf::from(folder).join(program))
        .find(|path| path.is_file())
}

/// Fails loudly where a program that tests need is missing.
///
/// # Panics
/// It is missing.
pub fn needs(program: &str, package: &str) -> PathBuf {
    which(program).unwrap_or_else(|| {
        panic!("this test needs `{program}`: apt-get install {package} (tests/run does)")
    })
}
