//! Answers that go on: a body that is read as it comes, and a connection that is taken over
//! whole (a terminal in a container).
//!
//! Raw, not through bollard: its decoder takes a terminal's bytes apart at newlines and
//! guesses frames from their first byte, and a prompt has no newline.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::Method;
use hyper::body::{Bytes as Body, Incoming};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::transport::RequestBody;
use super::{ANSWER_WITHIN, Engine, EngineError, json as read};

/// A connection that was taken over: bytes both ways.
pub type Hijacked = TokioIo<Upgraded>;

impl Engine {
    /// Asks, and leaves the answer's body to be read as it comes.
    ///
    /// # Errors
    /// The engine's, with its own message; or that no answer began in time.
    pub async fn open(&self, path: &str, doing: &str) -> Result<Incoming, EngineError> {
        self.open_within(path, doing, ANSWER_WITHIN).await
    }

    /// The same, where the engine may take longer to begin its answer.
    pub(super) async fn open_within(
        &self,
        path: &str,
        doing: &str,
        within: Duration,
    ) -> Result<Incoming, EngineError> {
        let response = self
            .request(Method::GET, path, None, false, doing, within)
            .await?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(self.refused(response, doing).await)
    }

    /// Asks for a connection to be taken over.
    ///
    /// # Errors
    /// The engine's; or that it does not give the connection away.
    pub async fn hijack(
        &self,
        path: &str,
        body: &Value,
        doing: &str,
    ) -> Result<Hijacked, EngineError> {
        let response = self
            .request(Method::POST, path, Some(body), true, doing, ANSWER_WITHIN)
            .await?;
        let status = response.status();
        if status != hyper::StatusCode::SWITCHING_PROTOCOLS {
            if !status.is_success() {
                return Err(self.refused(response, doing).await);
            }
            return Err(EngineError::Unreadable {
                engine: self.name().clone(),
                doing: doing.to_owned(),
                why: format!("status {status}: it did not hand the connection over"),
            });
        }
        hyper::upgrade::on(response)
            .await
            .map(TokioIo::new)
            .map_err(|error| self.error(doing, super::transport::WireError::Read(error).into()))
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        upgrade: bool,
        doing: &str,
        within: Duration,
    ) -> Result<hyper::Response<Incoming>, EngineError> {
        let payload = body.map(Value::to_string).unwrap_or_default();
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(format!("http://engine{path}"))
            .header("content-type", "application/json");
        if upgrade {
            request = request
                .header("connection", "Upgrade")
                .header("upgrade", "tcp");
        }
        let request = request
            .body(RequestBody::Left(Full::new(Body::from(payload))))
            .map_err(|error| self.error(doing, error.into()))?;
        let answer = async { Ok(self.wire().send(request).await?) };
        self.ask_within(doing, within, answer).await
    }

    /// The error of an answer that is none.
    async fn refused(&self, response: hyper::Response<Incoming>, doing: &str) -> EngineError {
        let status = response.status().as_u16();
        let body = tokio::time::timeout(ANSWER_WITHIN, response.into_body().collect()).await;
        let bytes = match body {
            Ok(Ok(whole)) => whole.to_bytes(),
            Ok(Err(_)) | Err(_) => Body::new(),
        };
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let message = read::text(&answer, "/message").map_or_else(
            || String::from_utf8_lossy(&bytes).trim().to_owned(),
            str::to_owned,
        );
        EngineError::answered(self.name(), doing, status, message)
    }
}
