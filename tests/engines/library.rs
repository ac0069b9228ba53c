//! The library as the binary uses it: project text in, report out.

use std::sync::Arc;

use karat::model::fleet::{Engines, Fleet};
use karat::model::plan::{OperationKind, Plan};
use karat::model::progress::Report;
use karat::model::project::{EnvironmentName, ImageName};
use karat::operate::planning::{DeployAsk, Pick};
use karat::operate::{Operator, Refusal, unwatched};
use karat::store::Store;
use karat::target::Targets;

use crate::place::loaded;

/// The targets of a project, which remember nothing.
pub(crate) fn targets(project: &karat::model::project::Project) -> Targets {
    Targets::of(project, &Arc::new(Store::in_memory().expect("a store")))
}

/// An operator and what it sees.
pub(crate) struct Library {
    pub(crate) operator: Operator,
    project: karat::model::project::Project,
}

impl Library {
    pub(crate) fn new(text: &str) -> Self {
        let project = loaded(text);
        let targets = targets(&project);
        let store = Arc::new(Store::in_memory().expect("a store"));
        Self {
            operator: Operator::new(targets, store),
            project,
        }
    }

    pub(crate) async fn fleet(&self) -> Fleet {
        let engines = karat::observe::gather(
            self.operator.targets(),
            &Engines::new(),
            karat::target::Clock::System,
        )
        .await;
        Fleet::assemble(&self.project, &engines, chrono::Utc::now())
    }

    pub(crate) async fn plan(
        &self,
        kind: OperationKind,
        image: &str,
        environment: &str,
        pick: Pick,
    ) -> Result<Plan, Refusal> {
        let ask = DeployAsk {
            kind,
            images: vec![ImageName::from(image)],
            environment: EnvironmentName::from(environment),
            pick,
            reason: None,
            accept_no_rollback: false,
        };
        let fleet = self.fleet().await;
        self.operator.plan(&fleet, &ask, chrono::Utc::now()).await
    }

    /// Rolls an image back, or forth, to a version by name.
    pub(crate) async fn to(&self, image: &str, environment: &str, version: &str) -> Report {
        let pick = Pick::Named(version.to_owned());
        let plan = self
            .plan(OperationKind::Rollback, image, environment, pick)
            .await
            .expect("a plan");
        self.operator.run(&plan, &unwatched()).await
    }
}
