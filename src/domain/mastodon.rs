//! An employee's account on Mastodon: which server it is on decides where a share opens and what fits.

use serde::{Deserialize, Serialize};

use super::links::is_domain;
use crate::error::Fault;

/// The longest text that an account may say its server takes; forks run up to tens of thousands.
const MOST: u32 = 1_000_000;

/// The longest name of a host (RFC 1035, section 2.3.4, without its length bytes).
const LONGEST_HOST: usize = 253;

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
        if !is_host(&self.server) {
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

/// What changes of an account: an object within a merge patch (RFC 7396), so what is absent stays. The
/// outer `None` of the limit leaves it, the inner one removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MastodonPatch {
    /// Another server.
    pub server: Option<String>,
    /// Another limit, or the usual one.
    pub text_limit: Option<Option<u32>>,
}

impl MastodonPatch {
    /// What it makes of an account, or of none. Without any server the account is at fault: see
    /// [`MastodonAccount::faults`].
    pub fn applied_to(&self, before: Option<&MastodonAccount>) -> MastodonAccount {
        let servers = [self.server.as_ref(), before.map(|before| &before.server)];
        let server = servers.into_iter().flatten().next().cloned().unwrap_or_default();
        let limit_before = before.and_then(|before| before.text_limit);
        MastodonAccount { server, text_limit: self.text_limit.unwrap_or(limit_before) }
    }
}

/// Whether a text is a host and nothing else. Addresses leave hosts more letters than their names have;
/// here a brace would be taken for a placeholder of the intent, and a quote would end an attribute.
fn is_host(text: &str) -> bool {
    let of_a_host = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    text.len() <= LONGEST_HOST && text.bytes().all(of_a_host) && is_domain(text)
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
        let long = format!("{}.example", "a.".repeat(123));
        for odd in [
            "",
            "localhost",
            "127.0.0.1",
            "Mastodon.example",
            "a.example/b",
            "a.example:1",
            "u@a.example",
            "a.example.",
            "a..example",
            "{text}.example",
            "a\".example",
            "a&b.example",
            "m\u{e4}st.example",
            &long,
        ] {
            assert_eq!(account(odd).faults("/mastodon").len(), 1, "{odd}");
        }
        let endless = MastodonAccount { text_limit: Some(0), ..account("mastodon.example") };
        assert_eq!(endless.faults("/mastodon").len(), 1);
    }

    #[test]
    fn a_patch_leaves_what_it_does_not_name() {
        let before = MastodonAccount { server: "one.example".to_owned(), text_limit: Some(5000) };
        let patch = |server: Option<&str>, text_limit| MastodonPatch {
            server: server.map(str::to_owned),
            text_limit,
        };
        let account = |server: &str, text_limit| MastodonAccount { server: server.to_owned(), text_limit };
        assert_eq!(patch(None, None).applied_to(Some(&before)), before);
        assert_eq!(
            patch(Some("two.example"), None).applied_to(Some(&before)),
            account("two.example", Some(5000))
        );
        assert_eq!(patch(None, Some(None)).applied_to(Some(&before)), account("one.example", None));
        assert_eq!(patch(Some("two.example"), None).applied_to(None), account("two.example", None));
        let nowhere = patch(None, Some(Some(9))).applied_to(None).faults("/mastodon");
        assert_eq!(nowhere.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["not_a_host"]);
    }
}
