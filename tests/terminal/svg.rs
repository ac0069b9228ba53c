//! A picture of a screen, as SVG.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// A cell in pixels: whole numbers, so that frames and blocks meet without seams.
const CELL: (u16, u16) = (9, 18);
/// 1.17 of it is a line.
const FONT: u16 = 15;
const MARGIN: u16 = 9;

/// The colours of the terminal itself: its background, and what is written in no colour.
pub(crate) struct Sheet {
    paper: &'static str,
    ink: &'static str,
}

/// A dark terminal.
pub(crate) const DARK: Sheet = Sheet {
    paper: "#16181d",
    ink: "#d5d8df",
};

/// A light one.
pub(crate) const LIGHT: Sheet = Sheet {
    paper: "#fbfbf8",
    ink: "#24272d",
};

/// The sixteen colours terminals have names for.
const NAMED: [&str; 16] = [
    "#2b2f38", "#e5606b", "#8cc570", "#e3b566", "#6aa5ec", "#c585d8", "#56b8c4", "#b6bcc8",
    "#6b7280", "#ff7a85", "#a5dd86", "#f7cd7c", "#85bbff", "#dba0ec", "#74d3df", "#ffffff",
];

/// Draws it. `rows` are the texts to draw in place of the screen's own, of the same width.
pub(crate) fn draw(screen: &Screen, rows: &[Vec<String>], title: &str, sheet: &Sheet) -> String {
    let (height, width) = screen.size();
    let (height, width) = (height.get(), width.get());
    let (w, h) = (width * CELL.0 + 2 * MARGIN, height * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <title>{}</title>\n\
         <rect width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"{}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">\n",
        escaped(title),
        sheet.paper
    );
    for row in 0..height {
        let mut column = 0;
        while column < width {
            let Some(first) = screen.cell(row, column) else {
                break;
            };
            let look = Look::of(first, sheet);
            let from = column;
            let mut text = String::new();
            // A run looks the same, and only the plain letters of one word are run together:
            // the width of a sign in somebody's font is not known, and small differences of
            // a letter's must not add up.
            while let Some(cell) = screen
                .cell(row, column)
                .filter(|it| Look::of(it, sheet) == look)
            {
                let words = &rows[usize::from(row)][usize::from(column)];
                let gap = text.ends_with(' ') && words != " " && text != " ";
                if !text.is_empty() && (gap || !words.is_ascii()) {
                    break;
                }
                text.push_str(if words.is_empty() { " " } else { words });
                column += if cell.is_wide() { 2 } else { 1 };
                if !words.is_ascii() {
                    break;
                }
            }
            run(&mut svg, sheet, &look, (row, from, column), &text);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn run(svg: &mut String, sheet: &Sheet, look: &Look, (row, from, to): (u16, u16, u16), text: &str) {
    let (x, y) = (MARGIN + from * CELL.0, MARGIN + row * CELL.1);
    let width = (to - from) * CELL.0;
    if look.paper != sheet.paper {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{}\" shape-rendering=\"crispEdges\"/>",
            CELL.1, look.paper
        );
    }
    let blank = text.trim().is_empty();
    if blank && !look.underline {
        return;
    }
    let lead = if blank {
        0
    } else {
        text.len() - text.trim_start().len()
    };
    let shown = if blank { text } else { text.trim() };
    let x = x + u16::try_from(lead).unwrap_or(0) * CELL.0;
    let length = u16::try_from(shown.chars().count()).unwrap_or(1) * CELL.0;
    let length = if shown.is_ascii() { length } else { width };
    let weight = if look.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let line = if look.underline {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" fill=\"{}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"{weight}{line}>{}</text>",
        y + 14,
        look.ink,
        escaped(shown)
    );
}

#[derive(PartialEq)]
struct Look {
    ink: String,
    paper: String,
    bold: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &Cell, sheet: &Sheet) -> Self {
        let ink = colour(cell.fgcolor(), sheet.ink);
        let paper = colour(cell.bgcolor(), sheet.paper);
        let (ink, paper) = if cell.inverse() {
            (paper, ink)
        } else {
            (ink, paper)
        };
        Self {
            ink,
            paper,
            bold: cell.bold(),
            underline: cell.underline(),
        }
    }
}

fn colour(colour: Color, default: &str) -> String {
    match colour {
        Color::Default => default.to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Idx(at @ 0..16) => NAMED[usize::from(at)].to_owned(),
        Color::Idx(at @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let at = at - 16;
            let (r, g, b) = (level(at / 36), level(at / 6 % 6), level(at % 6));
            format!("#{r:02x}{g:02x}{b:02x}")
        }
        Color::Idx(at) => {
            let grey = 8 + 10 * (at - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
