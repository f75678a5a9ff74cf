//! Measures the running server.

mod client;

fn main() {}
