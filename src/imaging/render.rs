//! All files of a picture at once.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::crop::Focal;
use super::encode::Encoded;
use super::picture::Picture;
use super::refusal::Unusable;
use super::wanted::Wanted;

/// A picture's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The picture at its full size.
    pub original: Encoded,
    /// What was wanted, in that order.
    pub renditions: Vec<Encoded>,
}

/// Makes all files of a picture, on this many threads; their number makes no difference to the result.
///
/// # Errors
/// The first refusal, in the order of `wanted`. See [`Picture::rendition`].
pub fn render(
    picture: &Picture,
    wanted: &[Wanted],
    focal: Focal,
    threads: NonZeroUsize,
) -> Result<Rendered, Unusable> {
    let next = AtomicUsize::new(0);
    // The original is the longest task, so it comes first.
    let work = || {
        let mut done = Vec::new();
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            let result = match task.checked_sub(1).map(|index| wanted.get(index)) {
                None => picture.original(),
                Some(Some(wanted)) => picture.rendition(wanted, focal),
                Some(None) => return done,
            };
            done.push((task, result));
        }
    };
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(task, _)| *task);
    let mut results = done.into_iter().map(|(_, result)| result);
    let original = results.next().unwrap_or(Err(Unusable::Broken))?;
    Ok(Rendered { original, renditions: results.collect::<Result<_, _>>()? })
}
