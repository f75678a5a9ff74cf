//! `demo`
use super::failure::Failure;
use std::net::SocketAddr;
pub(super) fn demo(_listen: SocketAddr, _exit: bool) -> Result<(), Failure> {
    Err(Failure::new("not yet"))
}
