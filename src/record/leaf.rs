//! A statement as it stands in the tree.
//!
//! The tree's entry is `gl1 ` and the hexadecimal SHA-256 of the statement: 68 bytes for every entry,
//! so neither the type nor the number of fields shows. The leaf is its hash under RFC 6962, section 2.1.

use super::crypto::{hex, sha256};

/// Before the hash of a statement: names the form of the entry.
const ENTRY_PREFIX: &str = "gl1 ";

/// Before a leaf's entry, in RFC 6962; inner nodes have 1.
const LEAF_PREFIX: u8 = 0;

/// The entry of a statement: 68 ASCII bytes.
pub fn tree_entry(statement: &str) -> String {
    format!("{ENTRY_PREFIX}{}", hex(&sha256(&[statement.as_bytes()])))
}

/// The leaf of a statement.
pub fn leaf_hash(statement: &str) -> [u8; 32] {
    sha256(&[&[LEAF_PREFIX], tree_entry(statement).as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_can_be_made_by_hand() {
        // h=$(printf %s "$statement" | sha256sum | cut -c1-64); { printf '\0'; printf 'gl1 %s' $h; } | sha256sum
        let statement = r#"{"_sd":["AAAA"],"_sd_alg":"sha-256","nonce":"AAECAwQFBgcICQoLDA0ODw","period":"2026-11","typ":"share.issued","v":1}"#;
        assert_eq!(
            tree_entry(statement),
            "gl1 2f5e8d156119bbf4c14d6948cecb0ee16710dfabb567c091064c5fc49424b032"
        );
        assert_eq!(
            hex(&leaf_hash(statement)),
            "73b0a4de187402bb78cac3d2f0e75786236ce36cf0e6dbf36fd1c1c28477e0ba"
        );
    }
}
