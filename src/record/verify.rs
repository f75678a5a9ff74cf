//! That disclosures, statement and leaf belong together, by recomputing them.

use serde_json::{Map, Value};

use super::crypto::from_base64url;
use super::disclosure::digest;
use super::leaf::leaf_hash;
use super::statement::Statement;

/// What a statement and its disclosures say, once they were found to belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The type of the event. Text, because a newer log may know more types than this program.
    pub typ: String,
    /// The month in which it happened.
    pub period: String,
    /// The disclosed fields.
    pub fields: Map<String, Value>,
    /// How many fields of the statement were not disclosed.
    pub hidden: usize,
}

/// What does not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The leaf is not that of the statement.
    #[error("the leaf is not that of the statement")]
    Leaf,
    /// The statement is not one of this form, in canonical JSON with its digests sorted and distinct.
    #[error("not a statement of version 1 in canonical form")]
    Statement,
    /// The disclosure at this place is not the base64url of `["<salt>","<name>",<value>]`.
    #[error("disclosure {0} is malformed")]
    Disclosure(usize),
    /// The disclosure at this place has no digest in the statement.
    #[error("disclosure {0} is not of this statement")]
    NotStated(usize),
    /// Two disclosures name this field.
    #[error("field {0} is disclosed twice")]
    Twice(String),
}

/// Checks that `leaf` is the statement's and that the statement holds each disclosure's digest.
/// Fields that are not disclosed are counted, not missed: an erased person's cannot be.
pub fn verify(
    statement: &str,
    leaf: &[u8; 32],
    disclosures: &[impl AsRef<str>],
) -> Result<Verified, Mismatch> {
    if leaf_hash(statement) != *leaf {
        return Err(Mismatch::Leaf);
    }
    let Statement { digests, period, typ, .. } = parse(statement).ok_or(Mismatch::Statement)?;
    let mut fields = Map::new();
    for (place, disclosure) in disclosures.iter().enumerate() {
        let disclosure = disclosure.as_ref();
        if digests.binary_search(&digest(disclosure)).is_err() {
            return Err(Mismatch::NotStated(place));
        }
        let (name, value) = read(disclosure).ok_or(Mismatch::Disclosure(place))?;
        if fields.contains_key(&name) {
            return Err(Mismatch::Twice(name));
        }
        fields.insert(name, value);
    }
    let hidden = digests.len().saturating_sub(fields.len());
    Ok(Verified { typ, period, fields, hidden })
}

fn parse(text: &str) -> Option<Statement> {
    let statement: Statement = serde_json::from_str(text).ok()?;
    let canonical = serde_json_canonicalizer::to_string(&statement).ok()? == text;
    let known = statement.algorithm == Statement::ALGORITHM && statement.version == Statement::VERSION;
    let distinct = statement.digests.is_sorted_by(|a, b| a < b);
    (canonical && known && distinct).then_some(statement)
}

fn read(disclosure: &str) -> Option<(String, Value)> {
    let (_salt, name, value): (String, String, Value) =
        serde_json::from_slice(&from_base64url(disclosure)?).ok()?;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::super::crypto::{Seed, base64url};
    use super::super::disclosure::record_disclosures;
    use super::super::event::Event;
    use super::super::statement::{Entry, Sealed};
    use super::*;

    fn sealed() -> (Sealed, Vec<String>) {
        let entry = Entry {
            event_id: Uuid::nil(),
            event: Event::ItemRecalled,
            fields: vec![("kind", json!("post")), ("reason", json!("wrong price"))],
            personal: vec![],
        };
        let prepared = entry.prepare(|_| None, Seed::from_bytes([1; 32])).unwrap();
        let sealed = prepared.finish(1, "1970-01".into()).unwrap();
        let disclosures = record_disclosures(&sealed.record_key, &sealed.fields).unwrap();
        (sealed, disclosures)
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_found(bit: usize, part in 0..3) {
            let (sealed, mut disclosures) = sealed();
            let flip = |text: &str| {
                let mut bytes = text.as_bytes().to_vec();
                let bit = bit % (bytes.len() * 7);
                bytes[bit / 7] ^= 1 << (bit % 7);
                String::from_utf8(bytes).unwrap()
            };
            let (mut statement, mut leaf) = (sealed.statement, sealed.leaf_hash);
            match part {
                0 => statement = flip(&statement),
                1 => leaf[bit % 32] ^= 1 << (bit % 8),
                _ => disclosures[0] = flip(&disclosures[0]),
            }
            prop_assert!(verify(&statement, &leaf, &disclosures).is_err());
        }
    }

    #[test]
    fn a_statement_with_its_own_leaf_must_still_be_well_formed() {
        let (Sealed { statement, .. }, _) = sealed();
        let check = |text: String| verify(&text, &leaf_hash(&text), &[""; 0]).map(|verified| verified.hidden);
        assert_eq!(check(statement.clone()), Ok(4));
        let mut unsorted: Value = serde_json::from_str(&statement).unwrap();
        unsorted["_sd"].as_array_mut().unwrap().reverse();
        let odd = [
            format!("{statement} "),
            statement.replace("sha-256", "sha-512"),
            statement.replace(r#""v":1"#, r#""v":2"#),
            statement.replace(r#""v":1"#, r#""v":1,"x":1"#),
            serde_json_canonicalizer::to_string(&unsorted).unwrap(),
        ];
        for text in odd {
            assert_eq!(check(text.clone()), Err(Mismatch::Statement), "{text}");
        }
    }

    #[test]
    fn disclosures_must_be_stated_well_formed_and_of_distinct_fields() {
        let (sealed, disclosures) = sealed();
        let check = |disclosures: &[String]| verify(&sealed.statement, &sealed.leaf_hash, disclosures);
        assert_eq!(check(&disclosures[..1]).unwrap().hidden, 3);
        assert_eq!(check(&disclosures).unwrap().fields["reason"], "wrong price");
        let twice = [disclosures[0].clone(), disclosures[0].clone()];
        assert_eq!(check(&twice), Err(Mismatch::Twice("event_id".into())));
        assert_eq!(check(&[base64url(r#"["salt","kind","image"]"#)]), Err(Mismatch::NotStated(0)));

        let statement = serde_json_canonicalizer::to_string(&Statement {
            digests: vec![digest("no array")],
            algorithm: Statement::ALGORITHM.into(),
            nonce: String::new(),
            period: String::new(),
            typ: String::new(),
            version: Statement::VERSION,
        })
        .unwrap();
        let verified = verify(&statement, &leaf_hash(&statement), &["no array"]);
        assert_eq!(verified, Err(Mismatch::Disclosure(0)));
    }
}
