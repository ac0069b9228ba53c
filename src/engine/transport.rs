//! The wire to an engine: one HTTP client over a Unix socket, TCP, TLS or ssh.
//!
//! bollard has connectors of its own; this one exists because raw requests must travel the
//! same way, and because its ssh gives the remote side's own words when it fails.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use http_body_util::{Either, Full, StreamBody};
use hyper::Uri;
use hyper::body::{Bytes, Frame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::error::EngineError;
use super::ssh::{LastWords, SshStream};
use super::tls;
use crate::model::project::{EngineAddress, EngineName};

/// A request's body, in bollard's own shape: whole, or a stream.
pub type RequestBody = Either<
    Full<Bytes>,
    StreamBody<Pin<Box<dyn Stream<Item = std::io::Result<Frame<Bytes>>> + Send>>>,
>;

/// What can go wrong on the wire.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Before an answer began.
    #[error(transparent)]
    Send(#[from] hyper_util::client::legacy::Error),
    /// While the answer was read.
    #[error(transparent)]
    Read(#[from] hyper::Error),
}

impl From<WireError> for bollard::errors::Error {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Send(error) => error.into(),
            WireError::Read(error) => error.into(),
        }
    }
}

/// A connect attempt may take this long; a host that drops packets would take minutes.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The wire to one engine.
#[derive(Clone)]
pub struct Wire {
    client: Client<Dialler, RequestBody>,
    last_words: LastWords,
}

impl Wire {
    /// Prepares the wire; nothing is dialled yet.
    ///
    /// # Errors
    /// A broken address, or TLS material that cannot be used.
    pub fn new(name: &EngineName, address: &EngineAddress) -> Result<Self, EngineError> {
        let last_words = LastWords::default();
        let route = match address {
            EngineAddress::Unix(path) => Route::Unix(path.clone()),
            EngineAddress::Tcp {
                authority,
                tls: None,
            } => Route::Tcp(authority.clone()),
            EngineAddress::Tcp {
                authority,
                tls: Some(material),
            } => Route::Tls {
                authority: authority.clone(),
                config: tls::client_config(material).map_err(|why| EngineError::Tls {
                    engine: name.clone(),
                    why,
                })?,
            },
            EngineAddress::Ssh { destination, port } => Route::Ssh {
                destination: destination.clone(),
                port: *port,
            },
            EngineAddress::Channel(_) | EngineAddress::Registry(_) => {
                return Err(EngineError::Unusable {
                    engine: name.clone(),
                    why: "it is in a registry, and no engine".to_owned(),
                });
            }
            EngineAddress::Broken(why) => {
                return Err(EngineError::Unusable {
                    engine: name.clone(),
                    why: why.clone(),
                });
            }
        };
        let mut builder = Client::builder(TokioExecutor::new());
        // Dialling a socket costs nothing, and an idle connection may be half-open; an ssh
        // session costs a second, so those are kept a while.
        match route {
            Route::Unix(_) => builder.pool_max_idle_per_host(0),
            Route::Tcp(_) | Route::Tls { .. } | Route::Ssh { .. } => builder
                .pool_idle_timeout(Duration::from_secs(50))
                .pool_timer(hyper_util::rt::TokioTimer::new())
                .pool_max_idle_per_host(4),
        };
        let dialler = Dialler {
            route: Arc::new(route),
            last_words: last_words.clone(),
        };
        Ok(Self {
            client: builder.build(dialler),
            last_words,
        })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// It could not be sent, or no answer began.
    pub async fn send(
        &self,
        request: hyper::Request<RequestBody>,
    ) -> Result<hyper::Response<Incoming>, WireError> {
        Ok(self.client.request(request).await?)
    }

    /// Adds what ssh said last, where that explains a failed connection.
    pub fn explain(&self, error: EngineError) -> EngineError {
        match (error, self.last_words.take()) {
            (
                EngineError::Unreachable { engine, .. } | EngineError::TimedOut { engine, .. },
                Some(said),
            ) => EngineError::Ssh { engine, why: said },
            (error, _) => error,
        }
    }
}

enum Route {
    Unix(std::path::PathBuf),
    Tcp(String),
    Tls {
        authority: String,
        config: Arc<rustls::ClientConfig>,
    },
    Ssh {
        destination: String,
        port: Option<u16>,
    },
}

#[derive(Clone)]
struct Dialler {
    route: Arc<Route>,
    last_words: LastWords,
}

impl Dialler {
    async fn dial(self) -> std::io::Result<Line> {
        let line: Box<dyn Duplex> = match &*self.route {
            Route::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Route::Tcp(authority) => Box::new(dial_tcp(authority).await?),
            Route::Tls { authority, config } => {
                let stream = dial_tcp(authority).await?;
                let name = tls::server_name(authority)?;
                let connector = tokio_rustls::TlsConnector::from(config.clone());
                Box::new(connector.connect(name, stream).await?)
            }
            Route::Ssh { destination, port } => Box::new(SshStream::open(
                destination,
                *port,
                self.last_words.clone(),
            )?),
        };
        Ok(Line(line))
    }
}

async fn dial_tcp(authority: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl tower_service::Service<Uri> for Dialler {
    type Response = TokioIo<Line>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialler = self.clone();
        Box::pin(async move {
            match tokio::time::timeout(CONNECT_WITHIN, dialler.dial()).await {
                Ok(line) => line.map(TokioIo::new),
                Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
            }
        })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One open connection, of whatever kind.
struct Line(Box<dyn Duplex>);

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
