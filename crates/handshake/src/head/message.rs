//! A request or a response, for rules that apply to both.

use super::{Fields, RequestHead, ResponseHead, Version};
use crate::{Party, Violation};
use std::ops::Range;

/// The head of a message, of any version of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'b> {
    /// What a client sends.
    Request(RequestHead<'b>),
    /// What a server sends.
    Response(ResponseHead<'b>),
}

impl<'b> Message<'b> {
    /// The party that sends messages of this kind.
    pub fn sender(&self) -> Party {
        match self {
            Self::Request(_) => Party::Client,
            Self::Response(_) => Party::Server,
        }
    }

    /// The request, if it is one.
    pub fn request(&self) -> Option<&RequestHead<'b>> {
        match self {
            Self::Request(head) => Some(head),
            Self::Response(_) => None,
        }
    }

    /// The response, if it is one.
    pub fn response(&self) -> Option<&ResponseHead<'b>> {
        match self {
            Self::Request(_) => None,
            Self::Response(head) => Some(head),
        }
    }

    /// The version, when it is well-formed.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Request(head) => head.version,
            Self::Response(head) => head.version,
        }
    }

    /// The start line; the whole head where a version has none.
    pub fn line(&self) -> &Range<usize> {
        match self {
            Self::Request(head) => &head.line,
            Self::Response(head) => &head.line,
        }
    }

    /// The field lines.
    pub fn fields(&self) -> &Fields<'b> {
        match self {
            Self::Request(head) => &head.fields,
            Self::Response(head) => &head.fields,
        }
    }

    /// Everything that departs from the grammar of HTTP/1, in the order of the octets.
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Request(head) => &head.violations,
            Self::Response(head) => &head.violations,
        }
    }

    /// How many octets the head takes.
    #[expect(clippy::len_without_is_empty, reason = "a head is never empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Request(head) => head.len,
            Self::Response(head) => head.len,
        }
    }
}

impl<'b> From<RequestHead<'b>> for Message<'b> {
    fn from(head: RequestHead<'b>) -> Self {
        Self::Request(head)
    }
}

impl<'b> From<ResponseHead<'b>> for Message<'b> {
    fn from(head: ResponseHead<'b>) -> Self {
        Self::Response(head)
    }
}
