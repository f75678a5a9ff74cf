//! stub
use super::review_runs::ReviewRun;
use crate::domain::delegation::Delegation;
use crate::domain::ids::DelegationId;
use crate::domain::workflow::Reviewers;
use crate::error::Result;
use crate::store::write::WriteTx;
pub(super) fn stage_opened(_: &mut WriteTx<'_>, _: &ReviewRun, _: usize) -> Result<()> {
    Ok(())
}
pub(super) fn stage_stuck(_: &mut WriteTx<'_>, _: &ReviewRun, _: usize, _: &str) -> Result<()> {
    Ok(())
}
pub(super) fn review_closed(_: &mut WriteTx<'_>, _: &ReviewRun) -> Result<()> {
    Ok(())
}
pub(super) fn review_lapsed(_: &mut WriteTx<'_>, _: &ReviewRun) -> Result<()> {
    Ok(())
}
pub(super) fn stage_reassigned(_: &mut WriteTx<'_>, _: &ReviewRun, _: usize) -> Result<()> {
    Ok(())
}
pub(super) fn stage_due_soon(_: &mut WriteTx<'_>, _: &ReviewRun, _: usize) -> Result<()> {
    Ok(())
}
pub(super) fn stage_overdue(_: &mut WriteTx<'_>, _: &ReviewRun, _: usize) -> Result<()> {
    Ok(())
}
pub(super) fn stage_escalated(_: &mut WriteTx<'_>, _: &ReviewRun, _: usize, _: &Reviewers) -> Result<()> {
    Ok(())
}
pub(super) fn delegated(_: &mut WriteTx<'_>, _: DelegationId, _: &Delegation) -> Result<()> {
    Ok(())
}
pub(super) fn urgent_published(_: &mut WriteTx<'_>, _: &ReviewRun) -> Result<()> {
    Ok(())
}
pub(super) fn urgent_closed(_: &mut WriteTx<'_>, _: &ReviewRun) -> Result<()> {
    Ok(())
}
