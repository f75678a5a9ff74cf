//! Access tokens: short-lived signed statements of who signed in, in which session.
//!
//! JWTs after RFC 9068 (`at+jwt`), signed with Ed25519 (RFC 8037) and checked as RFC 8725 asks: the
//! header must be exactly the one that is issued here, so no header can name another algorithm, another
//! key or an extension. The library's own time checks are off; times are compared with the time passed
//! in, and only a beginning that is a moment ahead is forgiven.

use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::ids::{PersonId, SessionId};
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};

/// How long an access token is good.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// How far ahead the beginning of a token may be, in seconds: the clocks of nodes differ a little. Its end
/// is exact.
const LEEWAY: i64 = 5;

/// Whom access tokens are for.
const AUDIENCE: &str = "greenlight";

/// The longest text that is looked at, in bytes; a token that is issued here has about 500.
const MAX_BYTES: usize = 8 * 1024;

/// What precedes the seed in a private key of PKCS #8 (RFC 8410, section 7).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Makes and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    header: Header,
    validation: Validation,
    issuer: String,
    jwks: Value,
}

/// What a good access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    iss: String,
    aud: String,
    /// Who signed in.
    pub sub: PersonId,
    /// In which session.
    pub sid: SessionId,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Tokens {
    /// With the Ed25519 seed of this installation, and the address that it is known by.
    pub fn new(seed: &[u8; 32], issuer: &str) -> Result<Self> {
        // The library asks for this before its first use; whoever was first in this process is fine.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();

        let pkcs8 = Zeroizing::new([PKCS8_ED25519.as_slice(), seed].concat());
        let signing = EncodingKey::from_ed_der(&pkcs8);
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).map_err(Error::internal)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(Error::internal)?;
        let AlgorithmParameters::OctetKeyPair(public) = &jwk.algorithm else {
            return Err(Error::internal("an Ed25519 key is an octet key pair"));
        };
        let jwks = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": public.x, "alg": "EdDSA", "use": "sig", "kid": kid,
        }]});

        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(kid);
        Ok(Self {
            checking: DecodingKey::from_jwk(&jwk).map_err(Error::internal)?,
            signing,
            header,
            validation: validation(issuer),
            issuer: issuer.to_owned(),
            jwks,
        })
    }

    /// A token for a person's session, good from `now` for [`LIFETIME`].
    pub fn issue(&self, person: PersonId, session: SessionId, now: Time) -> Result<String> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: person,
            sid: session,
            jti: Uuid::now_v7(),
            iat: now.seconds(),
            nbf: now.seconds(),
            exp: now.after(LIFETIME).seconds(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing).map_err(Error::internal)
    }

    /// What a token says, if it was issued here and is good at `now`; else 401, without a reason.
    pub fn verify(&self, token: &str, now: Time) -> Result<Claims> {
        self.checked(token, now).ok_or_else(|| {
            Error::new(Code::Unauthenticated, "The access token is not valid, or has expired.")
        })
    }

    fn checked(&self, token: &str, now: Time) -> Option<Claims> {
        if token.len() > MAX_BYTES || jsonwebtoken::decode_header(token).ok()? != self.header {
            return None;
        }
        let claims: Claims = jsonwebtoken::decode(token, &self.checking, &self.validation).ok()?.claims;
        let now = now.seconds();
        let begun = claims.iat.max(claims.nbf) <= now.saturating_add(LEEWAY);
        (begun && now < claims.exp).then_some(claims)
    }

    /// The public key, as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }
}

fn validation(issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[AUDIENCE]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use jsonwebtoken::{decode_header, encode};

    use super::*;
    use crate::record::crypto::{base64url, from_base64url};

    const ISSUER: &str = "https://greenlight.example";

    fn tokens() -> Tokens {
        Tokens::new(&[7; 32], ISSUER).unwrap()
    }

    fn now() -> Time {
        Time::parse("2026-11-21T09:00:00Z").unwrap()
    }

    fn issued() -> (Tokens, String, Value) {
        let tokens = tokens();
        let token = tokens.issue(PersonId::generate(), SessionId::generate(), now()).unwrap();
        let payload = from_base64url(token.split('.').nth(1).unwrap()).unwrap();
        (tokens, token, serde_json::from_slice(&payload).unwrap())
    }

    fn refused(tokens: &Tokens, token: &str) {
        assert_eq!(tokens.verify(token, now()).unwrap_err().code, Code::Unauthenticated, "{token}");
    }

    #[test]
    fn a_token_is_good_for_ten_minutes_and_five_seconds_before_it_was_issued() {
        let tokens = tokens();
        let (person, session) = (PersonId::generate(), SessionId::generate());
        let token = tokens.issue(person, session, now()).unwrap();
        let claims = tokens.verify(&token, now()).unwrap();
        assert_eq!((claims.sub, claims.sid), (person, session));
        let second = Duration::from_secs(1);
        assert!(tokens.verify(&token, now().after(LIFETIME).before(second)).is_ok());
        assert!(tokens.verify(&token, now().after(LIFETIME)).is_err());
        let leeway = Duration::from_secs(5);
        assert!(tokens.verify(&token, now().before(leeway)).is_ok());
        assert!(tokens.verify(&token, now().before(leeway + second)).is_err());
    }

    #[test]
    fn the_key_has_its_rfc_8037_thumbprint_and_public_part() {
        // RFC 8037, appendix A.1 and A.3.
        let seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let tokens = Tokens::new(&seed.try_into().unwrap(), ISSUER).unwrap();
        let key = &tokens.jwks()["keys"][0];
        assert_eq!(key["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert!(key.get("d").is_none());
        let token = tokens.issue(PersonId::generate(), SessionId::generate(), now()).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(header.kid.as_deref(), key["kid"].as_str());
    }

    #[test]
    fn a_changed_payload_or_signature_is_refused() {
        let (tokens, token, mut payload) = issued();
        let parts: Vec<&str> = token.split('.').collect();
        payload["sub"] = json!(PersonId::generate());
        refused(&tokens, &[parts[0], &base64url(payload.to_string()), parts[2]].join("."));
        refused(&tokens, &[parts[0], parts[1], &base64url([1; 64])].join("."));
        refused(&tokens, &[parts[0], parts[1], ""].join("."));
        refused(&tokens, &[parts[0], parts[1]].join("."));
        refused(&tokens, &[&token, ""].join("."));
        refused(&tokens, "");
        refused(&tokens, &"a".repeat(MAX_BYTES + 1));
        refused(&Tokens::new(&[8; 32], ISSUER).unwrap(), &token);
    }

    #[test]
    fn no_other_algorithm_or_header_is_taken() {
        let (tokens, token, payload) = issued();
        let parts: Vec<&str> = token.split('.').collect();
        let with_header = |header: Value| [&base64url(header.to_string()), parts[1], parts[2]].join(".");
        let good = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": tokens.header.kid});
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("kid", json!("another")),
            ("kid", json!(null)),
            ("typ", json!("JWT")),
            ("typ", json!(null)),
        ] {
            let mut header = good.clone();
            header[name] = value;
            refused(&tokens, &with_header(header));
        }

        // Signed with the right key, so that nothing but the header speaks against them.
        let own_jwk = tokens.jwks()["keys"][0].clone();
        let odd: [fn(&mut Header, Value); 6] = [
            |header, _| header.jku = Some("https://attacker.example/keys".to_owned()),
            |header, _| header.x5u = Some("https://attacker.example/cert".to_owned()),
            |header, jwk| header.jwk = serde_json::from_value(jwk).ok(),
            |header, _| header.crit = Some(vec!["exp".to_owned()]),
            |header, _| header.extras.insert("b64", false),
            |header, _| header.typ = Some("JWT".to_owned()),
        ];
        for change in odd {
            let mut header = tokens.header.clone();
            change(&mut header, own_jwk.clone());
            assert_ne!(header, tokens.header);
            refused(&tokens, &encode(&header, &payload, &tokens.signing).unwrap());
        }

        let mut hmac = tokens.header.clone();
        hmac.alg = Algorithm::HS256;
        let public = from_base64url(own_jwk["x"].as_str().unwrap()).unwrap();
        refused(&tokens, &encode(&hmac, &payload, &EncodingKey::from_secret(&public)).unwrap());
    }

    #[test]
    fn every_claim_is_required_and_checked() {
        let (tokens, _, payload) = issued();
        let signed = |claims: &Value| encode(&tokens.header, claims, &tokens.signing).unwrap();
        assert!(tokens.verify(&signed(&payload), now()).is_ok());
        for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
            let mut missing = payload.clone();
            missing.as_object_mut().unwrap().remove(name);
            refused(&tokens, &signed(&missing));
        }
        for (name, value) in [
            ("iss", json!("https://attacker.example")),
            ("iss", json!([ISSUER])),
            ("aud", json!("another")),
            ("aud", json!(["another", AUDIENCE])),
            ("sub", json!("Employee")),
            ("exp", json!(now().seconds())),
            ("exp", json!("2099-01-01")),
            ("nbf", json!(now().seconds() + 6)),
            ("iat", json!(now().seconds() + 6)),
            ("nonce", json!("an ID token")),
        ] {
            let mut odd = payload.clone();
            odd[name] = value;
            refused(&tokens, &signed(&odd));
        }
    }
}
