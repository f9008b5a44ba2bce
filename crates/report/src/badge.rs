//! The report as a badge: an image, and JSON for a service that draws one.

use maud::{PreEscaped, html};
use serde_json::json;

use crate::report::Report;
use crate::visible::counted;

/// An SVG image of a fixed height, without fonts of its own.
pub(crate) fn svg(report: &Report) -> String {
    let (said, colour) = said(report);
    // Verdana at 11 px is about 6.6 px wide; `textLength` fits other fonts to it.
    let width = |text: &str| text.chars().count() * 66 / 10 + 10;
    let (left, right) = (width(LABEL), width(&said));
    let total = left + right;
    let text = |x: usize, width: usize, text: &str| {
        html! {
            text x=(x + 5) y="14" textLength=(width - 10) { (text) }
        }
    };
    let image = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(total) height="20" role="img" aria-label={ (LABEL) ": " (said) } {
            title { (LABEL) ": " (said) }
            rect width=(total) height="20" rx="3" fill="#555" {}
            rect x=(left) width=(right) height="20" rx="3" fill=(colour) {}
            rect x=(left) width="4" height="20" fill=(colour) {}
            g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" {
                (text(0, left, LABEL)) (text(left, right, &said))
            }
        }
    };
    format!("{}\n", PreEscaped(image.into_string()).0)
}

/// The JSON of a badge endpoint, as shields.io reads it.
pub(crate) fn shields(report: &Report) -> String {
    let (said, colour) = said(report);
    let badge = json!({ "schemaVersion": 1, "label": LABEL, "message": said, "color": colour });
    format!("{badge}\n")
}

/// What the badge says, and in which colour.
fn said(report: &Report) -> (String, &'static str) {
    let summary = report.summary;
    let Some(score) = summary.score() else {
        return ("not judged".to_owned(), "#6a6a6a");
    };
    let pass = format!("{} % pass", score.percent);
    match (summary.fail, summary.warn) {
        (0, _) if !report.complete || summary.error > 0 => ("incomplete".to_owned(), "#6a6a6a"),
        (0, 0) => (format!("{} pass", summary.pass), "#1a7f37"),
        (0, warn) => (format!("{pass}, {}", counted(warn, "warning")), "#946200"),
        (fail, _) => (format!("{pass}, {fail} fail"), "#c0362c"),
    }
}

const LABEL: &str = "upspec";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_format_is_as_it_was() {
        insta::assert_snapshot!(svg(&sample::report()));
    }

    #[test]
    fn a_badge_says_what_fails() {
        let report = sample::report();
        let image = svg(&report);
        assert!(image.starts_with("<svg xmlns=") && image.contains("16 % pass, 4 fail"), "{image}");
        let endpoint: serde_json::Value = serde_json::from_str(&shields(&report)).unwrap();
        assert_eq!(endpoint["message"], "16 % pass, 4 fail");
        let mut cut = sample::report();
        cut.cases.retain(|case| case.verdict == upspec_judge::Verdict::Pass);
        let cut = Report { summary: crate::Summary::of(&cut.cases), complete: false, ..cut };
        assert!(svg(&cut).contains("incomplete"));
    }
}
