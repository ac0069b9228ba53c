//! Tokens: a registry that sends to a token service, and the service's answers.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use karat::model::registry::{LoginSource, RegistrySettings};
use karat::registry::copy::{CopyOptions, copy};
use karat::registry::{Deleted, Mounted, Registries, RegistryError};
use serde_json::{Value, json};

use crate::images::{noise, push, read, remote, tag};
use crate::support::faults::Faults;
use crate::support::registry::{Registry, openssl};

const SECRET: &str = "hunter2-and-more";

/// A token service that gives `ci` everything below `golden/`, and anybody the right to pull
/// from `public/`.
struct Service {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Signer {
    key: PathBuf,
    certificate: String,
    life: u64,
}

fn base64(bytes: &[u8]) -> String {
    String::from_utf8(openssl(&["base64", "-A"], bytes)).expect("text")
}

fn base64_url(bytes: &[u8]) -> String {
    let text = base64(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

impl Signer {
    fn make(folder: &Path, life: u64) -> Self {
        let (key, cert) = (folder.join("token.key"), folder.join("token.pem"));
        let text = |path: &Path| path.to_str().expect("text").to_owned();
        openssl(
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=tokens",
                "-days",
                "2",
                "-keyout",
                &text(&key),
                "-out",
                &text(&cert),
            ],
            b"",
        );
        let pem = std::fs::read_to_string(cert).expect("a certificate");
        let certificate: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self {
            key,
            certificate,
            life,
        }
    }

    fn token(&self, access: &[Value]) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("now")
            .as_secs();
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5c": [self.certificate] });
        let claims = json!({
            "iss": "tokens", "sub": "ci", "aud": "registry", "jti": "1",
            "iat": now - 5, "nbf": now - 5, "exp": now + 300, "access": access,
        });
        let text = [header, claims]
            .map(|it| base64_url(it.to_string().as_bytes()))
            .join(".");
        let key = self.key.to_str().expect("text");
        let signature = openssl(&["dgst", "-sha256", "-sign", key], text.as_bytes());
        format!("{text}.{}", base64_url(&signature))
    }
}

/// What is granted of what was asked for.
fn granted(scopes: &[String], is_ci: bool) -> Vec<Value> {
    let one = |scope: &String| {
        let mut parts = scope.split(':');
        let (kind, name, actions) = (parts.next()?, parts.next()?, parts.next()?);
        let actions: Vec<&str> = actions
            .split(',')
            .filter(|action| match name.split('/').next() {
                Some("golden") => is_ci,
                Some("public") => *action == "pull",
                _ => false,
            })
            .collect();
        Some(json!({ "type": kind, "name": name, "actions": actions }))
    };
    scopes.iter().filter_map(one).collect()
}

impl Service {
    fn start(signer: &Signer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (shared, signer) = (asked.clone(), signer.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (asked, signer) = (shared.clone(), signer.clone());
                thread::spawn(move || serve(client, &signer, &asked));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("asked"))
    }
}

fn serve(mut client: TcpStream, signer: &Signer, asked: &Mutex<Vec<String>>) {
    let (mut text, mut buffer) = (String::new(), [0; 4_096]);
    loop {
        let count = client.read(&mut buffer).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let length = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(0);
        let whole = text
            .split_once("\r\n\r\n")
            .is_some_and(|(_, body)| body.len() >= length);
        if count == 0 || whole {
            break;
        }
    }
    let line = text.lines().next().unwrap_or_default().to_owned();
    asked.lock().expect("asked").push(text.clone());
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let query = line.split([' ', '?']).nth(2).unwrap_or_default().to_owned();
    let parameters = if line.starts_with("POST") {
        body.to_owned()
    } else {
        query
    };
    let address = reqwest::Url::parse(&format!("x:y?{parameters}")).expect("an address");
    let of = |wanted: &str| {
        let all = address.query_pairs().filter(|(name, _)| name == wanted);
        all.flat_map(|(_, value)| value.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<String>>()
    };
    let basic = format!(
        "authorization: basic {}",
        base64(format!("ci:{SECRET}").as_bytes())
    );
    let said = head.to_lowercase();
    let is_ci = said.contains(&basic.to_lowercase())
        || of("refresh_token")
            .first()
            .is_some_and(|token| token == SECRET);
    let someone = said.contains("authorization:") || line.starts_with("POST");
    let (status, answer) = if someone && !is_ci {
        (
            "401 Unauthorized",
            json!({ "details": "incorrect username or password" }),
        )
    } else {
        let token = signer.token(&granted(&of("scope"), is_ci));
        let key = if line.starts_with("POST") {
            "access_token"
        } else {
            "token"
        };
        ("200 OK", json!({ key: token, "expires_in": signer.life }))
    };
    let answer = answer.to_string();
    let _ = client.write_all(
        format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        )
        .as_bytes(),
    );
}

/// A registry that sends to a token service.
fn guarded(life: u64) -> (Registry, Service) {
    let folder = Registry::folder();
    let signer = Signer::make(folder.path(), life);
    let service = Service::start(&signer);
    let top = format!(
        "auth: {{ token: {{ realm: 'http://127.0.0.1:{}/token', service: registry, issuer: tokens, rootcertbundle: {} }} }}\n",
        service.port,
        folder.path().join("token.pem").display()
    );
    (Registry::in_folder(folder, "", &top), service)
}

fn registries(host: &str, printed: &str) -> Registries {
    let words = ["sh", "-c", "printf '%s' \"$0\"", printed];
    let settings = RegistrySettings {
        login: LoginSource::Command(words.map(str::to_owned).to_vec()),
        ..RegistrySettings::default()
    };
    Registries::new(BTreeMap::from([(host.to_owned(), settings)]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_got_once_for_each_right_and_tells_who_may_what() {
    let (registry, service) = guarded(300);
    let wire = Faults::before(registry.port);
    let host = wire.host();
    let ours = registries(&host, &format!("ci:{SECRET}"));
    let web = remote(&ours, &host, "golden/web");
    let bytes = noise(16, 50_000);
    let image = push(&web, Some("1.0.0"), "amd64", &[&bytes, b"x"]).await;
    for _ in 0..3 {
        web.existing(&tag("1.0.0")).await.expect("there");
    }
    read(&web, &image.config, None).await.expect("a blob");
    let asked = service.asked();
    assert_eq!(asked.len(), 2, "one to push, one to pull: {asked:#?}");
    assert!(
        asked
            .iter()
            .all(|it| !it.lines().next().expect("a line").contains(SECRET))
    );
    assert_eq!(
        ours.check(&host).await.expect("let in").who.as_deref(),
        Some("`ci`")
    );

    let other = remote(&ours, &host, "golden/other");
    assert_eq!(
        other.mount_blob(&image.config, &web).await,
        Ok(Mounted::Done)
    );
    let done = copy(
        &web,
        &other,
        &tag("1.0.0"),
        &CopyOptions::default(),
        |_| {},
        &<_>::default(),
    )
    .await;
    assert_eq!(
        done.map(|it| (it.blobs_mounted, it.blobs_copied)),
        Ok((2, 0))
    );
    assert_eq!(web.delete(&image.document.digest).await, Ok(Deleted::Gone));

    let theirs = remote(&ours, &host, "theirs/web");
    let wrong = theirs.tags().await.expect_err("not ours");
    assert_eq!(
        wrong,
        RegistryError::NoPermission {
            repository: format!("{host}/theirs/web"),
            action: "pull from",
            who: "`ci`".to_owned(),
        }
    );
    let wrong = remote(&ours, &host, "public/web")
        .push_bytes("x".into())
        .await;
    let told = wrong.expect_err("only to read").to_string();
    assert!(
        told.starts_with(&format!("`ci` may not push to {host}/public/web")),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_tokens_are_exchanged_and_wrong_logins_are_told() {
    let (registry, service) = guarded(300);
    let host = registry.host();
    let identity = registries(
        &host,
        &format!("{{\"Username\":\"<token>\",\"Secret\":\"{SECRET}\"}}"),
    );
    let web = remote(&identity, &host, "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    let asked = service.asked();
    assert!(
        asked.iter().all(|it| it.starts_with("POST /token ")),
        "{asked:#?}"
    );
    assert!(asked[0].contains("grant_type=refresh_token"), "{asked:#?}");

    let wrong = registries(&host, "ci:wrong-secret");
    let wrong = remote(&wrong, &host, "golden/web")
        .tags()
        .await
        .expect_err("wrong");
    assert!(
        matches!(wrong, RegistryError::WrongLogin { .. }),
        "{wrong:?}"
    );
    assert!(!format!("{wrong} {wrong:?}").contains("wrong-secret"));

    // Nobody in particular may read what is public, and is asked who it is for the rest.
    let nobody = Registries::default();
    let wrong = remote(&nobody, &host, "public/web")
        .tags()
        .await
        .expect_err("empty");
    assert!(
        matches!(wrong, RegistryError::NoRepository { .. }),
        "let in: {wrong:?}"
    );
    let wrong = remote(&nobody, &host, "golden/web")
        .tags()
        .await
        .expect_err("not public");
    assert!(
        matches!(wrong, RegistryError::LoginNeeded { .. }),
        "{wrong:?}"
    );
    let nobody = registries(&host, "");
    let wrong = remote(&nobody, &host, "golden/web")
        .tags()
        .await
        .expect_err("no login");
    assert!(wrong.to_string().contains("printed no login"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_is_got_again() {
    // Shorter than the margin: each is as good as expired.
    let (registry, service) = guarded(1);
    let host = registry.host();
    let ours = registries(&host, &format!("ci:{SECRET}"));
    let web = remote(&ours, &host, "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"x"]).await;
    service.asked();
    for _ in 0..3 {
        web.existing(&tag("1.0.0")).await.expect("there");
    }
    assert_eq!(service.asked().len(), 3);
}
