//! What a registry can do, found out without changing anything in it.

use hyper::body::Bytes as Chunk;
use reqwest::Method;

use super::ask::Action;
use super::{RegistryError, Remote};

/// A digest that nothing has: what is asked for it shows what can be asked.
const NOTHING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What can be done with a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Tags can be listed; how many there are.
    pub read: Result<usize, RegistryError>,
    /// Something can be put there.
    pub write: Result<(), RegistryError>,
    /// It tells itself what is attached to an image.
    pub referrers: bool,
    /// Manifests can be deleted.
    pub delete: bool,
}

impl Remote {
    /// What can be done with this repository. An upload is begun and given up; a digest that
    /// nothing has is deleted.
    pub async fn abilities(&self) -> Abilities {
        Abilities {
            read: match self.tags().await {
                Ok(tags) => Ok(tags.len()),
                Err(error) if error.is_not_there() => Ok(0),
                Err(error) => Err(error),
            },
            write: self.can_write().await,
            referrers: self.has_referrers().await,
            delete: self.can_delete().await,
        }
    }

    async fn can_write(&self) -> Result<(), RegistryError> {
        let doing = format!("beginning an upload to {}", self.repository());
        let mut ask = self.ask(Method::POST, "blobs/uploads/", Action::Push, doing.clone());
        ask.body = Some(Chunk::new());
        let answer = self.host.send(&ask).await?;
        if answer.status.as_u16() != 202 {
            return Err(answer.refusal(self.host(), &doing));
        }
        if let Ok(location) = self.location(&answer, &doing).await {
            self.abandon(location).await;
        }
        Ok(())
    }

    async fn has_referrers(&self) -> bool {
        let doing = format!("looking for referrers in {}", self.repository());
        let path = format!("referrers/{NOTHING}");
        let ask = self.ask(Method::GET, &path, Action::Pull, doing);
        let answer = self.host.send(&ask).await;
        answer.is_ok_and(|answer| answer.status.as_u16() == 200)
    }

    async fn can_delete(&self) -> bool {
        let doing = format!(
            "asking whether {} lets manifests be deleted",
            self.repository()
        );
        let path = format!("manifests/{NOTHING}");
        let ask = self.ask(Method::DELETE, &path, Action::Delete, doing);
        let answer = self.host.send(&ask).await;
        // There is nothing to delete, which only one that deletes says.
        answer.is_ok_and(|answer| answer.status.as_u16() == 404 && answer.code() != "UNSUPPORTED")
    }
}
