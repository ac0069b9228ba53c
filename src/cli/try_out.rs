//! `karat demo`: lay a small fleet out on a real engine, and take it away again.

use std::path::PathBuf;

use super::args::Demo;
use super::demo;
use super::output::{self, Exit};
use super::session::Session;
use crate::engine::Engine;
use crate::model::project::{EngineAddress, EngineName};

pub(super) async fn run(session: &Session, args: Demo) -> Exit {
    if let Some(exit) = session.read_only() {
        return exit;
    }
    let wanted = args.engine.as_deref().filter(|name| !name.is_empty());
    let name = match engine(session, wanted) {
        Ok(name) => name,
        Err(why) => {
            output::error(&why);
            return Exit::ERROR;
        }
    };
    let target = match session.targets.get(&name) {
        Ok(target) => target,
        Err(error) => {
            output::error(&error);
            return Exit::ERROR;
        }
    };
    if let Err(error) = target.ping().await {
        output::error(&error);
        return Exit::ERROR;
    }
    let address = session.project.engines.get(&name).cloned();
    let engine = match address.map(|address| Engine::new(name.clone(), address)) {
        Some(Ok(engine)) => engine,
        Some(Err(error)) => {
            output::error(&error);
            return Exit::ERROR;
        }
        None => {
            output::error(&format!("there is no engine `{name}`"));
            return Exit::ERROR;
        }
    };
    let dir = args.dir.unwrap_or_else(|| PathBuf::from(demo::FOLDER));
    let dir = session.surroundings.cwd.join(dir);
    let mut tell = |line: &str| session.hint(line);
    let done = if args.clean {
        demo::clean(engine.docker(), &dir, &mut tell).await
    } else {
        Box::pin(demo::lay(engine.docker(), &name, &dir, &mut tell)).await
    };
    match done {
        Ok(()) => {
            if !args.clean {
                output::result(&format!(
                    "the demo fleet runs on {name}; look at it:  cd {} && karat\n",
                    dir.display()
                ));
            }
            Exit::DONE
        }
        Err(error) => {
            output::error(&error);
            Exit::ERROR
        }
    }
}

/// The engine to use: the one that is named, else the one on this machine.
fn engine(session: &Session, wanted: Option<&str>) -> Result<EngineName, String> {
    let engines = &session.project.engines;
    if let Some(wanted) = wanted {
        let name = EngineName::from(wanted);
        return if engines.contains_key(&name) {
            Ok(name)
        } else {
            let near = crate::model::nearest::hint(wanted, engines.keys().map(EngineName::as_str));
            Err(format!("there is no engine `{wanted}`{near}"))
        };
    }
    let local = |address: &EngineAddress| matches!(address, EngineAddress::Unix(_));
    let default = EngineName::from("context:default");
    engines
        .get_key_value(&default)
        .or_else(|| engines.iter().find(|(_, address)| local(address)))
        .map(|(name, _)| name.clone())
        .ok_or_else(|| "no engine on this machine is known; name one: `--engine NAME`".to_owned())
}
