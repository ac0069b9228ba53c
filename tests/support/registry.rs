//! A registry of a test's own: Debian's `docker-registry` on a free port of loopback.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{needs, until};

/// One registry, with a storage of its own. It ends with the test, however that ends.
pub struct Registry {
    child: Child,
    pub port: u16,
    pub folder: tempfile::TempDir,
}

/// Authorities and certificates, made by `openssl`.
pub struct Certificates {
    pub ca: PathBuf,
    pub server: (PathBuf, PathBuf),
    pub client: (PathBuf, PathBuf),
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Registry {
    /// Without TLS and without logins.
    pub fn plain() -> Self {
        Self::with("", "")
    }

    /// One whose storage is in memory, for thousands of small files.
    pub fn in_memory() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("karat-t-registry-")
            .tempdir_in("/dev/shm")
            .expect("a folder");
        Self::in_folder(folder, "", "")
    }

    /// With more under `http:` (its lines indented by two), and more at the top.
    pub fn with(http: &str, top: &str) -> Self {
        Self::in_folder(Self::folder(), http, top)
    }

    /// A folder for one, to lay certificates in before it starts.
    pub fn folder() -> tempfile::TempDir {
        tempfile::Builder::new()
            .prefix("karat-t-registry-")
            .tempdir_in("/var/tmp")
            .expect("a folder")
    }

    pub fn in_folder(folder: tempfile::TempDir, http: &str, top: &str) -> Self {
        Self::start(folder, http, top, true)
    }

    /// One that deletes nothing.
    pub fn without_delete() -> Self {
        Self::start(Self::folder(), "", "", false)
    }

    fn start(folder: tempfile::TempDir, http: &str, top: &str, deletes: bool) -> Self {
        let program = needs("docker-registry", "docker-registry");
        for _ in 0..5 {
            let port = free_port();
            let config = folder.path().join("config.yml");
            let text = format!(
                "version: 0.1\nlog: {{ level: error }}\nstorage:\n  filesystem: {{ rootdirectory: {}/storage }}\n  delete: {{ enabled: {deletes} }}\n{top}\nhttp:\n  addr: '127.0.0.1:{port}'\n{http}\n",
                folder.path().display(),
            );
            std::fs::write(&config, text).expect("a file");
            let log = std::fs::File::create(folder.path().join("log")).expect("a file");
            // Whatever becomes of the test's process, the registry goes with it.
            let mut child = Command::new(needs("setpriv", "util-linux"))
                .args(["--pdeathsig", "KILL"])
                .arg(&program)
                .arg("serve")
                .arg(&config)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .expect("a registry starts");
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let up = until("the registry", Duration::from_secs(20), || {
                if child.try_wait().expect("its state").is_some() {
                    return Some(false);
                }
                TcpStream::connect(address).is_ok().then_some(true)
            });
            if up {
                return Self {
                    child,
                    port,
                    folder,
                };
            }
            // Somebody else took the port: another one.
        }
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("the registry does not start: {log}");
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The file of a blob in its storage.
    pub fn blob_file(&self, digest: &str) -> PathBuf {
        let hex = digest.trim_start_matches("sha256:");
        self.folder.path().join(format!(
            "storage/docker/registry/v2/blobs/sha256/{}/{hex}/data",
            &hex[..2]
        ))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program and answers what it printed.
///
/// # Panics
/// It fails.
pub fn run(program: &str, package: &str, arguments: &[&str]) -> String {
    let (done, told) = try_run(program, package, arguments);
    assert!(done, "{program} {arguments:?}: {told}");
    told
}

/// Runs a program: whether it went well, and what it printed.
pub fn try_run(program: &str, package: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(needs(program, package))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let mut told = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        told.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    (output.status.success(), told)
}

/// `skopeo`, a real client that is not ours.
pub fn skopeo(arguments: &[&str]) -> String {
    run("skopeo", "skopeo", arguments)
}

/// What `openssl` prints for some input.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(needs("openssl", "openssl"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl runs");
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(input)
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {told}");
    output.stdout
}

impl Certificates {
    /// An authority, and certificates of it for 127.0.0.1 and for a client.
    pub fn make(folder: &Path) -> Self {
        let path = |name: &str| folder.join(name);
        let text = |path: &Path| path.to_str().expect("text").to_owned();
        let (ca, ca_key) = (path("ca.pem"), path("ca.key"));
        let key = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ];
        let mut arguments = vec!["req", "-x509"];
        arguments.extend(key);
        let (ca_text, ca_key_text) = (text(&ca), text(&ca_key));
        arguments.extend(["-subj", "/CN=karat test CA", "-days", "2"]);
        arguments.extend(["-keyout", &ca_key_text, "-out", &ca_text]);
        openssl(&arguments, b"");
        let signed = |name: &str, extension: &str| {
            let (cert, own_key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
            let extensions = path(&format!("{name}.ext"));
            std::fs::write(&extensions, extension).expect("a file");
            let mut arguments = vec!["req"];
            arguments.extend(key);
            let (own_key_text, subject) = (text(&own_key), format!("/CN={name}"));
            arguments.extend(["-subj", &subject, "-keyout", &own_key_text]);
            let request = openssl(&arguments, b"");
            let (cert_text, extensions) = (text(&cert), text(&extensions));
            openssl(
                &[
                    "x509",
                    "-req",
                    "-CA",
                    &ca_text,
                    "-CAkey",
                    &ca_key_text,
                    "-CAcreateserial",
                    "-days",
                    "2",
                    "-extfile",
                    &extensions,
                    "-out",
                    &cert_text,
                ],
                &request,
            );
            (cert, own_key)
        };
        Self {
            server: signed(
                "server",
                "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n",
            ),
            client: signed("client", "extendedKeyUsage=clientAuth\n"),
            ca,
        }
    }

    /// What a registry wants under `http:`.
    pub fn http(&self, clients_too: bool) -> String {
        let mut text = format!(
            "  tls:\n    certificate: {}\n    key: {}\n",
            self.server.0.display(),
            self.server.1.display()
        );
        if clients_too {
            text.push_str(&format!("    clientcas: [ {} ]\n", self.ca.display()));
        }
        text
    }
}

/// A file of logins, and what a registry wants at the top to use it.
pub fn htpasswd(folder: &Path, user: &str, password: &str) -> String {
    let line = run("htpasswd", "apache2-utils", &["-Bbn", user, password]);
    let path = folder.join("htpasswd");
    std::fs::write(&path, line).expect("a file");
    format!(
        "auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n",
        path.display()
    )
}
