//! A field's salt, disclosure and digest (RFC 9901, section 4.2), and their re-creation.
//!
//! A disclosure is the base64url of the JSON array `["<salt>","<name>",<value>]`; its digest stands in
//! the statement. No disclosure is stored: salts derive from keys and values are canonical JSON, so each
//! is re-created byte for byte. A person's fields need that person's key, and go with it.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::crypto::{CipherError, base64url, hmac, sha256, truncate};
use super::subject::SubjectKey;

/// Numbers beyond this are not exact in RFC 8785, which writes every number as a double.
const MAX_EXACT: i64 = (1 << 53) - 1;

/// What is stored of an entry does not read as it was written.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The values of the entry, or a value that was opened, are not the JSON that was stored.
    #[error("stored values are not the JSON that was written: {0}")]
    Json(#[from] serde_json::Error),
    /// A sealed value does not open.
    #[error("a sealed value does not open: {0}")]
    Sealed(#[from] CipherError),
}

/// The disclosures of an entry's record-class fields, from its stored `fields`, in the order of names.
pub fn record_disclosures(record_key: &[u8; 32], fields: &str) -> Result<Vec<String>, Unreadable> {
    let fields: Map<String, Value> = serde_json::from_str(fields)?;
    fields.iter().map(|(name, value)| Ok(disclosure(record_key, name, value)?)).collect()
}

/// The disclosure of one personal field, from the value that [`open`] gave.
pub fn personal_disclosure(
    record_key: &[u8; 32],
    event_id: Uuid,
    key: &SubjectKey,
    name: &str,
    value: &Value,
) -> serde_json::Result<String> {
    disclosure(&key.salt_key(event_id, record_key), name, value)
}

/// Opens a personal field of an entry.
pub fn open(key: &SubjectKey, event_id: Uuid, name: &str, ciphertext: &[u8]) -> Result<Value, Unreadable> {
    let plaintext = key.open(&sealing_context(event_id, name), ciphertext)?;
    Ok(serde_json::from_slice(&plaintext)?)
}

/// The digest of a disclosure, as it stands in `_sd`.
pub fn digest(disclosure: &str) -> String {
    base64url(sha256(&[disclosure.as_bytes()]))
}

/// What a personal field's ciphertext is bound to: this field of this entry.
pub(super) fn sealing_context(event_id: Uuid, name: &str) -> Vec<u8> {
    [event_id.as_bytes(), name.as_bytes()].concat()
}

/// Whether RFC 8785 keeps the value byte for byte through storage: every number an exact integer.
pub(super) fn is_exact(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => {
            number.as_i64().is_some_and(|integer| (-MAX_EXACT..=MAX_EXACT).contains(&integer))
        }
        Value::Array(values) => values.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
    }
}

/// The disclosure of one field. Its salt's key is the record key or, for a personal field,
/// [`SubjectKey::salt_key`].
pub(super) fn disclosure(salt_key: &[u8; 32], name: &str, value: &Value) -> serde_json::Result<String> {
    let salt: [u8; 16] = truncate(hmac(salt_key, &[name.as_bytes()]));
    Ok(base64url(serde_json_canonicalizer::to_vec(&(base64url(salt), name, value))?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;
    use uuid::uuid;

    use super::super::crypto::from_base64url;
    use super::*;

    #[test]
    fn a_disclosure_can_be_made_by_hand() {
        // printf kind | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707.. -binary | head -c16 | base64,
        // with -_ for +/ and no =; then the same over the array, and openssl dgst -sha256 of that.
        let disclosure = disclosure(&[7; 32], "kind", &json!("post")).unwrap();
        assert_eq!(disclosure, "WyJSeU01b3lUY1h2LU0wdGcyMXZ0NFBnIiwia2luZCIsInBvc3QiXQ");
        assert_eq!(digest(&disclosure), "M26VPmb3JPG5dl0ITXO7S4aIkAHxkOxk843-B5fAcLE");
    }

    #[test]
    fn the_salt_of_a_personal_field_needs_the_persons_key() {
        let event_id = uuid!("019a0000-0000-7000-8000-000000000001");
        let key = SubjectKey::from_bytes([9; 32]);
        let disclosure = personal_disclosure(&[7; 32], event_id, &key, "comment", &json!("Héé!\n")).unwrap();
        let json = String::from_utf8(from_base64url(&disclosure).unwrap()).unwrap();
        assert_eq!(json, r#"["r4lfIZ1naC6c6S3VWSRFYg","comment","Héé!\n"]"#);
    }

    #[test]
    fn only_numbers_that_survive_are_exact() {
        for exact in [json!(0), json!(-9_007_199_254_740_991_i64), json!([{"a": 1}, null, true, "1.5"])] {
            assert!(is_exact(&exact), "{exact}");
        }
        for inexact in [json!(1.5), json!(1e30), json!(9_007_199_254_740_992_i64), json!({"a": [u64::MAX]})] {
            assert!(!is_exact(&inexact), "{inexact}");
        }
    }
}
