//! Private keys, and tokens of known form.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::domain::policy::plain::{Plain, is_word};

/// How a secret goes on after its prefix.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// This many letters and digits, at least and at most.
    Alphanumeric(usize, usize),
    /// This many letters, digits, hyphens and underscores, at least and at most.
    Word(usize, usize),
    /// The same, with a capital, a small letter and a digit among them: its prefix alone says little.
    Mixed(usize, usize),
    /// A word of ten characters or more, a dot, another one, and a dot: a signed JSON token.
    Jwt,
    /// The end of the line that begins a private key.
    Pem,
    /// A key of greenlight: `app::api_keys` makes them.
    Greenlight,
    /// The path of a web hook of Slack.
    Hook,
}

use Rest::{Alphanumeric, Greenlight, Hook, Jwt, Mixed, Pem, Word};

const LONG: usize = 1000;

/// The prefixes of tokens and how they go on, as their makers document them or scanners of leaked secrets
/// look for them, in 2025.
const SECRETS: &[(&str, Rest)] = &[
    ("-----BEGIN ", Pem),
    // AWS: ids of access keys.
    ("AKIA", Alphanumeric(16, 16)),
    ("ASIA", Alphanumeric(16, 16)),
    // GitHub.
    ("ghp_", Alphanumeric(36, 255)),
    ("gho_", Alphanumeric(36, 255)),
    ("ghu_", Alphanumeric(36, 255)),
    ("ghs_", Alphanumeric(36, 255)),
    ("ghr_", Alphanumeric(36, 255)),
    ("github_pat_", Word(50, 255)),
    // GitLab.
    ("glpat-", Word(20, 300)),
    ("gldt-", Word(20, 300)),
    ("glrt-", Word(20, 300)),
    ("glcbt-", Word(20, 300)),
    ("glptt-", Word(20, 300)),
    ("glft-", Word(20, 300)),
    ("glsoat-", Word(20, 300)),
    ("glimt-", Word(20, 300)),
    ("glagent-", Word(20, 300)),
    // Slack.
    ("xoxb-", Word(20, LONG)),
    ("xoxa-", Word(20, LONG)),
    ("xoxp-", Word(20, LONG)),
    ("xoxr-", Word(20, LONG)),
    ("xoxs-", Word(20, LONG)),
    ("xoxe-", Word(20, LONG)),
    ("xoxe.xoxp-", Word(20, LONG)),
    ("xoxe.xoxb-", Word(20, LONG)),
    ("xapp-", Word(20, LONG)),
    ("hooks.slack.com/services/T", Hook),
    // Stripe.
    ("sk_live_", Alphanumeric(16, 255)),
    ("sk_test_", Alphanumeric(16, 255)),
    ("rk_live_", Alphanumeric(16, 255)),
    ("rk_test_", Alphanumeric(16, 255)),
    ("whsec_", Alphanumeric(24, 255)),
    // Google.
    ("AIza", Word(35, 35)),
    ("GOCSPX-", Word(28, 28)),
    ("ya29.", Mixed(20, LONG)),
    // OpenAI and others that took their form.
    ("sk-", Mixed(20, LONG)),
    // npm.
    ("npm_", Alphanumeric(36, 36)),
    ("eyJ", Jwt),
    ("glk_", Greenlight),
];

static PREFIXES: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(SECRETS.iter().map(|(prefix, _)| prefix)).ok());

/// Private keys and tokens, in order.
pub(super) fn find(plain: &Plain<'_>) -> Vec<Range<usize>> {
    let Some(prefixes) = PREFIXES.as_ref() else { return Vec::new() };
    let mut found: Vec<Range<usize>> = Vec::new();
    for hit in prefixes.find_overlapping_iter(plain.text()) {
        let is_new = found.last().is_none_or(|last| last.end <= hit.start());
        if let Some((_, rest)) = SECRETS.get(hit.pattern().as_usize()).filter(|_| is_new)
            && !is_word(plain.before(hit.start()))
            && let Some(length) = length(plain.text().get(hit.end()..).unwrap_or_default(), *rest)
        {
            found.push(hit.start()..hit.end() + length);
        }
    }
    found
}

/// The length of what a text begins with, if it goes on as a secret does.
fn length(text: &str, rest: Rest) -> Option<usize> {
    match rest {
        Alphanumeric(least, most) => run(text, |byte| byte.is_ascii_alphanumeric(), least, most),
        Word(least, most) => run(text, is_token, least, most),
        Mixed(least, most) => run(text, is_token, least, most).filter(|length| {
            let token = || text.bytes().take(*length);
            token().any(|byte| byte.is_ascii_uppercase())
                && token().any(|byte| byte.is_ascii_lowercase())
                && token().any(|byte| byte.is_ascii_digit())
        }),
        Jwt => {
            let header = run(text, is_token, 10, LONG)?;
            let claims = text.get(header..)?.strip_prefix('.')?;
            let claims_length = run(claims, is_token, 10, 100_000)?;
            let signature = claims.get(claims_length..)?.strip_prefix('.')?;
            Some(header + 1 + claims_length + 1 + run(signature, is_token, 0, 100_000)?)
        }
        Pem => pem(text),
        Greenlight => {
            let prefix = run(text, |byte| byte.is_ascii_alphanumeric(), 8, 8)?;
            let secret = text.get(prefix..)?.strip_prefix('_')?;
            Some(prefix + 1 + run(secret, |byte| byte.is_ascii_alphanumeric(), 38, 38)?)
        }
        Hook => run(text, |byte| byte.is_ascii_alphanumeric() || byte == b'/', 20, 255),
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The number of bytes that a text begins with and that belong to a token, if it is within the bounds.
fn run(text: &str, belongs: impl Fn(u8) -> bool, least: usize, most: usize) -> Option<usize> {
    let length = text.bytes().take(most.saturating_add(1)).take_while(|byte| belongs(*byte)).count();
    (least..=most).contains(&length).then_some(length)
}

/// The rest of a private key from after `-----BEGIN `: through the line that ends it, if that is there.
fn pem(text: &str) -> Option<usize> {
    const END: &str = "-----";
    let label = text.get(..64).unwrap_or(text).find(END)?;
    let name = text.get(..label)?;
    if !name.ends_with("PRIVATE KEY") && !name.ends_with("PRIVATE KEY BLOCK") {
        return None;
    }
    let head = label + END.len();
    let body = text.get(head..)?;
    let end = format!("-----END {name}-----");
    Some(body.find(&end).map_or(head, |at| head + at + end.len()))
}
