//! What changes on an engine changes on screen, without a key.

use crate::stage::{DEMO, Stage};

#[test]
fn a_container_that_stops_is_seen_to_stop() {
    let term = DEMO.somebody().opens(120, 30);
    term.sees("1 engine up");
    // dev's worker: no other test looks at it.
    term.keys("jj");
    term.see("it runs", |text| {
        text.contains("── shop-worker in dev") && text.contains("no health check; unchanged")
    });
    DEMO.docker(&["stop", "-t", "0", "karat-demo-dev-shop-worker"]);
    term.see("it stopped", |text| {
        text.contains("■ not running 0/1") && text.contains("its one container does not run")
    });
    DEMO.docker(&["start", "karat-demo-dev-shop-worker"]);
    term.see("it runs again", |text| {
        text.contains("no health check; unchanged") && !text.contains("not running")
    });
}

#[test]
fn an_engine_that_dies_is_said_where_its_data_were_and_comes_back() {
    let mut stage = Stage::small();
    let term = stage.somebody().opens(120, 30);
    term.see("it runs", |text| {
        text.contains("1 engine up") && text.contains("● healthy")
    });
    stage.engine.cut();
    let screen = term.see("the error", |text| {
        text.contains("✗ 1 down") && text.contains("✗ no answer")
    });
    // What was known stays, with its age and the error beside it.
    assert!(screen.contains("2.0.0"), "{screen}");
    assert!(screen.contains("as of"), "{screen}");
    stage.engine.restart();
    term.see("it is back", |text| {
        text.contains("1 engine up") && text.contains("● healthy") && !text.contains("no answer")
    });
}
