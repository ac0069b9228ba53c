//! A container's log.

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};

use super::{PlainTarget, TargetError};
use crate::engine::json as read;
use crate::engine::logs::Shape;
use crate::model::log::{LogLine, LogsAsk};

/// Reads it by the container's name: whichever container has that name just now.
pub(super) fn logs(
    target: &PlainTarget,
    container: &str,
    ask: LogsAsk,
) -> BoxStream<'static, Result<LogLine, TargetError>> {
    let engine = target.engine.clone();
    let container = container.to_owned();
    let opening = async move {
        let inspect = match engine.container(&container).await {
            Ok(Some(inspect)) => inspect,
            Ok(None) => {
                let gone = TargetError::NoContainer {
                    engine: engine.name().clone(),
                    container,
                };
                return stream::once(async { Err(gone) }).boxed();
            }
            Err(error) => return stream::once(async { Err(error.into()) }).boxed(),
        };
        let shape = if read::flag(&inspect, "/Config/Tty") {
            Shape::Terminal
        } else {
            Shape::Frames
        };
        // By id: a container that takes the name over has a log, and a shape, of its own.
        let id = read::text(&inspect, "/Id").unwrap_or(&container);
        engine
            .logs(id, shape, ask)
            .map(|line| line.map_err(TargetError::from))
            .boxed()
    };
    stream::once(opening).flatten().boxed()
}
