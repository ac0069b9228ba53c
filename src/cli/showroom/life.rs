//! What happens in the demo without anybody doing it: somebody works on it, a container falls
//! over, a health flips. By the demo's clock, so that an hour can be watched in a minute; after
//! that hour nothing happens by itself any more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::lay::Layer;
use super::table::{Line, PLACES, Place, Role, line};
use super::{DOWN, Showroom};
use crate::model::fleet::Fleet;
use crate::model::observation::Health;
use crate::model::plan::OperationKind;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::time::Timestamp;
use crate::operate::planning::{DeployAsk, Pick};
use crate::operate::{Operator, unwatched};
use crate::store::Store;
use crate::target::memory::SimEngine;

/// Who holds a lock when the demo begins, and whose operation was cut off.
pub(super) const BUSY: &str = "sam@ops-2";
pub(super) const GONE: &str = "mia@laptop-mia";

/// How long the story is. What began before its end is ended well; a demo that was forgotten
/// in some window costs nothing then.
pub(super) const STORY: Duration = Duration::from_secs(3_600);

/// How long the one who holds a lock goes on.
const BUSY_FOR: Duration = Duration::from_secs(75);

type SimEngines = BTreeMap<EngineName, Arc<SimEngine>>;

fn at<'a>(
    engines: &'a SimEngines,
    role: Role,
    place: &str,
) -> Option<(&'static Line, &'static Place, &'a Arc<SimEngine>)> {
    let place = PLACES.iter().find(|one| one.name == place)?;
    let engine = engines.get(&EngineName::from(*place.engines.first()?))?;
    Some((line(role)?, place, engine))
}

/// What is under way, or was cut off, when the demo begins.
pub(super) fn before(layer: &Layer<'_>, engines: &SimEngines) {
    if let Some((line, place, engine)) = at(engines, Role::Auth, "staging") {
        let job = layer.job((line, place), engine, ("2.4.0", "2.4.1"), (BUSY, 15));
        engine.lay_lock(job);
    }
    if let Some((line, place, engine)) = at(engines, Role::Gateway, "canary") {
        let job = layer.job((line, place), engine, ("5.0.2", "5.1.0"), (GONE, 3_900));
        engine.abandon(job);
    }
}

/// Begins the script.
pub(super) fn live(showroom: &Showroom, fleet: &watch::Receiver<Arc<Fleet>>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let script = Script {
        clock: showroom.clock,
        ends: showroom.clock.now() + STORY,
        engines: showroom.engines.clone(),
        images: super::LINES
            .iter()
            .map(|line| (line.role, showroom.cast.name(line.role)))
            .collect(),
        fleet: fleet.clone(),
        operator: showroom.operator.clone(),
        dice: showroom.dice,
    };
    tasks.spawn(script.clone().falling_over());
    tasks.spawn(script.clone().somebody_finishes());
    tasks.spawn(script.clone().flickering());
    tasks.spawn(script.clone().somebody_promotes());
    tasks.spawn(script.line_mended());
    tasks
}

#[derive(Clone)]
struct Script {
    clock: crate::target::Clock,
    ends: Timestamp,
    engines: SimEngines,
    images: BTreeMap<Role, ImageName>,
    fleet: watch::Receiver<Arc<Fleet>>,
    operator: Operator,
    dice: super::Dice,
}

impl Script {
    fn image(&self, role: Role) -> ImageName {
        self.images
            .get(&role)
            .cloned()
            .unwrap_or_else(|| ImageName::from(""))
    }

    /// Lets some time pass. Whether the story goes on.
    async fn pause(&self, what: &str, count: u64, least: u64, most: u64) -> bool {
        let more = self
            .dice
            .throw(&format!("pause {what} {count}"), most - least);
        self.clock.sleep(Duration::from_secs(least + more)).await;
        self.clock.now() < self.ends
    }

    /// The worker in staging is started again and again.
    async fn falling_over(self) {
        let Some((_, _, engine)) = at(&self.engines, Role::Worker, "staging") else {
            return;
        };
        let name = self.image(Role::Worker);
        for count in 0.. {
            if !self.pause("worker", count, 25, 70).await {
                return;
            }
            engine.crash(name.as_str(), 137).await;
        }
    }

    /// Whoever held the lock in the beginning finishes.
    async fn somebody_finishes(self) {
        self.clock.sleep(BUSY_FOR).await;
        let image = self.image(Role::Auth);
        if let Some((_, _, engine)) = at(&self.engines, Role::Auth, "staging") {
            engine.lift_lock(image.as_str());
        }
        self.promote(BUSY, image, "dev", "staging").await;
    }

    /// Now and then a health check fails for a minute.
    async fn flickering(self) {
        let places = [(Role::Reports, "canary"), (Role::Api, "staging")];
        for count in 0.. {
            if !self.pause("flicker", count, 60, 240).await {
                return;
            }
            let what = format!("flicker {count}");
            let picked = self.dice.pick(&what, &places).copied();
            let Some((role, place)) = picked else { return };
            let Some((_, _, engine)) = at(&self.engines, role, place) else {
                return;
            };
            let name = self.image(role);
            engine.set_health(name.as_str(), Health::Unhealthy);
            self.clock.sleep(Duration::from_secs(50)).await;
            engine.set_health(name.as_str(), Health::Healthy);
        }
    }

    /// Every few minutes somebody else promotes something, with an operator of his own.
    async fn somebody_promotes(self) {
        let jobs = [
            (Role::Api, "dev", "staging"),
            (Role::Web, "dev", "staging"),
            (Role::Reports, "dev", "canary"),
            (Role::Api, "staging", "canary"),
        ];
        for (count, (role, from, to)) in (0..).zip(jobs.into_iter().cycle()) {
            if !self.pause("promote", count, 240, 420).await {
                return;
            }
            let who = self
                .dice
                .pick(&format!("promotes {count}"), &super::table::PEOPLE);
            let who = who.copied().unwrap_or(BUSY);
            self.promote(who, self.image(role), from, to).await;
        }
    }

    async fn promote(&self, who: &str, image: ImageName, from: &str, to: &str) {
        // On a machine of his own: what this one remembers it learns from the containers.
        let Ok(store) = Store::in_memory() else {
            return;
        };
        let operator = Operator::new(self.operator.targets().clone(), Arc::new(store))
            .by(self.clock)
            .called(who.to_owned());
        let fleet = self.fleet.borrow().clone();
        let ask = DeployAsk {
            kind: OperationKind::Promote,
            images: vec![image],
            environment: EnvironmentName::from(to),
            pick: Pick::From(Some(EnvironmentName::from(from))),
            reason: None,
            accept_no_rollback: false,
        };
        // Nothing to do, or not now: then he does not.
        let plan = operator.plan(&fleet, &ask, self.clock.now()).await;
        if let Some(plan) = plan.ok().filter(|plan| !plan.is_empty()) {
            operator.run(&plan, &unwatched()).await;
        }
    }

    /// The engine that does not answer is mended after a while.
    async fn line_mended(self) {
        self.clock.sleep(Duration::from_secs(25 * 60)).await;
        if let Some(engine) = self.engines.get(&EngineName::from(DOWN)) {
            engine.set_down(None);
        }
    }
}
