//! An employee's account on Mastodon: which server it is on decides where a share opens and what fits.

use serde::{Deserialize, Serialize};

use super::links::is_domain;
use crate::error::Fault;

/// The longest text that an account may say its server takes; forks run up to tens of thousands.
const MOST: u32 = 1_000_000;

/// Where a person is on Mastodon. Greenlight asks no server: the person, or their app, tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MastodonAccount {
    /// The server's host, in lower case: `mastodon.example`.
    pub server: String,
    /// The longest text there, in Mastodon's own counting: `configuration.statuses.max_characters` of the
    /// server's `GET /api/v2/instance`; absent = as on most servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_limit: Option<u32>,
}

impl MastodonAccount {
    /// What is wrong with it, with pointers below `pointer`.
    pub fn faults(&self, pointer: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !is_domain(&self.server) {
            let detail = "The server's host in lower case, such as mastodon.example, and nothing else.";
            faults.push(Fault::body(format!("{pointer}/server"), "not_a_host", detail));
        }
        if self.text_limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            let detail = format!("A limit is 1 to {MOST}.");
            faults.push(Fault::body(format!("{pointer}/text_limit"), "out_of_range", detail));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_plain_host() {
        let account = |server: &str| MastodonAccount { server: server.to_owned(), text_limit: Some(5000) };
        for good in ["mastodon.example", "social.zuiver.example"] {
            assert_eq!(account(good).faults("/mastodon"), []);
        }
        for odd in
            ["", "localhost", "Mastodon.example", "a.example/b", "a.example:1", "u@a.example", "a.example."]
        {
            assert_eq!(account(odd).faults("/mastodon").len(), 1, "{odd}");
        }
        let endless = MastodonAccount { text_limit: Some(0), ..account("mastodon.example") };
        assert_eq!(endless.faults("/mastodon").len(), 1);
    }
}
