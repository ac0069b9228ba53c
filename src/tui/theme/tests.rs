use super::depth::Depth;
use super::*;

fn built_in() -> Vec<Theme> {
    BUILT_IN
        .iter()
        .map(|(name, text)| Theme::read(text).unwrap_or_else(|error| panic!("{name}: {error}")))
        .collect()
}

#[test]
fn the_built_in_themes_are_read_and_bear_the_names_of_their_files() {
    let named: Vec<String> = built_in().into_iter().map(|theme| theme.name).collect();
    let files: Vec<&str> = Theme::names().collect();
    assert_eq!(named, files);
}

#[test]
fn a_wrong_theme_says_what_is_wrong() {
    let dark = BUILT_IN[0].1;
    let wrong = dark.replace("#7fc77f", "greenish");
    assert!(matches!(
        Theme::read(&wrong),
        Err(ThemeError::NoSuchColour(name)) if name == "greenish"
    ));
    let unknown = format!("glow = {{}}\n{dark}");
    let error = Theme::read(&unknown).expect_err("unknown slot").to_string();
    assert!(error.contains("glow"), "{error}");
}

#[test]
fn without_colours_there_are_none() {
    let mut theme = Theme::colourless();
    for style in theme.styles_mut() {
        assert_eq!((style.fg, style.bg), (None, None));
    }
}

/// A channel as light: the sRGB transfer function of IEC 61966-2-1.
fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.04045 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

fn rgb(colour: Color) -> [f64; 3] {
    match colour {
        Color::Rgb(r, g, b) => [linear(r), linear(g), linear(b)],
        other => panic!("{other:?} has no fixed shade"),
    }
}

/// The contrast of two colours, 1 to 21, by WCAG 2.2.
fn contrast(a: Color, b: Color) -> f64 {
    let luminance = |colour| {
        let [r, g, b] = rgb(colour);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Everything that is read must stand out from every background it may stand on: 4.5 is
/// WCAG's level AA, 7 its level AAA.
#[test]
fn everything_can_be_read_on_the_backgrounds_a_theme_is_for() {
    let black = Color::Rgb(0, 0, 0);
    let dark_grey = Color::Rgb(0x1e, 0x1e, 0x1e);
    let white = Color::Rgb(0xff, 0xff, 0xff);
    let paper = Color::Rgb(0xfa, 0xf6, 0xea);
    for (name, backgrounds, least) in [
        ("dark", vec![black, dark_grey], 4.5),
        ("colour-blind", vec![black, dark_grey], 4.5),
        ("light", vec![white, paper], 4.5),
        ("high-contrast", vec![black], 7.0),
    ] {
        let mut theme = Theme::built_in(name).expect(name);
        let (selected, border) = (theme.selected.bg, theme.border);
        for style in theme.styles_mut().filter(|style| **style != border) {
            let Some(text) = style.fg else { continue };
            let mut on = match style.bg {
                Some(own) => vec![own],
                None => backgrounds.clone(),
            };
            // What is selected keeps its colour, unless the selection brings its own.
            if style.bg.is_none() && name != "high-contrast" {
                on.extend(selected);
            }
            for background in on {
                let found = contrast(text, background);
                assert!(
                    found >= least,
                    "{name}: {text:?} on {background:?}: {found:.1}"
                );
            }
        }
    }
}

/// What somebody sees who lacks a kind of cone: the matrices of Machado, Oliveira and
/// Fernandes (2009) for severity 1, on linear light.
const LACKING: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "red",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "green",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "blue",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// How far apart two colours look: the distance in `OKLab` (Ottosson 2020).
fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    let lab = |[r, g, b]: [f64; 3]| {
        let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_99 * b)
            .max(0.0)
            .cbrt();
        let m = (0.211_903_50 * r + 0.680_699_55 * g + 0.107_396_96 * b)
            .max(0.0)
            .cbrt();
        let s = (0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_70 * b)
            .max(0.0)
            .cbrt();
        [
            0.210_454_26 * l + 0.793_617_79 * m - 0.004_072_05 * s,
            1.977_998_50 * l - 2.428_592_21 * m + 0.450_593_71 * s,
            0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        ]
    };
    let (a, b) = (lab(a), lab(b));
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[test]
fn good_warning_and_bad_differ_for_those_who_lack_a_kind_of_cone() {
    let theme = Theme::built_in("colour-blind").expect("the theme");
    let states = [
        ("good", theme.good),
        ("warn", theme.warn),
        ("bad", theme.bad),
    ];
    for (cone, matrix) in LACKING {
        let seen = |style: Style| {
            let light = rgb(style.fg.expect("a colour"));
            matrix.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum::<f64>())
        };
        for (at, (one, a)) in states.iter().enumerate() {
            for (other, b) in states.iter().skip(at + 1) {
                let found = apart(seen(*a), seen(*b));
                assert!(found > 0.12, "{one} and {other} without {cone}: {found:.3}");
            }
        }
    }
}

#[test]
fn no_two_environments_of_eight_have_the_same_accent_nor_that_of_the_mark() {
    for mut theme in built_in() {
        let accent = |at| theme.environment(at, &environment(at % 2 == 1));
        let mut accents: Vec<Style> = (0..8).map(accent).collect();
        accents.push(theme.protected);
        for (at, one) in accents.iter().enumerate() {
            for (other, two) in accents.iter().enumerate().skip(at + 1) {
                let what = format!("{}: {at} and {other}", theme.name);
                assert_ne!(one.fg, two.fg, "{what}");
                // The sixteen have whatever shade the terminal gives them.
                if theme.mixes() {
                    let shade = |style: &Style| rgb(style.fg.expect("a colour"));
                    let found = apart(shade(one), shade(two));
                    assert!(found > 0.05, "{what}: {found:.3}");
                }
            }
        }
    }
}

#[test]
fn a_protected_environment_keeps_its_accent_and_is_emphasised() {
    for theme in built_in() {
        for at in 0..20 {
            let (open, protected) = (
                theme.environment(at, &environment(false)),
                theme.environment(at, &environment(true)),
            );
            assert_eq!(open.fg, protected.fg, "{}", theme.name);
            assert_ne!(open, protected, "{}", theme.name);
            // However many there are, neighbours differ.
            let next = theme.environment(at + 1, &environment(true));
            assert_ne!(protected.fg, next.fg, "{}: {at}", theme.name);
        }
    }
}

fn environment(protected: bool) -> Environment {
    Environment {
        name: "dev".into(),
        engines: Vec::new(),
        selector: crate::model::project::Selector::All,
        protected,
        read_only: false,
        soak: crate::model::time::Span::seconds(1),
        after: None,
        channel: None,
    }
}

#[test]
fn a_terminal_is_given_the_colours_it_knows() {
    for (colorterm, term, depth) in [
        (Some("truecolor"), Some("xterm"), Depth::True),
        (Some("24bit"), None, Depth::True),
        (None, Some("xterm-direct"), Depth::True),
        (None, Some("xterm-256color"), Depth::Indexed),
        (None, Some("linux"), Depth::Sixteen),
        (None, None, Depth::Sixteen),
    ] {
        assert_eq!(
            Depth::told_by(colorterm, term),
            depth,
            "{colorterm:?} {term:?}"
        );
    }
    for theme in built_in() {
        let mut few = theme.clone().fitted(Depth::Indexed);
        assert!(
            few.styles_mut()
                .flat_map(|style| [style.fg, style.bg])
                .all(|colour| !matches!(colour, Some(Color::Rgb(..)))),
            "{}",
            theme.name
        );
        let mut fewest = theme.clone().fitted(Depth::Sixteen);
        assert!(!fewest.mixes(), "{}", theme.name);
        assert_eq!(theme.clone().fitted(Depth::True), theme);
    }
}
