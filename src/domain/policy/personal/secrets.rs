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
    /// The same, and dots between them.
    Dotted(usize, usize),
    /// A word with a capital, a small letter and a digit among them: its prefix alone says little.
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

use Rest::{Alphanumeric, Dotted, Greenlight, Hook, Jwt, Mixed, Pem, Word};

const LONG: usize = 1000;

/// The prefixes of tokens and how they go on, as of November 2026: as their makers document them, else as the
/// rules of gitleaks (<https://github.com/gitleaks/gitleaks>, `config/gitleaks.toml`) look for them. The makers:
/// AWS, "IAM identifiers", section on unique identifiers; GitHub, "About authentication", section on token
/// formats, and its changelog of 15 May 2026 for tokens of installations with dots; GitLab,
/// <https://docs.gitlab.com/security/tokens/>, section on prefixes; Slack, <https://docs.slack.dev/authentication/tokens>;
/// Stripe, <https://docs.stripe.com/keys> and `/keys/organization-api-keys`; Google,
/// <https://ai.google.dev/gemini-api/docs/api-key>, for keys that begin with `AQ.` instead of `AIza`.
const SECRETS: &[(&str, Rest)] = &[
    ("-----BEGIN ", Pem),
    // AWS: ids of access keys, and what stands for them.
    ("AKIA", Alphanumeric(16, 16)),
    ("ASIA", Alphanumeric(16, 16)),
    ("ABIA", Alphanumeric(16, 16)),
    ("ACCA", Alphanumeric(16, 16)),
    // GitHub.
    ("ghp_", Alphanumeric(36, 255)),
    ("gho_", Alphanumeric(36, 255)),
    ("ghu_", Alphanumeric(36, 255)),
    ("ghs_", Dotted(36, LONG)),
    ("ghr_", Alphanumeric(36, 255)),
    ("github_pat_", Word(50, 255)),
    // GitLab.
    ("glpat-", Dotted(20, 320)),
    ("gldt-", Dotted(20, 320)),
    ("glrt-", Dotted(20, 320)),
    ("glrtr-", Dotted(20, 320)),
    ("GR1348941", Word(20, 20)),
    ("glcbt-", Dotted(20, LONG)),
    ("glptt-", Dotted(20, 320)),
    ("glft-", Dotted(20, 320)),
    ("glsoat-", Dotted(20, 320)),
    ("glimt-", Dotted(20, 320)),
    ("glagent-", Dotted(20, 320)),
    ("gloas-", Dotted(20, 320)),
    ("glffct-", Dotted(20, 320)),
    ("glwt-", Dotted(20, 320)),
    // Slack.
    ("xoxb-", Word(20, LONG)),
    ("xoxa-", Word(20, LONG)),
    ("xoxc-", Word(20, LONG)),
    ("xoxd-", Word(20, LONG)),
    ("xoxo-", Word(20, LONG)),
    ("xoxp-", Word(20, LONG)),
    ("xoxr-", Word(20, LONG)),
    ("xoxs-", Word(20, LONG)),
    ("xoxe-", Word(20, LONG)),
    ("xoxe.xoxp-", Word(20, LONG)),
    ("xoxe.xoxb-", Word(20, LONG)),
    ("xapp-", Word(20, LONG)),
    ("hooks.slack.com/services/", Hook),
    ("hooks.slack.com/workflows/", Hook),
    ("hooks.slack.com/triggers/", Hook),
    // Stripe.
    ("sk_live_", Alphanumeric(16, 255)),
    ("sk_test_", Alphanumeric(16, 255)),
    ("rk_live_", Alphanumeric(16, 255)),
    ("rk_test_", Alphanumeric(16, 255)),
    ("sk_org_", Word(16, 255)),
    ("whsec_", Alphanumeric(24, 255)),
    // Google.
    ("AIza", Word(35, 35)),
    ("AQ.", Mixed(30, LONG)),
    ("GOCSPX-", Word(28, 28)),
    ("ya29.", Mixed(20, LONG)),
    // OpenAI, Anthropic and others of their form.
    ("sk-", Mixed(20, LONG)),
    // Hugging Face, npm, PyPI, Docker.
    ("hf_", Alphanumeric(34, 34)),
    ("npm_", Alphanumeric(36, 36)),
    ("pypi-AgEIcHlwaS5vcmc", Word(50, LONG)),
    ("dckr_pat_", Word(27, 60)),
    // DigitalOcean, SendGrid, Shopify, Atlassian.
    ("dop_v1_", Alphanumeric(64, 64)),
    ("doo_v1_", Alphanumeric(64, 64)),
    ("dor_v1_", Alphanumeric(64, 64)),
    ("SG.", Dotted(66, 66)),
    ("shpat_", Alphanumeric(32, 32)),
    ("shpca_", Alphanumeric(32, 32)),
    ("shppa_", Alphanumeric(32, 32)),
    ("shpss_", Alphanumeric(32, 32)),
    ("ATATT3", Word(100, 300)),
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
        Dotted(least, most) => {
            let length = run(text, |byte| is_token(byte) || byte == b'.', 0, LONG)?;
            let length = text.get(..length)?.trim_end_matches('.').len();
            (least..=most).contains(&length).then_some(length)
        }
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
