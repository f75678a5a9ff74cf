//! What is read of a blob.

use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, Stream, StreamExt, TryStreamExt, try_unfold};
use tokio::time::timeout;

use super::BlobError;

/// Bytes as they come from the store.
pub type Chunks = BoxStream<'static, Result<Bytes, BlobError>>;

/// A blob, or a range of its bytes, opened for reading.
pub struct Part {
    /// The length of the whole blob in bytes.
    pub size: u64,
    /// Which of its bytes these are: all of them where no range was asked for.
    pub range: Range<u64>,
    /// The bytes, a piece at a time. They end in an error, and never silently, if there are not as many
    /// as [`Part::range`] says; and if no piece comes in the store's time to answer.
    pub bytes: Chunks,
}

impl Part {
    /// All of it in memory.
    ///
    /// # Errors
    /// Those of the stream: [`BlobError::Timeout`], [`BlobError::Incomplete`], [`BlobError::Failed`].
    pub async fn collect(self) -> Result<Bytes, BlobError> {
        let length = usize::try_from(self.range.end.saturating_sub(self.range.start)).unwrap_or(0);
        let all = BytesMut::with_capacity(length);
        let append = |mut all: BytesMut, piece: Bytes| {
            all.extend_from_slice(&piece);
            std::future::ready(Ok(all))
        };
        Ok(self.bytes.try_fold(all, append).await?.freeze())
    }
}

/// The stream, held to the number of bytes that were promised and to the time for each piece.
pub(super) fn guarded<S, E>(bytes: S, expected: u64, deadline: Duration) -> Chunks
where
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
    E: Into<BlobError> + Send + 'static,
{
    try_unfold((bytes, expected), move |(mut bytes, left)| async move {
        let piece = timeout(deadline, bytes.next()).await.map_err(|_| BlobError::Timeout(deadline))?;
        let Some(piece) = piece else {
            return if left == 0 { Ok(None) } else { Err(BlobError::Incomplete) };
        };
        let piece = piece.map_err(Into::into)?;
        let length = u64::try_from(piece.len()).map_err(|_| BlobError::Incomplete)?;
        let left = left.checked_sub(length).ok_or(BlobError::Incomplete)?;
        Ok(Some((piece, (bytes, left))))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures_util::stream;

    use super::*;

    async fn read(pieces: Vec<Result<Bytes, std::io::Error>>, expected: u64) -> Result<Bytes, BlobError> {
        let bytes = guarded(stream::iter(pieces), expected, Duration::from_secs(1));
        Part { size: expected, range: 0..expected, bytes }.collect().await
    }

    #[tokio::test]
    async fn as_many_bytes_come_as_were_promised() {
        let two = || vec![Ok(Bytes::from_static(b"ab")), Ok(Bytes::from_static(b"cd"))];
        assert_eq!(read(two(), 4).await.unwrap(), "abcd");
        assert!(read(Vec::new(), 0).await.unwrap().is_empty());
        for other in [0, 3, 5] {
            assert!(matches!(read(two(), other).await, Err(BlobError::Incomplete)), "{other}");
        }
        let fault = vec![Ok(Bytes::from_static(b"ab")), Err(std::io::Error::other("torn"))];
        assert!(matches!(read(fault, 4).await, Err(BlobError::Failed(_))));
    }
}
