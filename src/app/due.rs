//! Working through what is due, one thing after the other, so that one that cannot be done keeps no other
//! waiting.
//!
//! What is due is read in pages without the lock, each page after the last; each thing is then done in a
//! transaction of its own, which looks once more under the lock. One that fails is logged with what it is
//! about and left to the next run, so a run asks for nothing twice and comes to an end.

use crate::error::{Error, Result};

/// Things that are read together.
pub(super) const PAGE: usize = 200;
/// The same for a query.
pub(super) const LIMIT: i64 = PAGE as i64;

/// What came of one part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// Things that were done.
    pub done: usize,
    /// Things that could not be done, or be looked for.
    pub failed: usize,
}

impl Tally {
    /// Counts a thing by what became of it; `false` is one that somebody else was quicker with.
    pub(super) fn count(&mut self, part: &str, about: impl FnOnce() -> String, became: Result<bool>) {
        match became {
            Ok(done) => self.done += usize::from(done),
            Err(error) => self.fail(part, &about(), &error),
        }
    }

    /// Logs and counts a failure.
    pub(super) fn fail(&mut self, part: &str, about: &str, error: &Error) {
        tracing::error!(%error, cause = ?error.source, part, about, "something that is due could not be done");
        self.failed += 1;
    }
}

/// Does everything that `read` finds, in pages of at most [`PAGE`] after the last of the page before. It goes
/// on while pages are full and something of them could be done: where nothing could, the fault is the
/// database's rather than one thing's.
pub(super) fn each<T>(
    part: &str,
    about: impl Fn(&T) -> String,
    read: impl Fn(Option<&T>) -> Result<Vec<T>>,
    act: impl Fn(&T) -> Result<bool>,
) -> Tally {
    let (mut tally, mut after) = (Tally::default(), None);
    loop {
        let mut page = match read(after.as_ref()) {
            Ok(page) => page,
            Err(error) => {
                tally.fail(part, "all that is due", &error);
                return tally;
            }
        };
        let before = tally.done;
        for due in &page {
            tally.count(part, || about(due), act(due));
        }
        if page.len() < PAGE || tally.done == before {
            return tally;
        }
        after = page.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Works through the numbers below `all`, of which `fails` cannot be done; answers what was asked for.
    fn work(all: usize, fails: impl Fn(usize) -> bool) -> (Tally, Vec<usize>) {
        let asked = RefCell::new(Vec::new());
        let read = |after: Option<&usize>| {
            let first = after.map_or(0, |after| after + 1);
            Ok((first..all).take(PAGE).collect())
        };
        let act = |number: &usize| {
            asked.borrow_mut().push(*number);
            if fails(*number) { Err(Error::internal("as asked")) } else { Ok(true) }
        };
        let tally = each("numbers", ToString::to_string, read, act);
        (tally, asked.into_inner())
    }

    #[test]
    fn what_fails_is_asked_for_once_and_keeps_no_other_waiting() {
        let all = PAGE * 3 + 7;
        let (tally, asked) = work(all, |number| number % 3 == 0);
        let failed = all.div_ceil(3);
        assert_eq!(tally, Tally { done: all - failed, failed });
        assert_eq!(asked, (0..all).collect::<Vec<_>>());
    }

    #[test]
    fn a_whole_page_that_fails_ends_the_part() {
        let (tally, asked) = work(PAGE * 3, |number| number < PAGE);
        assert_eq!((tally, asked.len()), (Tally { done: 0, failed: PAGE }, PAGE));
    }

    #[test]
    fn what_cannot_be_looked_for_is_a_failure_and_an_end() {
        let reads = Cell::new(0);
        let read = |_: Option<&usize>| {
            reads.set(reads.get() + 1);
            Err(Error::internal("as asked"))
        };
        let tally = each("numbers", ToString::to_string, read, |_| Ok(true));
        assert_eq!((tally, reads.get()), (Tally { done: 0, failed: 1 }, 1));
    }

    #[test]
    fn others_who_were_quicker_with_a_whole_page_do_the_rest() {
        let read = |after: Option<&usize>| {
            let first = after.map_or(0, |after| after + 1);
            Ok((first..PAGE * 2).take(PAGE).collect())
        };
        assert_eq!(each("numbers", ToString::to_string, read, |_| Ok(false)), Tally::default());
    }
}
