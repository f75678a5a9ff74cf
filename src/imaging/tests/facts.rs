//! What the channel table says of images in November 2026, for tests: name, types, most bytes, sizes, then
//! most pixels, longest side, greatest width, least and greatest aspect.

/// A channel's figures; 0 where it publishes none.
pub type Facts = (&'static str, &'static str, u64, &'static [(u32, u32)], (u64, u32, u32, f64, f64));

const NONE: (u64, u32, u32, f64, f64) = (0, 0, 0, 0.0, 0.0);

/// Every channel of the table.
pub const FACTS: [Facts; 18] = [
    (
        "linkedin",
        "jpg png gif",
        5_000_000,
        &[(1200, 627), (1080, 1080), (1080, 1350)],
        (36_152_320, 0, 0, 0.0, 0.0),
    ),
    ("x", "jpg png webp gif", 5_242_880, &[(1600, 900), (1080, 1080), (1080, 1350)], NONE),
    ("facebook", "jpg png gif", 4_000_000, &[(1200, 630), (1080, 1080), (1080, 1350)], NONE),
    ("instagram", "jpg", 8_000_000, &[(1080, 1350), (1080, 1080), (1080, 566)], (0, 0, 0, 0.8, 1.91)),
    ("instagram_story", "jpg", 8_000_000, &[(1080, 1920)], NONE),
    ("threads", "jpg png", 8_000_000, &[(1080, 1350), (1080, 1080), (1080, 608)], (0, 0, 1440, 0.0, 0.0)),
    (
        "bluesky",
        "jpg png webp gif",
        2_000_000,
        &[(1200, 627), (1080, 1080), (1080, 1350)],
        (0, 4000, 0, 0.0, 0.0),
    ),
    ("mastodon", "jpg png gif webp heic avif", 16_777_216, &[(1200, 630), (1080, 1080), (1600, 900)], NONE),
    ("tiktok", "jpg webp", 20_000_000, &[(1080, 1920), (1080, 1350)], NONE),
    ("youtube", "jpg png", 2_000_000, &[(1280, 720)], NONE),
    ("whatsapp", "", 0, &[], NONE),
    ("reddit", "jpg png gif", 20_000_000, &[(1200, 628), (1080, 1080)], NONE),
    ("pinterest", "jpg png", 20_000_000, &[(1000, 1500), (1000, 1000)], NONE),
    ("xing", "jpg png", 0, &[(1200, 627)], NONE),
    ("telegram", "jpg png webp", 10_000_000, &[(1280, 720), (1080, 1080)], NONE),
    ("email", "", 0, &[(1200, 627)], NONE),
    ("teams", "", 0, &[(1200, 627)], NONE),
    ("slack", "jpg png gif", 0, &[(1200, 627)], NONE),
];
