//! From an entry to what is stored of it: statement, leaf, values.
//!
//! The statement holds only salted digests, so it can be given to anybody. The values stand beside it:
//! personal ones each sealed under the key of the person they are about, the others together in
//! [`Sealed::fields`]. Keeping those here, and not only in the rows that the event wrote, is what lets an
//! auditor re-create every disclosure from the entry alone, whatever happened to other rows since.
//!
//! It is done in two steps. [`Entry::prepare`] hashes and seals, outside any lock; [`Prepared::finish`]
//! adds the time, which is known only under the lock of the record, and is cheap.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::crypto::{CipherError, Seed, base64url, truncate};
use super::disclosure::{digest, disclosure, is_exact, personal_disclosure, sealing_context};
use super::event::Event;
use super::leaf::leaf_hash;
use super::subject::SubjectKey;

/// The field that holds the entry's id.
const EVENT_ID: &str = "event_id";

/// The field that holds the time, in milliseconds since 1970 began.
const OCCURRED_AT: &str = "occurred_at";

/// Names that RFC 9901 and this module keep for themselves.
const RESERVED: [&str; 4] = ["_sd", "...", EVENT_ID, OCCURRED_AT];

/// Something that happened, before it is sealed and has its time.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The entry's identity.
    pub event_id: Uuid,
    /// What happened.
    pub event: Event,
    /// Facts of the organisation, kept in the open beside the statement. `event_id` and `occurred_at`
    /// are added to them.
    pub fields: Vec<(&'static str, Value)>,
    /// Facts about persons, each sealed under the person's key.
    pub personal: Vec<Personal>,
}

/// One fact about a person.
#[derive(Debug, Clone)]
pub struct Personal {
    /// The field's name, unique within the entry.
    pub name: &'static str,
    /// The person it is about.
    pub person_id: Uuid,
    /// The fact.
    pub value: Value,
}

/// An entry that lacks only its time. It can be finished again, should its transaction be repeated.
pub struct Prepared {
    event_id: Uuid,
    event: Event,
    record_key: [u8; 32],
    nonce: String,
    fields: Map<String, Value>,
    digests: Vec<String>,
    personal: Vec<SealedField>,
}

/// An entry as it is stored.
pub struct Sealed {
    /// The statement: one line of canonical JSON (RFC 8785).
    pub statement: String,
    /// The statement's leaf in the tree.
    pub leaf_hash: [u8; 32],
    /// The key of the salts of the record-class fields, and part of those of the personal ones.
    pub record_key: [u8; 32],
    /// The record-class values: one object of canonical JSON.
    pub fields: String,
    /// The personal values.
    pub personal: Vec<SealedField>,
}

/// One personal value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedField {
    /// The field's name.
    pub name: &'static str,
    /// The person under whose key it is sealed.
    pub person_id: Uuid,
    /// The sealed value.
    pub ciphertext: Vec<u8>,
}

/// An entry that cannot be written: a fault of the program, not of a request.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Two fields have one name, or a field has a reserved one.
    #[error("field {0} is named twice or has a reserved name")]
    Name(&'static str),
    /// A value does not survive canonical JSON byte for byte.
    #[error("field {0} holds a number that is not an exact integer")]
    Inexact(&'static str),
    /// A personal value is about a person whose key is not at hand.
    #[error("there is no key of person {0}")]
    NoKey(Uuid),
    /// A value cannot be sealed.
    #[error(transparent)]
    Cipher(#[from] CipherError),
    /// A value cannot be written as JSON.
    #[error("a value cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The statement's members. Their names are those of RFC 9901.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// The fields' digests, sorted, so that their order tells nothing.
    #[serde(rename = "_sd")]
    pub(super) digests: Vec<String>,
    #[serde(rename = "_sd_alg")]
    pub(super) algorithm: String,
    /// Keeps the statement's hash from being guessed, should every field be known.
    pub(super) nonce: String,
    pub(super) period: String,
    pub(super) typ: String,
    #[serde(rename = "v")]
    pub(super) version: u32,
}

impl Statement {
    /// The hash that the digests are made with.
    pub(super) const ALGORITHM: &str = "sha-256";
    /// The version of the statement's form.
    pub(super) const VERSION: u32 = 1;
}

impl Entry {
    /// Seals and hashes everything but the time. `key_of` finds the key of a person.
    pub fn prepare<'k>(
        self,
        key_of: impl Fn(Uuid) -> Option<&'k SubjectKey>,
        seed: Seed,
    ) -> Result<Prepared, Unfit> {
        self.check()?;
        let record_key = seed.derive(&[b"record key"]);
        let nonce: [u8; 16] = truncate(seed.derive(&[b"statement nonce"]));

        let mut fields = Map::from_iter([(EVENT_ID.to_owned(), Value::from(self.event_id.to_string()))]);
        fields.extend(self.fields.into_iter().map(|(name, value)| (name.to_owned(), value)));

        // One more, for the time.
        let mut digests = Vec::with_capacity(fields.len() + self.personal.len() + 1);
        for (name, value) in &fields {
            digests.push(digest(&disclosure(&record_key, name, value)?));
        }
        let mut personal = Vec::with_capacity(self.personal.len());
        for Personal { name, person_id, value } in self.personal {
            let key = key_of(person_id).ok_or(Unfit::NoKey(person_id))?;
            digests.push(digest(&personal_disclosure(&record_key, self.event_id, key, name, &value)?));
            let random = seed.derive(&[b"field nonce", name.as_bytes()]);
            let plaintext = serde_json_canonicalizer::to_vec(&value)?;
            let ciphertext = key.seal_with(random, &sealing_context(self.event_id, name), &plaintext)?;
            personal.push(SealedField { name, person_id, ciphertext });
        }
        Ok(Prepared {
            event_id: self.event_id,
            event: self.event,
            record_key,
            nonce: base64url(nonce),
            fields,
            digests,
            personal,
        })
    }

    /// Refuses names that are not unique and values that could not be re-created.
    fn check(&self) -> Result<(), Unfit> {
        let mut seen = RESERVED.to_vec();
        let fields = self.fields.iter().map(|(name, value)| (*name, value));
        let personal = self.personal.iter().map(|field| (field.name, &field.value));
        for (name, value) in fields.chain(personal) {
            if seen.contains(&name) {
                return Err(Unfit::Name(name));
            }
            if !is_exact(value) {
                return Err(Unfit::Inexact(name));
            }
            seen.push(name);
        }
        Ok(())
    }
}

impl Prepared {
    /// The entry's identity.
    pub fn event_id(&self) -> Uuid {
        self.event_id
    }

    /// What happened.
    pub fn event(&self) -> Event {
        self.event
    }

    /// The entry with its time, in milliseconds since 1970 began, and the month of it (`2026-11`).
    pub fn finish(&self, occurred_at_ms: i64, period: String) -> serde_json::Result<Sealed> {
        let mut fields = self.fields.clone();
        let occurred_at = Value::from(occurred_at_ms);
        let mut digests = self.digests.clone();
        digests.push(digest(&disclosure(&self.record_key, OCCURRED_AT, &occurred_at)?));
        digests.sort_unstable();
        fields.insert(OCCURRED_AT.to_owned(), occurred_at);

        let statement = serde_json_canonicalizer::to_string(&Statement {
            digests,
            algorithm: Statement::ALGORITHM.to_owned(),
            nonce: self.nonce.clone(),
            period,
            typ: self.event.as_str().to_owned(),
            version: Statement::VERSION,
        })?;
        Ok(Sealed {
            leaf_hash: leaf_hash(&statement),
            statement,
            record_key: self.record_key,
            fields: serde_json_canonicalizer::to_string(&fields)?,
            personal: self.personal.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::uuid;

    use super::super::disclosure::{open, record_disclosures};
    use super::super::verify::verify;
    use super::*;

    const EVENT: Uuid = uuid!("019a0000-0000-7000-8000-000000000001");
    const PERSON: Uuid = uuid!("019a0000-0000-7000-8000-00000000000a");
    const TIME: i64 = 1_795_000_000_000;

    fn entry(fields: Vec<(&'static str, Value)>, personal: Vec<(&'static str, Value)>) -> Entry {
        let personal =
            personal.into_iter().map(|(name, value)| Personal { name, person_id: PERSON, value }).collect();
        Entry { event_id: EVENT, event: Event::ShareIssued, fields, personal }
    }

    fn prepare(entry: Entry, key: &SubjectKey, seed: u8) -> Result<Prepared, Unfit> {
        entry.prepare(|person| (person == PERSON).then_some(key), Seed::from_bytes([seed; 32]))
    }

    /// Any value that an entry takes.
    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_disclosure_is_recreated_from_what_is_stored(
            kind in value(), channel in value(), comment in value(), text in value(), key: [u8; 32], seed: u8,
        ) {
            let key = SubjectKey::from_bytes(key);
            let fields = vec![("kind", kind.clone()), ("channel", channel.clone())];
            let personal = vec![("comment", comment.clone()), ("final_text", text.clone())];
            let sealed =
                prepare(entry(fields, personal), &key, seed).unwrap().finish(TIME, "2026-11".into()).unwrap();

            let mut disclosures = record_disclosures(&sealed.record_key, &sealed.fields).unwrap();
            for field in &sealed.personal {
                let value = open(&key, EVENT, field.name, &field.ciphertext).unwrap();
                disclosures.push(
                    personal_disclosure(&sealed.record_key, EVENT, &key, field.name, &value).unwrap(),
                );
            }
            let verified = verify(&sealed.statement, &sealed.leaf_hash, &disclosures).unwrap();
            prop_assert_eq!(verified.hidden, 0);
            let expected = json!({
                "event_id": EVENT.to_string(), "occurred_at": TIME,
                "kind": kind, "channel": channel, "comment": comment, "final_text": text,
            });
            prop_assert_eq!(Value::Object(verified.fields), expected);
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_another_seed_others() {
        let key = SubjectKey::from_bytes([9; 32]);
        let seal = |seed| {
            let entry = entry(vec![("kind", json!("post"))], vec![("comment", json!("hello"))]);
            prepare(entry, &key, seed).unwrap().finish(TIME, "2026-11".into()).unwrap()
        };
        let (one, again, other) = (seal(1), seal(1), seal(2));
        assert_eq!((&one.statement, &one.personal), (&again.statement, &again.personal));
        assert_eq!(one.fields, format!(r#"{{"event_id":"{EVENT}","kind":"post","occurred_at":{TIME}}}"#));
        assert_eq!(one.fields, other.fields);
        assert_ne!(one.record_key, other.record_key);
        assert_ne!(one.personal, other.personal);
        let statement = |sealed: &Sealed| serde_json::from_str::<Statement>(&sealed.statement).unwrap();
        assert_ne!(statement(&one).nonce, statement(&other).nonce);
        assert!(statement(&one).digests.iter().all(|digest| !statement(&other).digests.contains(digest)));
    }

    #[test]
    fn a_statement_is_canonical_and_shows_only_type_and_month() {
        let key = SubjectKey::from_bytes([9; 32]);
        let prepared = prepare(entry(vec![("kind", json!("post"))], vec![]), &key, 1).unwrap();
        let sealed = prepared.finish(TIME, "2026-11".into()).unwrap();
        assert_eq!(serde_json_canonicalizer::pipe(&sealed.statement).unwrap(), sealed.statement);
        let statement: Value = serde_json::from_str(&sealed.statement).unwrap();
        assert_eq!(statement["_sd"].as_array().unwrap().len(), 3);
        assert_eq!(statement["nonce"].as_str().unwrap().len(), 22);
        assert_eq!(statement["typ"], "share.issued");
        assert_eq!(statement["period"], "2026-11");
    }

    #[test]
    fn finished_again_an_entry_differs_only_by_its_time() {
        let key = SubjectKey::from_bytes([9; 32]);
        let prepared =
            prepare(entry(vec![("kind", json!("post"))], vec![("comment", json!("hi"))]), &key, 1).unwrap();
        let first = prepared.finish(TIME, "2026-11".into()).unwrap();
        let later = prepared.finish(TIME + 1, "2026-11".into()).unwrap();
        assert_ne!(first.leaf_hash, later.leaf_hash);
        assert_eq!(first.personal, later.personal);
        let digests = |sealed: &Sealed| serde_json::from_str::<Statement>(&sealed.statement).unwrap().digests;
        let kept = digests(&later).into_iter().filter(|digest| digests(&first).contains(digest)).count();
        assert_eq!(kept, 3);
    }

    #[test]
    fn r22_without_the_key_personal_values_are_unreadable_and_the_rest_stays_provable() {
        let key = SubjectKey::from_bytes([9; 32]);
        let entry = entry(vec![("kind", json!("post"))], vec![("actor_id", json!(PERSON.to_string()))]);
        let sealed = prepare(entry, &key, 1).unwrap().finish(TIME, "2026-11".into()).unwrap();

        let guess = SubjectKey::from_bytes([8; 32]);
        assert!(open(&guess, EVENT, "actor_id", &sealed.personal[0].ciphertext).is_err());
        let actor = json!(PERSON.to_string());
        let known = [
            personal_disclosure(&sealed.record_key, EVENT, &guess, "actor_id", &actor).unwrap(),
            disclosure(&sealed.record_key, "actor_id", &actor).unwrap(),
        ];
        for disclosure in known {
            assert!(verify(&sealed.statement, &sealed.leaf_hash, &[disclosure]).is_err());
        }
        let stored = format!("{}{}", sealed.statement, sealed.fields);
        assert!(!stored.contains(&PERSON.to_string()));

        let record = record_disclosures(&sealed.record_key, &sealed.fields).unwrap();
        assert_eq!(verify(&sealed.statement, &sealed.leaf_hash, &record).unwrap().hidden, 1);
    }

    #[test]
    fn a_sealed_field_opens_in_no_other_field_or_entry() {
        let key = SubjectKey::from_bytes([9; 32]);
        let prepared = prepare(entry(vec![], vec![("comment", json!("hi"))]), &key, 1).unwrap();
        let ciphertext = &prepared.personal[0].ciphertext;
        assert_eq!(open(&key, EVENT, "comment", ciphertext).unwrap(), json!("hi"));
        assert!(open(&key, EVENT, "final_text", ciphertext).is_err());
        assert!(open(&key, PERSON, "comment", ciphertext).is_err());
    }

    #[test]
    fn unfit_entries_are_refused() {
        let key = SubjectKey::from_bytes([9; 32]);
        let refusal = |fields, personal| prepare(entry(fields, personal), &key, 1).err().unwrap();
        assert!(matches!(refusal(vec![("a", json!(1)), ("a", json!(1))], vec![]), Unfit::Name("a")));
        assert!(matches!(refusal(vec![("a", json!(1))], vec![("a", json!(1))]), Unfit::Name("a")));
        assert!(matches!(refusal(vec![("occurred_at", json!(1))], vec![]), Unfit::Name("occurred_at")));
        assert!(matches!(refusal(vec![("a", json!(1.5))], vec![]), Unfit::Inexact("a")));
        let mut stranger = entry(vec![], vec![("comment", json!("hi"))]);
        stranger.personal[0].person_id = EVENT;
        assert!(matches!(prepare(stranger, &key, 1), Err(Unfit::NoKey(EVENT))));
    }
}
