//! The engine's API, asked plainly: what a test believes of an engine must not come through
//! the code under test.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// One engine's API behind a socket.
#[derive(Clone, Debug)]
pub struct Api {
    pub socket: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// How long an engine may take to be there.
const PATIENCE: Duration = Duration::from_secs(5);

impl Api {
    pub fn new(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// One request on a connection of its own.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        // In HTTP 1.0 an answer ends where the connection does: no chunks to put together.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        let end = all
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .ok_or_else(|| std::io::Error::other("no head came back"))?;
        let status = String::from_utf8_lossy(&all[..end])
            .split_whitespace()
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Ok(Answer {
            status,
            body: all.split_off(end + 4),
        })
    }

    fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut asked = 0;
        let answer = super::until(&format!("{method} {path}"), PATIENCE, || {
            match self.ask(method, path, "application/json", text.as_bytes()) {
                Ok(answer) => Some(answer),
                // An engine that is just starting resets connections; a question may be
                // asked again.
                Err(_) if method == "GET" && asked < 20 => {
                    asked += 1;
                    None
                }
                Err(error) => panic!("{method} {path}: {error}"),
            }
        });
        assert!(
            answer.status < 400,
            "{method} {path}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        answer.json()
    }

    pub fn get(&self, path: &str) -> Value {
        self.must("GET", path, &Value::Null)
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.must("POST", path, body)
    }

    pub fn delete(&self, path: &str) -> Value {
        self.must("DELETE", path, &Value::Null)
    }

    /// A container's inspect, if it is there.
    pub fn container(&self, name: &str) -> Option<Value> {
        let answer = self
            .ask(
                "GET",
                &format!("/containers/{name}/json"),
                "text/plain",
                b"",
            )
            .ok()?;
        (answer.status == 200).then(|| answer.json())
    }

    /// Names of all containers, running or not, sorted.
    pub fn names(&self) -> Vec<String> {
        let listed = self.get("/containers/json?all=true");
        let mut names: Vec<String> = listed
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["Names"].as_array())
            .flatten()
            .filter_map(|name| name.as_str())
            .map(|name| name.trim_start_matches('/').to_owned())
            .filter(|name| !name.contains('/'))
            .collect();
        names.sort();
        names
    }

    /// The same, that karat's reserved names are not among.
    pub fn ordinary(&self) -> Vec<String> {
        self.names()
            .into_iter()
            .filter(|name| !name.contains(".karat-") && !name.starts_with("karat-lock-"))
            .collect()
    }

    /// Creates and starts a container; answers its id.
    pub fn run(&self, name: &str, body: &Value) -> String {
        let id = self.create(name, body);
        self.post(&format!("/containers/{id}/start"), &Value::Null);
        id
    }

    pub fn create(&self, name: &str, body: &Value) -> String {
        let made = self.post(&format!("/containers/create?name={name}"), body);
        made["Id"].as_str().expect("an id").to_owned()
    }

    /// An app of an image, with a restart policy that must survive.
    pub fn app(&self, name: &str, image: &str) -> String {
        self.run(
            name,
            &json!({ "Image": image, "HostConfig": { "RestartPolicy": { "Name": "always" } } }),
        )
    }

    pub fn remove(&self, name: &str) {
        let _ = self.ask(
            "DELETE",
            &format!("/containers/{name}?force=true"),
            "text/plain",
            b"",
        );
    }

    /// Waits until a container is healthy.
    pub fn healthy(&self, name: &str) {
        super::until(&format!("{name} healthy"), Duration::from_secs(30), || {
            let inspect = self.container(name)?;
            (inspect["State"]["Health"]["Status"] == "healthy").then_some(())
        });
    }

    /// The version a container was made from, by the label of its image.
    pub fn version(&self, name: &str) -> String {
        self.version_if_there(name)
            .unwrap_or_else(|| panic!("no container {name}; there are {:?}", self.names()))
    }

    /// The same while it is being replaced, when for a moment there may be none of the name.
    pub fn version_if_there(&self, name: &str) -> Option<String> {
        let inspect = self.container(name)?;
        let image = inspect["Image"].as_str().expect("an image").to_owned();
        let image = self.get(&format!("/images/{image}/json"));
        let label = &image["Config"]["Labels"]["org.opencontainers.image.version"];
        Some(label.as_str().expect("a version label").to_owned())
    }
}
