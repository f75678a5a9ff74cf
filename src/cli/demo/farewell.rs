//! What to do next, once the walk is over and the server stays up.

use std::net::SocketAddr;

use super::organisation::{Organisation, PASSWORD};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::roles::Role;

/// Says where the documentation is, who can sign in, and how to go on by hand.
pub(super) fn say(address: SocketAddr, organisation: &Organisation) -> Result<(), Failure> {
    output::line(format_args!(
        "\nThe server stays up. Its documentation, to try calls in: http://{address}/docs/"
    ))?;
    output::line(format_args!("Everybody's password is {PASSWORD}. A login for each role:"))?;
    for role in Role::ALL {
        // The one with the fewest other roles shows best what the role may do.
        let holders = organisation.people.iter().filter(|person| person.roles.contains(&role));
        if let Some(person) = holders.min_by_key(|person| person.roles.len()) {
            output::line(format_args!("  {:<9} {}", role.as_str(), person.email()))?;
        }
    }
    output::text(&commands(address))
}

/// Commands that work as they stand, one after the other.
fn commands(address: SocketAddr) -> String {
    format!(
        r#"
To go on in another terminal:

  API=http://{address}/v1
  token() {{ curl -s $API/sessions -H 'Content-Type: application/json' \
    -d '{{"email":"'$1'@noordzee-energie.example","password":"{PASSWORD}"}}' \
    | sed 's/.*"access_token":"\([^"]*\)".*/\1/'; }}

  # What Emma may share
  curl -s $API/feed -H "Authorization: Bearer $(token emma)"

  # What waits for Pieter's decision
  curl -s "$API/reviews?mine=true" -H "Authorization: Bearer $(token pieter)"

  # Who shared what, as an auditor
  curl -s $API/shares -H "Authorization: Bearer $(token ruben)" -H 'Greenlight-Purpose: looking around'

  # Stop all sharing on X until somebody ends the freeze
  curl -s $API/freezes -H "Authorization: Bearer $(token claire)" -H 'Content-Type: application/json' \
    -d '{{"scope":{{"channel":"x"}},"reason":"Trying it out","until":"2099-12-31T00:00:00Z"}}'

Ctrl-C ends it; the data stays where it is.
"#
    )
}
