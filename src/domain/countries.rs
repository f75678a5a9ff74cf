//! The countries that content and people can name: ISO 3166-1 alpha-2, as of 2026.

/// `EU` where a disclaimer names countries: it stands for the member states.
pub const EUROPEAN_UNION: &str = "EU";

/// The member states of the European Union.
const EU_MEMBERS: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Every assigned code, each followed by a blank.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY \
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU \
    NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
    VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Every country's code, in alphabetical order.
pub fn all() -> impl Iterator<Item = &'static str> {
    ASSIGNED.split_ascii_whitespace()
}

/// Whether `code` is a country's code, in capitals.
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && all().any(|country| country == code)
}

/// Whether a list that may name `EU` covers `country`.
pub fn covers(list: &[String], country: &str) -> bool {
    list.iter().any(|named| named == country || (named == EUROPEAN_UNION && EU_MEMBERS.contains(&country)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_iso_3166() {
        assert_eq!(all().count(), 249);
        assert!(all().is_sorted());
        assert!(is_country("NL") && is_country("GB"));
        for odd in ["nl", "UK", "EU", "XX", "", "NLD", "N"] {
            assert!(!is_country(odd), "{odd}");
        }
        assert!(EU_MEMBERS.iter().all(|member| is_country(member)));
    }

    #[test]
    fn the_union_covers_its_members_only() {
        let list = ["US".to_owned(), "EU".to_owned()];
        assert!(covers(&list, "US") && covers(&list, "NL") && !covers(&list, "GB"));
        assert!(!covers(&["US".to_owned()], "NL"));
    }
}
