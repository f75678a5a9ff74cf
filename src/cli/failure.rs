//! Why a command could not do what it was called for, in words for whoever called it.

use std::fmt;

use crate::config::ConfigError;
use crate::error::{Code, Error};
use crate::keys::KeyError;

/// A sentence or two: what happened, and what to do.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Failure {
    /// A failure in these words.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self(format!("the configuration cannot be used: {error}"))
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self(error.to_string())
    }
}

/// A client would read only what the error says of itself; whoever runs the program reads its cause too.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = causes(&error);
        if error.code == Code::Internal {
            return Self(cause);
        }
        let details: Vec<&str> = error.errors.iter().map(|fault| fault.detail.as_str()).collect();
        let mut message = if details.is_empty() { error.detail } else { details.join(" ") };
        if !cause.is_empty() {
            message = format!("{message} ({cause})");
        }
        Self(message)
    }
}

/// The chain of causes, without those that only repeat what was said.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if text.is_empty() {
            text = said;
        } else if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    // Databases answer in several lines.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    #[test]
    fn an_operator_reads_faults_and_causes() {
        let faults = vec![Fault::body("/email", "invalid_email", "An e-mail address has one @.")];
        let failure = Failure::from(Error::invalid_content(faults));
        assert_eq!(failure.to_string(), "An e-mail address has one @.");
        assert_eq!(Failure::from(Error::internal("disk full")).to_string(), "disk full");
    }
}
