//! Measures the running server.

fn main() {}
