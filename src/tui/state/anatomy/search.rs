//! Looking for paths below a directory: at once where there are few, elsewhere where that
//! would hold up a key. Then what was found before stays until there is an answer.

use std::sync::{Arc, Weak};

use crate::anatomy::merged::{Merged, NodeId};
use crate::anatomy::tree::search::{Found, Query, Scene};
use crate::tui::effect::{MOST_FOUND, Request};

/// So many paths are looked through at once: about two milliseconds.
const FEW: usize = 20_000;

/// What is looked for, and what was found last.
#[derive(Clone, Debug, Default)]
pub(super) struct Searching {
    wish: Option<Wish>,
    /// What was found last, and where.
    found: Option<(Scene, Arc<Found>)>,
}

/// What is looked for.
#[derive(Clone, Debug)]
struct Wish {
    scene: Scene,
    text: String,
    standing: Standing,
}

#[derive(Clone, Debug)]
enum Standing {
    /// It is to be asked for.
    New,
    /// It was asked for, under this number. Whoever looks for it stops when the other half
    /// of this is gone.
    Asked(
        Request,
        #[expect(dead_code, reason = "it is held, not read")] Arc<()>,
    ),
    /// It is what was found.
    Found,
    /// It could not be looked for.
    Failed(String),
}

impl Searching {
    /// Has a text looked for, unless it is already. Why it cannot be, where that is so.
    pub(super) fn look(
        &mut self,
        merged: &Merged,
        query: &Query,
        scene: Scene,
        text: String,
    ) -> Option<String> {
        let wish = self.wish.as_ref();
        let same = wish.filter(|wish| wish.scene == scene && wish.text == text);
        if let Some(wish) = same {
            return match &wish.standing {
                Standing::Failed(why) => Some(why.clone()),
                _ => None,
            };
        }
        let standing = if merged.len() > FEW {
            Standing::New
        } else {
            let found = query.run(merged, scene, MOST_FOUND);
            self.found = Some((scene, Arc::new(found)));
            Standing::Found
        };
        self.wish = Some(Wish {
            scene,
            text,
            standing,
        });
        None
    }

    /// What was found last below a directory.
    pub(super) fn found(&self, below: NodeId) -> Option<&Found> {
        let found = self
            .found
            .as_ref()
            .filter(|(scene, _)| scene.below == below);
        found.map(|(_, found)| found.as_ref())
    }

    /// Whether there will be an answer.
    pub(super) const fn is_under_way(&self) -> bool {
        matches!(
            &self.wish,
            Some(Wish {
                standing: Standing::New | Standing::Asked(..),
                ..
            })
        )
    }

    /// What is to be looked for, if it was not asked for yet; it counts as asked for then.
    pub(super) fn ask(&mut self, request: Request) -> Option<(Scene, String, Weak<()>)> {
        let wish = self.wish.as_mut()?;
        if !matches!(wish.standing, Standing::New) {
            return None;
        }
        let wanted = Arc::new(());
        let gone = Arc::downgrade(&wanted);
        wish.standing = Standing::Asked(request, wanted);
        Some((wish.scene, wish.text.clone(), gone))
    }

    /// Takes an answer in. Whether it is to what is looked for now.
    pub(super) fn answered(
        &mut self,
        request: Request,
        answer: &Result<Arc<Found>, String>,
    ) -> bool {
        let Some(wish) = &mut self.wish else {
            return false;
        };
        if !matches!(wish.standing, Standing::Asked(asked, _) if asked == request) {
            return false;
        }
        wish.standing = match answer {
            Ok(found) => {
                self.found = Some((wish.scene, Arc::clone(found)));
                Standing::Found
            }
            Err(why) => Standing::Failed(why.clone()),
        };
        true
    }
}
