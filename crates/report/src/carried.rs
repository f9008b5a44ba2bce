//! The JSON report that a page carries, so that one file is all the evidence: compressed, in base64, in an
//! element that browsers do not show.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// The element with the report.
pub(crate) fn element(json: &str) -> Markup {
    let packed = STANDARD.encode(compress_to_vec_zlib(json.as_bytes(), LEVEL));
    html! { (PreEscaped(START)) (packed) (PreEscaped(END)) }
}

/// Whether a text is a page and no JSON.
pub(crate) fn is_page(text: &str) -> bool {
    text.get(..DOCTYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(DOCTYPE))
}

/// The JSON that a page carries; what is wrong with the page, if it carries none.
pub(crate) fn json_of(page: &str) -> Result<String, &'static str> {
    let packed = page.rsplit_once(START).and_then(|(_, rest)| Some(rest.split_once(END)?.0));
    let packed = packed.ok_or("this page carries no report")?;
    let octets =
        STANDARD.decode(packed).map_err(|_| "the report in this page is cut or changed")?;
    let json = decompress_to_vec_zlib_with_limit(&octets, MOST)
        .map_err(|_| "the report in this page is cut or changed, or beyond all bounds")?;
    String::from_utf8(json).map_err(|_| "the report in this page is no text")
}

const DOCTYPE: &str = "<!doctype html>";
const START: &str = "<template id=\"upspec-report\">";
const END: &str = "</template>";
/// Good compression that is still fast.
const LEVEL: u8 = 6;
/// The most octets that a page may unfold to; a run of thousands of cases has a few hundred million.
const MOST: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FORMATS, Report, sample};

    #[test]
    fn a_page_is_read_as_its_report() {
        let report = sample::report();
        let page = FORMATS.iter().find(|format| format.name == "html").unwrap();
        let page = String::from_utf8(page.octets(&report)).unwrap();
        assert_eq!(Report::read(&page).unwrap(), report);
        for (page, why) in [
            ("<!DOCTYPE html><p>", "carries no report"),
            ("<!DOCTYPE html><template id=\"upspec-report\">AAAA</template>", "cut or changed"),
            ("<!DOCTYPE html><template id=\"upspec-report\">*</template>", "cut or changed"),
        ] {
            let error = Report::read(page).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(element("x").into_string().matches('<').count(), 2);
    }
}
