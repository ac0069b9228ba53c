//! A wire in front of a registry on which things go wrong: connections are cut in the middle,
//! bytes are changed, limits and errors are answered, everything is slow.

use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This is answered instead: status line without `HTTP/1.1 `, headers, body.
    Answer(&'static str, Vec<(&'static str, String)>, String),
    /// The connection ends after so many bytes of the answer's body.
    CutAfter(usize),
    /// The byte at this place of the answer's body is another.
    Flip(usize),
    /// The answer's body comes in pieces of this size, so far apart.
    Slow(usize, Duration),
    /// The registry gets the request and does it; its answer is lost.
    LoseAnswer,
    /// The request does not get to the registry for as long as whoever sent it is there.
    Hold,
    /// The request gets to the registry once [`Faults::open`] says so.
    Gate,
    /// The registry gets the request and does it; the answer does not come.
    HoldAnswer,
    /// This header of the answer is not passed on.
    Without(&'static str),
    /// The registry is asked for all where a part was asked for.
    NoRange,
}

struct Rule {
    method: &'static str,
    part: String,
    left: usize,
    fault: Fault,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    heads: Vec<String>,
    /// Bytes of the bodies of requests, of answers.
    moved: (u64, u64),
    open: bool,
}

/// The wire. Each connection carries one request.
pub struct Faults {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Faults {
    /// In front of a port of loopback.
    pub fn before(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = shared.clone();
                thread::spawn(move || {
                    let _ = serve(client, upstream, &state);
                });
            }
        });
        Self { port, state }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The next `times` requests of this kind go wrong.
    pub fn next(&self, times: usize, method: &'static str, part: &str, fault: Fault) {
        self.state.lock().expect("state").rules.push(Rule {
            method,
            part: part.to_owned(),
            left: times,
            fault,
        });
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.state.lock().expect("state").heads.clone()
    }

    /// How many requests began with this.
    pub fn count(&self, method: &str, part: &str) -> usize {
        let fits = |head: &&String| fits(head, method, part);
        self.state
            .lock()
            .expect("state")
            .heads
            .iter()
            .filter(fits)
            .count()
    }

    /// Lets pass what waits at a gate.
    pub fn open(&self) {
        self.state.lock().expect("state").open = true;
    }

    /// Nothing goes wrong from now on.
    pub fn calm(&self) {
        self.state.lock().expect("state").rules.clear();
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        let mut state = self.state.lock().expect("state");
        state.heads.clear();
        state.moved = (0, 0);
    }

    /// Bytes of the bodies of requests, and of answers.
    pub fn moved(&self) -> (u64, u64) {
        self.state.lock().expect("state").moved
    }
}

fn fits(head: &str, method: &str, part: &str) -> bool {
    let line = head.lines().next().unwrap_or_default();
    line.starts_with(method) && line.contains(part)
}

fn fault(state: &Mutex<State>, head: &str) -> Option<Fault> {
    let mut state = state.lock().expect("state");
    state.heads.push(head.to_owned());
    let rule = state
        .rules
        .iter_mut()
        .find(|rule| rule.left > 0 && fits(head, rule.method, &rule.part))?;
    rule.left -= 1;
    Some(rule.fault.clone())
}

/// Reads to the empty line. Nothing: there was none.
fn head_of(from: &mut impl Read) -> std::io::Result<Option<String>> {
    let (mut head, mut byte) = (Vec::new(), [0_u8]);
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte)? == 0 {
            return Ok(None);
        }
        // A greeting of TLS is no request: a plain registry says so.
        if head.is_empty() && !byte[0].is_ascii_alphabetic() {
            return Ok(Some(String::new()));
        }
        head.push(byte[0]);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

fn serve(mut client: TcpStream, upstream: u16, state: &Arc<Mutex<State>>) -> std::io::Result<()> {
    let Some(head) = head_of(&mut client)? else {
        return Ok(());
    };
    if head.is_empty() {
        client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nno TLS here\n")?;
        return Ok(());
    }
    let fault = fault(state, &head);
    if let Some(Fault::Answer(status, headers, body)) = &fault {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        if !head.starts_with("HEAD") {
            text.push_str(body);
        }
        client.write_all(text.as_bytes())?;
        client.shutdown(Shutdown::Write)?;
        // What is still being sent is taken, or the answer would be lost with the connection.
        let _ = std::io::copy(&mut client, &mut std::io::sink());
        return Ok(());
    }
    if matches!(fault, Some(Fault::Gate)) {
        while !state.lock().expect("state").open {
            thread::sleep(Duration::from_millis(10));
        }
    }
    if matches!(fault, Some(Fault::Hold)) {
        let _ = std::io::copy(&mut client, &mut std::io::sink());
        return Ok(());
    }
    let mut registry = TcpStream::connect(("127.0.0.1", upstream))?;
    let mut asked = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    if matches!(fault, Some(Fault::NoRange)) {
        asked = without(&asked, "range:");
    }
    registry.write_all(asked.as_bytes())?;
    let (mut from, mut to, counted) = (client.try_clone()?, registry.try_clone()?, state.clone());
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
            counted.lock().expect("state").moved.0 += count as u64;
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let Some(mut answer) = head_of(&mut registry)? else {
        return Ok(());
    };
    if matches!(fault, Some(Fault::HoldAnswer)) {
        // The thread above reads what the client sends; here it is only waited for.
        while client.peer_addr().is_ok() && !is_gone(&client) {
            thread::sleep(Duration::from_millis(20));
        }
        return Ok(());
    }
    if matches!(fault, Some(Fault::LoseAnswer)) {
        return client.shutdown(Shutdown::Both);
    }
    if let Some(Fault::Without(name)) = fault {
        answer = without(&answer, name);
    }
    client.write_all(answer.as_bytes())?;
    pass(&mut registry, &mut client, fault.as_ref(), state)?;
    client.shutdown(Shutdown::Both)
}

/// Whether the other side has closed the connection.
fn is_gone(client: &TcpStream) -> bool {
    // Writing shows it: an answer that begins with nothing is none yet.
    let mut byte = [0];
    let _ = client.set_nonblocking(true);
    let seen = client.peek(&mut byte);
    let _ = client.set_nonblocking(false);
    matches!(seen, Ok(0))
        || matches!(&seen, Err(error) if error.kind() != std::io::ErrorKind::WouldBlock)
}

fn without(head: &str, name: &str) -> String {
    head.split_inclusive("\r\n")
        .filter(|line| !line.to_lowercase().starts_with(name))
        .collect()
}

/// Passes the body of an answer on.
fn pass(
    from: &mut TcpStream,
    to: &mut TcpStream,
    fault: Option<&Fault>,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let piece = match fault {
        Some(Fault::Slow(size, _)) => *size,
        _ => 16 * 1024,
    };
    let (mut buffer, mut at) = (vec![0; piece], 0_usize);
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let bytes = &mut buffer[..count];
        match fault {
            Some(Fault::CutAfter(most)) if at + count >= *most => {
                to.write_all(&bytes[..most - at])?;
                return Ok(());
            }
            Some(Fault::Flip(place)) if (at..at + count).contains(place) => {
                bytes[place - at] ^= 0x20;
            }
            Some(Fault::Slow(_, pause)) => thread::sleep(*pause),
            _ => {}
        }
        to.write_all(bytes)?;
        at += count;
        state.lock().expect("state").moved.1 += count as u64;
    }
}
