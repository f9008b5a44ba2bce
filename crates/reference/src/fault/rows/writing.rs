//! Faults in writing answers.

use crate::answer::{After, Answer, Content};
use crate::fault::Effect::{self, Completed, Written};
use crate::fault::probe::octets;
use crate::fault::{Fault, Seen, fault};

pub(super) const ROWS: &[Fault] = &[
    fault("no-date", "Date is missing.")
        .breaks("rfc9110/6.6.1-date")
        .by(Completed(|answer, _| answer.remove("Date"))),
    fault("malformed-date", "Date is in the format of RFC 850.")
        .breaks("rfc9110/2.2-grammar")
        .by(Completed(|answer, _| answer.replace("Date", "Sunday, 06-Nov-94 08:49:37 GMT"))),
    fault("duplicate-length", "Content-Length is there twice.")
        .breaks("rfc9110/5.3-repeated-lines")
        .by(Completed(|answer, _| {
            if let Some(length) = answer.value("Content-Length") {
                answer.add("Content-Length", length);
            }
        })),
    fault("length-and-chunked", "Content-Length stands beside Transfer-Encoding.")
        .breaks("rfc9112/6.2-cl-with-te")
        .by(Completed(|answer, seen| {
            if !seen.is_old() {
                make_chunked(answer);
            }
        })),
    fault("chunked-to-http10", "An HTTP/1.0 request gets a chunked answer.")
        .breaks("rfc9112/6.1-te-old-client")
        .shown_by(|| octets("GET / HTTP/1.0\r\n\r\n"))
        .by(Completed(|answer, seen| {
            if seen.is_old() {
                make_chunked(answer);
                answer.remove("Content-Length");
            }
        })),
    fault("head-with-content", "The answer to HEAD has content.")
        .breaks("rfc9110/9.3.2-head-content")
        .shown_by(|| octets("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"))
        .by(Effect::Answer(|answer, _| {
            if let Content::Withheld(length) = answer.content {
                answer.content = Content::Sent(vec![b'x'; length]);
            }
        })),
    fault("no-length", "The end of the content is not told, and the connection stays open.")
        .breaks("rfc9112/9.3-persistence-rules")
        .by(Completed(|answer, _| {
            if answer.after == After::Persist {
                answer.remove("Content-Length");
            }
        })),
    fault("request-field-sent", "Answers repeat the fields of requests.")
        .breaks("rfc9110/2.2-role")
        .by(Effect::Answer(|answer, _| {
            if answer.status >= 200 {
                answer.add("Host", "localhost");
            }
        })),
    fault("end-to-end-option", "Connection names Date.")
        .breaks("rfc9110/7.6.1-end-to-end")
        .by(Completed(|answer, _| add_option(answer, "Date"))),
    fault("empty-element-sent", "Connection begins with an empty element.")
        .breaks("rfc9110/5.6.1.1-no-empty-elements")
        .by(Completed(|answer, _| add_option(answer, ", keep-alive"))),
    fault("space-before-colon-sent", "Answers have space before a colon.")
        .breaks("rfc9112/5-field-line")
        .by(Written(|lines, _| Some(lines.with_line(b"X-Space : 1")))),
    fault("space-led-line-sent", "The status line is followed by a line led by space.")
        .breaks("rfc9112/2.2-space-before-fields-sent")
        .by(Written(|lines, _| Some(lines.with_line(b" X-Led: 1")))),
    fault("fold-sent", "Answers have a folded line.")
        .breaks("rfc9112/5.2-no-fold")
        .by(Written(|lines, _| Some(lines.with_line(b"X-Fold: 1\r\n 2")))),
    fault("bare-cr-sent", "Answers have a CR without LF.")
        .breaks("rfc9112/2.2-bare-cr-sent")
        .by(Written(|lines, _| Some(lines.with_line(b"X-Cr: 1\r2")))),
    fault("bare-lf-sent", "Lines end with LF alone.").breaks("rfc9112/2.1-message").by(Written(
        |lines, _| {
            let head = lines.head.iter().filter(|octet| **octet != b'\r');
            Some(head.chain(lines.rest).copied().collect())
        },
    )),
    fault("no-space-after-status", "The status line ends with the status.")
        .breaks("rfc9112/4-status-space")
        .by(Written(|lines, _| Some([&lines.start[..12], lines.fields, lines.rest].concat()))),
    // Responses that end before they are complete.
    fault("refusal-length-long", "An error ends before as many octets as its Content-Length says.")
        .breaks("rfc9112/8-incomplete-response")
        .by(Effect::Answer(|answer, seen| close_if(answer, !seen.is_http2 && answer.status >= 400)))
        .by(Completed(|answer, seen| {
            if answer.status >= 400 && !seen.is_http2 {
                lengthen(answer);
            }
        })),
    fault("plain-length-long", "A page ends before as many octets as its Content-Length says.")
        .breaks("rfc9112/8-incomplete-response")
        .by(Effect::Answer(|answer, seen| close_if(answer, !seen.is_http2 && answer.status == 200)))
        .by(Completed(|answer, seen| {
            if answer.status == 200 && !seen.is_http2 {
                lengthen(answer);
            }
        })),
    fault("refusal-chunks-cut", "An error in chunks ends without the last one.")
        .breaks("rfc9112/7.1-last-chunk")
        .by(Effect::Answer(|answer, seen| close_if(answer, may_be_chunked(answer, seen))))
        .by(Completed(|answer, seen| {
            if may_be_chunked(answer, seen) {
                cut_chunks(answer, 0);
            }
        })),
    fault("refusal-chunk-short", "An error in chunks ends within a chunk.")
        .breaks("rfc9112/7.1-last-chunk")
        .by(Effect::Answer(|answer, seen| close_if(answer, may_be_chunked(answer, seen))))
        .by(Completed(|answer, seen| {
            if may_be_chunked(answer, seen) {
                cut_chunks(answer, 40);
            }
        })),
    fault("refusal-head-cut", "An error ends within its head.")
        .breaks("rfc9112/8-incomplete-response")
        .also(&["rfc9112/9.6-announce"])
        .by(Effect::Answer(|answer, seen| close_if(answer, !seen.is_http2 && answer.status >= 400)))
        .by(Written(|lines, _| {
            let cut = lines.head.len() - 2;
            (lines.status >= 400).then(|| lines.head[..cut].to_vec())
        })),
];

/// Adds to the options in Connection.
fn add_option(answer: &mut Answer, option: &str) {
    match answer.value("Connection") {
        Some(options) => {
            answer.replace("Connection", [&options[..], b", ", option.as_bytes()].concat());
        }
        None => answer.add("Connection", option),
    }
}

/// Ends the connection after some answers.
fn close_if(answer: &mut Answer, is_due: bool) {
    if is_due {
        answer.after = After::Close;
    }
}

/// Makes Content-Length say more than there is.
fn lengthen(answer: &mut Answer) {
    if let Content::Sent(content) = &answer.content {
        answer.replace("Content-Length", (content.len() + 40).to_string());
    }
}

/// Whether an error can be written in chunks.
fn may_be_chunked(answer: &Answer, seen: &Seen) -> bool {
    let has_content = matches!(answer.content, Content::Sent(_));
    let is_error = answer.status >= 400;
    has_content && is_error && !seen.is_http2 && !seen.is_old() && seen.version() == b"HTTP/1.1"
}

/// Makes the content one chunk, so many octets longer by its size, and no last chunk.
fn cut_chunks(answer: &mut Answer, more: usize) {
    if let Content::Sent(content) = &answer.content {
        let size = format!("{:x}\r\n", content.len() + more).into_bytes();
        let cut = [&size[..], content, b"\r\n"].concat();
        answer.remove("Content-Length");
        answer.add("Transfer-Encoding", "chunked");
        answer.content = Content::Sent(cut);
    }
}

fn make_chunked(answer: &mut Answer) {
    if let Content::Sent(content) = &answer.content {
        let size = format!("{:x}\r\n", content.len()).into_bytes();
        let chunked = [&size[..], content, b"\r\n0\r\n\r\n"].concat();
        answer.replace("Content-Length", chunked.len().to_string());
        answer.add("Transfer-Encoding", "chunked");
        answer.content = Content::Sent(chunked);
    }
}
