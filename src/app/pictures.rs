//! From a file that somebody sent to the files that are stored: decoded and rendered, a picture at a time.
//!
//! Decoding takes a processor and up to half a gigabyte for a moment, so few pictures are worked on at once
//! and the rest wait their turn as files on disk: whatever is uploaded, memory is bounded and other requests
//! are answered.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::domain::channels::{Channel, Channels};
use crate::domain::content::image::{FocalPoint, ImageFiles, MediaType, PictureFile};
use crate::domain::ids::Digest;
use crate::error::{Code, Error, Fault, Result};
use crate::imaging::{
    self, Encoded, Focal, Formats, ImageFacts, Limits, PORTABLE_MAX_BYTES, Shape, Size, Unusable, Wanted,
};

/// Threads that work on one picture at most.
const THREADS: usize = 4;

/// Pictures that may wait before a further one is told to come back.
const WAITING: usize = 512;

/// The longest side of the small rendition that lists show, in pixels.
const SMALL_SIDE: u32 = 480;

/// Where pictures take their turn. Clones share it.
#[derive(Debug, Clone)]
pub struct PicturePool {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    threads: NonZeroUsize,
}

impl Default for PicturePool {
    /// One picture for each four processors, and as many threads on each.
    fn default() -> Self {
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = NonZeroUsize::new(cores.get().min(THREADS)).unwrap_or(NonZeroUsize::MIN);
        Self {
            turns: Arc::new(Semaphore::new((cores.get() / THREADS).max(1))),
            waiting: Arc::new(Semaphore::new(WAITING)),
            threads,
        }
    }
}

impl PicturePool {
    /// Works on a picture when its turn comes, in the background; `work` is told how many threads it may use.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(NonZeroUsize) -> Result<T> + Send + 'static,
    {
        let full = |_| Error::unavailable("Too many pictures wait to be looked at: try again in a moment.");
        let _waiting = self.waiting.try_acquire().map_err(full)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        let threads = self.threads;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(threads)
        });
        done.await.map_err(Error::internal)?
    }
}

/// Files to be stored, each with its bytes.
#[derive(Debug)]
pub struct RenderedFiles {
    /// What they are.
    pub files: ImageFiles,
    /// The bytes of each different file.
    pub bytes: Vec<(Digest, Bytes)>,
}

impl RenderedFiles {
    /// Keeps a picture that is stored already in place of the one that was encoded anew.
    pub fn keep(&mut self, picture: PictureFile) {
        self.bytes.retain(|(digest, _)| *digest != picture.digest);
        self.files.picture = picture;
        self.tell_once();
    }

    /// Leaves out renditions that are the same file as the picture or another rendition, and bytes that are
    /// no file's.
    fn tell_once(&mut self) {
        let Self { files: ImageFiles { picture, renditions }, bytes } = self;
        let mut told = vec![picture.digest.clone()];
        renditions.retain(|file| {
            let is_new = !told.contains(&file.digest);
            told.push(file.digest.clone());
            is_new
        });
        bytes.retain(|(digest, _)| told.contains(digest));
    }
}

/// Decodes a file and renders it for these channels. It blocks: call it in the [`PicturePool`].
pub fn render(
    bytes: &[u8],
    channels: &Channels,
    focal: FocalPoint,
    threads: NonZeroUsize,
) -> Result<RenderedFiles> {
    let picture = imaging::decode(bytes, &Limits::default()).map_err(|reason| unusable(&reason))?;
    let wanted = wanted(channels, picture.keeps_png());
    let focal = Focal::new(focal.x.get(), focal.y.get()).unwrap_or(Focal::CENTRE);
    let rendered = imaging::render(&picture, &wanted, focal, threads).map_err(|reason| unusable(&reason))?;
    let mut bytes: Vec<(Digest, Bytes)> = Vec::new();
    let mut file = |encoded: Encoded| {
        let (file, content) = stored(encoded);
        if !bytes.iter().any(|(digest, _)| *digest == file.digest) {
            bytes.push((file.digest.clone(), content));
        }
        file
    };
    let picture = file(rendered.original);
    let renditions = rendered.renditions.into_iter().map(&mut file).collect();
    let mut rendered = RenderedFiles { files: ImageFiles { picture, renditions }, bytes };
    rendered.tell_once();
    Ok(rendered)
}

fn stored(encoded: Encoded) -> (PictureFile, Bytes) {
    let Encoded { bytes, media_type, width, height } = encoded;
    let media_type = match media_type {
        imaging::MediaType::Jpeg => MediaType::Jpeg,
        imaging::MediaType::Png => MediaType::Png,
    };
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    (PictureFile { digest: Digest::of(&bytes), media_type, width, height, bytes: size }, bytes.into())
}

/// What is made of a picture: what the channels recommend, and a small one for lists.
fn wanted(channels: &Channels, keeps_png: bool) -> Vec<Wanted> {
    let takes_images = channels.iter().filter(|channel| channel.images_max > 0);
    let facts: Vec<ImageFacts> = takes_images.map(facts).collect();
    let mut wanted = imaging::wanted(&facts, keeps_png);
    wanted.push(Wanted {
        shape: Shape::Whole { max_side: SMALL_SIDE },
        formats: Formats::Either,
        max_bytes: PORTABLE_MAX_BYTES,
        channels: Vec::new(),
    });
    wanted
}

fn facts(channel: &Channel) -> ImageFacts {
    let recommended = channel.image_recommended.iter();
    ImageFacts {
        channel: channel.id.to_string(),
        recommended: recommended.filter_map(|[width, height]| Size::new(*width, *height)).collect(),
        formats: channel.image_formats.clone(),
        max_bytes: channel.image_max_bytes,
        max_pixels: channel.image_max_pixels,
        max_dimension: channel.image_max_dimension,
        max_width: channel.image_max_width,
        aspect_min: channel.image_aspect_min,
        aspect_max: channel.image_aspect_max,
    }
}

/// The refusal of a file, in words that its sender can act on.
fn unusable(reason: &Unusable) -> Error {
    let fault = Fault::body("", reason.code(), reason.to_string());
    let fault = match reason {
        Unusable::Unsupported { found: Some(found) } | Unusable::Polyglot { found } => {
            fault.with("found", *found)
        }
        Unusable::TooManyPixels { width, height, max_side, max_pixels } => fault
            .with("width", *width)
            .with("height", *height)
            .with("max_side", *max_side)
            .with("max_pixels", json!(max_pixels)),
        Unusable::CannotFit { max_bytes } => fault.with("max_bytes", json!(max_bytes)),
        _ => fault,
    };
    Error::new(Code::UnusablePicture, reason.to_string()).fault(fault)
}
