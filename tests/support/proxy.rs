//! A wire between karat and an engine that stops at a chosen request, before the engine has
//! it or before karat has the answer. So a process can be killed at exactly one step.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Which request to stop at.
#[derive(Clone, Debug)]
pub struct Rule {
    pub method: &'static str,
    /// Parts of the path and query, all of which must be there.
    pub parts: Vec<String>,
    /// How many of them pass first.
    pub skip: usize,
    pub when: When,
}

/// At which moment of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The engine never gets it.
    Before,
    /// The engine has got it and works on it.
    During,
    /// The engine has done it; karat does not hear of it.
    After,
}

/// A wire in front of one engine.
pub struct Proxy {
    pub socket: PathBuf,
    state: Arc<Mutex<State>>,
    _folder: tempfile::TempDir,
}

#[derive(Default)]
struct State {
    rule: Option<(Rule, Sender<Held>, Then)>,
    seen: Vec<String>,
}

/// What becomes of a request that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Dropped,
    Passed,
}

/// A request that is held, until this is dropped.
pub struct Held {
    pub request: String,
    _let_go: Sender<()>,
}

impl Proxy {
    /// In front of this socket.
    pub fn new(engine: &std::path::Path) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("karat-t-wire-")
            .tempdir_in("/var/tmp")
            .expect("a folder");
        let socket = folder.path().join("p.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let state: Arc<Mutex<State>> = Arc::default();
        let (shared, engine) = (state.clone(), engine.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (state, engine) = (shared.clone(), engine.clone());
                thread::spawn(move || {
                    let _ = serve(client, &engine, &state);
                });
            }
        });
        Self {
            socket,
            state,
            _folder: folder,
        }
    }

    /// As a project file names it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Stops at the next request that matches, once, and never lets it go on.
    pub fn hold(&self, rule: Rule) -> Receiver<Held> {
        self.stop_at(rule, Then::Dropped)
    }

    /// Stops at the next request that matches, once, and lets it go on afterwards.
    pub fn pause(&self, rule: Rule) -> Receiver<Held> {
        self.stop_at(rule, Then::Passed)
    }

    fn stop_at(&self, rule: Rule, then: Then) -> Receiver<Held> {
        let (sender, receiver) = channel();
        self.state.lock().expect("state").rule = Some((rule, sender, then));
        receiver
    }

    /// Every request line so far.
    pub fn seen(&self) -> Vec<String> {
        self.state.lock().expect("state").seen.clone()
    }
}

/// If the rule matches: whom to tell, and when.
fn matched(state: &Mutex<State>, request: &str) -> Option<(When, Sender<Held>, Then)> {
    let mut state = state.lock().expect("state");
    state.seen.push(request.to_owned());
    let (rule, ..) = state.rule.as_mut()?;
    let fits = request.starts_with(rule.method)
        && rule
            .parts
            .iter()
            .all(|part| request.contains(part.as_str()));
    if !fits {
        return None;
    }
    if rule.skip > 0 {
        rule.skip -= 1;
        return None;
    }
    let (rule, sender, then) = state.rule.take()?;
    Some((rule.when, sender, then))
}

fn serve(
    mut client: UnixStream,
    engine: &std::path::Path,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0_u8];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let request = text.lines().next().unwrap_or_default().to_owned();
    let stop = matched(state, &request);
    let held = |sender: &Sender<Held>| {
        let (let_go, wait) = channel();
        let _ = sender.send(Held {
            request: request.clone(),
            _let_go: let_go,
        });
        wait
    };
    let mut stop = stop;
    if let Some((When::Before, sender, then)) = &stop {
        let _ = held(sender).recv();
        if *then == Then::Dropped {
            return Ok(());
        }
        stop = None;
    }
    let mut upstream = UnixStream::connect(engine)?;
    upstream.write_all(&head)?;
    let (mut from, mut to) = (client.try_clone()?, upstream.try_clone()?);
    let streamed = text
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    if stop.is_some() && !streamed {
        // What is sent is sent: the body goes through whole, even when karat dies.
        let length = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(0_u64);
        std::io::copy(&mut client.try_clone()?.take(length), &mut upstream)?;
    } else if matches!(stop, Some((When::During, ..))) {
        // In the middle of the stream.
        std::io::copy(&mut client.try_clone()?.take(300_000), &mut upstream)?;
    } else {
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
    match &stop {
        Some((When::During, sender, _)) => {
            // Long enough for the engine to have begun; the answer is never passed on.
            thread::sleep(Duration::from_millis(150));
            let _ = held(sender).recv();
            // The engine sees its client vanish.
            return Ok(());
        }
        Some((When::After, sender, then)) => {
            let mut first = [0_u8; 1];
            let count = upstream.read(&mut first)?;
            let _ = held(sender).recv();
            if *then == Then::Dropped {
                return Ok(());
            }
            client.write_all(&first[..count])?;
        }
        _ => {}
    }
    std::io::copy(&mut upstream, &mut client)?;
    let _ = client.shutdown(std::net::Shutdown::Both);
    Ok(())
}
