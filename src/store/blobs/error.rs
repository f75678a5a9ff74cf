//! What goes wrong with blobs, in words that hold no secret.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a blob could not be stored, read, removed or listed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The name is not that of a blob.
    #[error("a blob is named by a SHA-256 of 64 lower-case hexadecimal digits")]
    Name,
    /// The bytes have another SHA-256.
    #[error("the bytes are not those that their SHA-256 names")]
    Mismatch,
    /// The range holds nothing of the blob.
    #[error("the range holds nothing of the blob, which has {size} bytes")]
    Range {
        /// The blob's length in bytes.
        size: u64,
    },
    /// The settings cannot be used.
    #[error("{key}: {reason}")]
    Settings {
        /// The key, as [`super::S3Config`] names it.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The store did not answer in time.
    #[error("the store of images did not answer within {0:?}")]
    Timeout(Duration),
    /// The blob's bytes are fewer or more than the store said.
    #[error("the store of images gave another number of bytes than it said")]
    Incomplete,
    /// The store does not take the credentials, or they may not do this.
    #[error("the store of images refuses these credentials")]
    Refused(#[source] Cause),
    /// The store cannot be reached, or has a fault.
    #[error("the store of images failed")]
    Failed(#[source] Cause),
}

/// What the store or the system said, in words for the log.
///
/// Of a store's answer only its code and message are kept: the rest may repeat what was sent, a session
/// token too.
#[derive(Clone, PartialEq, Eq)]
pub struct Cause(String);

/// More than this says nothing more.
const LONGEST: usize = 600;

impl Cause {
    /// The words of an error and of what caused it, each once.
    pub(super) fn of(error: &dyn Error) -> Self {
        let mut words = without_answer(&error.to_string());
        let mut next = error.source();
        while let Some(cause) = next {
            let more = without_answer(&cause.to_string());
            if !words.contains(&more) {
                words = format!("{words}: {more}");
            }
            next = cause.source();
        }
        Self(words.chars().filter(|char| !char.is_control()).take(LONGEST).collect())
    }
}

/// The text with its first XML or HTML document replaced by the code and message in it.
fn without_answer(text: &str) -> String {
    let Some((before, document)) = text.split_once('<') else { return text.to_owned() };
    let inside = |tag: &str| {
        let (_, rest) = document.split_once(&format!("<{tag}>"))?;
        let (value, _) = rest.split_once(&format!("</{tag}>"))?;
        Some(value)
    };
    let said: Vec<_> = ["Code", "Message"].into_iter().filter_map(inside).collect();
    format!("{before}{}", said.join(": "))
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error::{PermissionDenied, Unauthenticated};

        let cause = Cause::of(&error);
        // The error of a list has no kind of its own; its status stands in the words alone.
        let says = |status| cause.0.contains(&format!("status code: {status}"));
        match error {
            PermissionDenied { .. } | Unauthenticated { .. } => Self::Refused(cause),
            _ if says(401) || says(403) => Self::Refused(cause),
            _ => Self::Failed(cause),
        }
    }
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(Cause::of(&error))
    }
}

/// The answer, with `None` for what is not there. A bucket that is not there is a fault: else a wrong
/// name in the settings would pass for an empty store.
pub(super) fn present<T>(answer: object_store::Result<T>) -> Result<Option<T>, BlobError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error @ object_store::Error::NotFound { .. }) => {
            let cause = Cause::of(&error);
            if cause.0.contains("NoSuchBucket") { Err(BlobError::Failed(cause)) } else { Ok(None) }
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Said(&'static str, #[source] Option<Box<Said>>);

    #[test]
    fn of_an_answer_only_the_code_and_the_message_are_kept() {
        let body = "status 403: <?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code>\
            <Message>It does not match.</Message>\n<CanonicalRequest>x-amz-security-token:sesame\
            </CanonicalRequest></Error>";
        let cause = Cause::of(&Said("failed", Some(Box::new(Said(body, None)))));
        assert_eq!(cause.to_string(), "failed: status 403: SignatureDoesNotMatch: It does not match.");
        assert!(!format!("{:?}", BlobError::Refused(cause)).contains("sesame"));
    }

    #[test]
    fn words_that_come_again_in_the_cause_stand_once_and_are_bounded() {
        let cause = Cause::of(&Said("failed: no route", Some(Box::new(Said("no route", None)))));
        assert_eq!(cause.to_string(), "failed: no route");
        let long = Box::leak("é".repeat(5000).into_boxed_str());
        assert_eq!(Cause::of(&Said(long, None)).to_string().chars().count(), LONGEST);
    }
}
