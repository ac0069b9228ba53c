use super::dive::Dive;
use super::*;
use crate::anatomy::merged::View;
use crate::anatomy::sketch::merged;

fn path(merged: &Merged, node: NodeId) -> String {
    String::from_utf8(merged.path(node)).expect("UTF-8")
}

/// `BY of OF: HOW bytes/count biggest`.
fn payments(layers: &[&str]) -> Vec<String> {
    let merged = merged(layers);
    let waste = Waste::of(&merged);
    let last = merged.last().expect("a layer");
    let visible = View::new(&merged, last).visible_bytes();
    assert_eq!(waste.visible_bytes, visible, "{layers:?}");
    let told = |it: &Payment| {
        let how = match it.how {
            How::Removed => "removed".to_owned(),
            How::Replaced => "replaced".to_owned(),
            How::Doubled => "doubled".to_owned(),
            How::Rewritten(change) => {
                let Change {
                    mode,
                    owner,
                    attributes,
                } = change;
                format!("rewritten {mode} {owner} {attributes}")
            }
        };
        let biggest = path(&merged, it.biggest[0].0);
        let (by, of, bytes) = (it.by.0, it.of.0, it.bytes.0);
        format!("{by} of {of}: {how} {bytes}/{} {biggest}", it.count)
    };
    waste.payments.iter().map(told).collect()
}

#[test]
fn who_pays_is_told_by_pair_of_layers_and_how() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["f d/x 5 \n f d/y 7 \n f a 9", "w d", "f a 3 4"],
            &["1 of 0: removed 12/2 d/y", "2 of 0: replaced 9/1 a"],
        ),
        (
            &["f a 5 1", "f a 5 1 mode=755", "f a 5 1 mode=755 uid=7"],
            &[
                "1 of 0: rewritten true false false 5/1 a",
                "2 of 1: rewritten false true false 5/1 a",
            ],
        ),
        (
            &["f a 5 1", "f a 5 1"],
            &["1 of 0: rewritten false false false 5/1 a"],
        ),
        (&["f a 5 1", "f a 5 2"], &["1 of 0: replaced 5/1 a"]),
        (&["f a 5 \n f a 7"], &["0 of 0: doubled 5/1 a"]),
        (&["f d/x 5", "f d 7"], &["1 of 0: removed 5/1 d/x"]),
        (&["f d 5", "l d e"], &["1 of 0: replaced 5/1 d"]),
        // The last name decides.
        (
            &["f a 5 \n h b a", "w a", "f b 7"],
            &["2 of 0: replaced 5/1 a"],
        ),
        (&["f a 5 \n h b a", "w a"], &[]),
        (
            &["f a 5", "h b a", "w a \n w b"],
            &["2 of 0: removed 5/1 a"],
        ),
    ];
    for (layers, told) in cases {
        assert_eq!(payments(layers), *told, "{layers:?}");
    }
}

#[test]
fn waste_is_told_by_path() {
    let merged = merged(&["f a 5 \n f b 90", "f a 6 \n w b", "f a 7 \n f a 8 \n f c 1"]);
    let waste = Waste::of(&merged);
    let told = |it: &WastedPath| (path(&merged, it.node), it.bytes.0, it.copies);
    assert_eq!(
        waste.paths.iter().map(told).collect::<Vec<_>>(),
        [("b".to_owned(), 90, 1), ("a".to_owned(), 18, 4)]
    );
    assert_eq!(waste.reclaimable(), Bytes(108));
    let a = merged.find(b"a").expect("found");
    assert_eq!(written_by(&merged, a), [LayerNo(0), LayerNo(1), LayerNo(2)]);
    assert_eq!(waste.caused_below(LayerNo(1)), Bytes(95));
    assert_eq!(waste.caused_below(LayerNo(2)), Bytes(6));
    assert_eq!(waste.dead_of(LayerNo(0)), [(LayerNo(1), Bytes(95))]);
    let of_the_last = [(LayerNo(2), Bytes(7))];
    assert_eq!(waste.dead_of(LayerNo(2)), of_the_last);
    assert!((waste.efficiency() - 9.0 / 117.0).abs() < 1e-9);
}

#[test]
fn an_image_without_bytes_wastes_nothing() {
    for layers in [&[][..], &["d a", "w a"]] {
        let merged = merged(layers);
        let waste = Waste::of(&merged);
        assert_eq!(waste.reclaimable(), Bytes(0));
        assert!((waste.efficiency() - 1.0).abs() < 1e-9);
        let dive = Dive::of(&merged);
        assert_eq!((dive.wasted_bytes, dive.user_wasted), (Bytes(0), None));
        assert!((dive.efficiency - 1.0).abs() < 1e-9);
    }
}

/// Layers, Σ smallest ÷ Σ all, wasted, files of all layers but the lowest.
type Figures = (&'static [&'static str], (f64, f64), u64, f64);

#[test]
fn figures_of_dive_follow_its_definitions() {
    let cases: &[Figures] = &[
        // Twice the same: both count as wasted.
        (&["f a 10", "f a 10"], (10.0, 20.0), 20, 10.0),
        (&["f a 10", "f a 4 \n f b 6"], (10.0, 20.0), 14, 10.0),
        // Removed: a node of size zero.
        (&["f a 10 \n f b 5", "w a \n f c 5"], (10.0, 20.0), 10, 5.0),
        // So is each file of a directory removed whole, however it is.
        (&["f d/x 10", "w d \n f c 5"], (5.0, 15.0), 10, 5.0),
        (&["f d/x 10", "o d \n f c 5"], (5.0, 15.0), 10, 5.0),
        // Directories have no bytes.
        (&["d d \n f d/x 10", "d d \n f c 5"], (15.0, 15.0), 0, 5.0),
        // Removed and brought again later.
        (&["f a 10", "w a", "f a 10"], (0.0, 20.0), 20, 10.0),
    ];
    for (layers, (smallest, all), wasted, user) in cases {
        let dive = Dive::of(&merged(layers));
        assert!(
            (dive.efficiency - smallest / all).abs() < 1e-9,
            "{layers:?}"
        );
        assert_eq!(dive.wasted_bytes, Bytes(*wasted), "{layers:?}");
        let share = dive.user_wasted.expect("files above the lowest");
        #[allow(clippy::cast_precision_loss)]
        let expected = *wasted as f64 / user;
        assert!((share - expected).abs() < 1e-9, "{layers:?}");
    }
}
