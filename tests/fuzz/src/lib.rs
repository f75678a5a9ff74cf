//! Inputs from a seed, and a loop that tries them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// Texts to begin with: what posts are made of, in the languages and forms that have rules of their own.
const CORPUS: &[&str] = &[
    "We zoeken engineers! #WerkenBij https://example.nl/werk?x=1#top via @zuiver",
    "Größe zählt: www.x.co.uk/a_(b), „wirklich“ – 50 €…",
    "Rejoignez l’équipe à Zoé : ELPAÍS.com #salarié",
    "انضموا إلينا الآن #سلام_دنیا \u{202A}https://example.nl\u{202C}",
    "हम भर्ती कर रहे हैं #नमस्ते",
    "私たちは採用中です。example.comテスト #カタ・カナ ＃日本語",
    "👨‍👩‍👧‍👦 👍🏽 🇳🇱 1️⃣ ❤️ ❤ 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ☝🏽 🏳️‍🌈",
    "@jan@mastodon.example.org RT:@piet https://t.co/abcdefghij http://foo.みんな/",
    "rapport.pdf v1.2.3 jan@example.nl http://xn--p1ai.xn--p1ai:8080/",
    "cafe\u{301} e\u{327}\u{301} \u{1100}\u{1161}\u{11A8} \u{FEFF}\r\n\t",
];

/// Pieces that the rules speak of.
const PIECES: &[&str] = &[
    ".",
    "..",
    "/",
    "//",
    ":",
    "://",
    "http://",
    "https://",
    "HTTP://t.co/",
    "a",
    "b1",
    "-",
    "_",
    "nl",
    "com",
    "co.uk",
    "みんな",
    "рф",
    "xn--",
    "日本",
    "é",
    "#",
    "＃",
    "@",
    "＠",
    "$",
    "&",
    "(",
    ")",
    "[",
    "]",
    "?",
    "=",
    "!",
    ",",
    "…",
    " ",
    "\n",
    "\r\n",
    "\u{3000}",
    "\u{200B}",
    "\u{200C}",
    "\u{200D}",
    "\u{FE0F}",
    "\u{FE0E}",
    "\u{20E3}",
    "1",
    "RT",
    "😀",
    "👍",
    "🏽",
    "👩",
    "❤",
    "🇳",
    "🇱",
    "🏴",
    "\u{E0067}",
    "\u{E007F}",
    "©",
    "\u{301}",
    "\u{94D}",
    "क",
    "\u{202A}",
    "\u{FEFF}",
    "\u{FFFE}",
    "\u{FFFF}",
    "\u{10FFFF}",
    "\"",
    "'",
    "·",
    "\u{0}",
    "%",
    "%41",
    "<",
    ">",
    "^",
    "|",
    "~",
];

/// Pseudo-random choices: SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Input {
    state: u64,
}

impl Input {
    /// The choices of a seed and an input's number.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut input = Self { state: seed ^ number.wrapping_mul(0xD134_2543_DE82_EF95) };
        input.next();
        input
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of some things.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// Up to `most` things, each made by `make`.
    pub fn list<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    /// A text: pieces, or a mutated one of the corpus, at times a long or a repetitive one.
    pub fn text(&mut self) -> String {
        match self.below(8) {
            0..4 => self.list(24, Self::piece).concat(),
            4..7 => self.mutated(),
            _ => {
                let piece = self.list(4, Self::piece).concat();
                piece.repeat(self.below(60))
            }
        }
    }

    fn piece(&mut self) -> String {
        if self.once_in(8) {
            let any = u32::try_from(self.below(0x11_0000)).unwrap_or_default();
            return char::from_u32(any).unwrap_or('x').to_string();
        }
        (*self.pick(PIECES)).to_owned()
    }

    fn mutated(&mut self) -> String {
        let mut text: Vec<char> = self.pick(CORPUS).chars().collect();
        for _ in 0..=self.below(8) {
            let at = self.below(text.len() + 1);
            let to = (at + self.below(6)).min(text.len());
            match self.below(4) {
                0 => drop(text.drain(at..to)),
                1 => {
                    let copied: Vec<char> = text[at..to].to_vec();
                    let place = self.below(text.len() + 1);
                    text.splice(place..place, copied);
                }
                2 => {
                    let other: Vec<char> = self.pick(CORPUS).chars().collect();
                    let from = self.below(other.len());
                    text.splice(at..to, other[from..(from + 12).min(other.len())].iter().copied());
                }
                _ => {
                    let piece: Vec<char> = self.piece().chars().collect();
                    text.splice(at..at, piece);
                }
            }
        }
        text.into_iter().collect()
    }
}

/// Runs a target: `name [inputs] [seed] [number]`. It is made an input by `make`, and panics when something is wrong
/// with it. With a number only that input is tried.
pub fn run<T: std::fmt::Debug>(make: impl Fn(&mut Input) -> T, target: impl Fn(&T)) -> ExitCode {
    let argument = |at: usize| std::env::args().nth(at).and_then(|number| number.parse::<u64>().ok());
    let (count, seed) = (argument(1).unwrap_or(100_000), argument(2).unwrap_or(1));
    let numbers = argument(3).map_or(0..count, |number| number..number + 1);
    let began = Instant::now();
    for number in numbers {
        let input = make(&mut Input::new(seed, number));
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            eprintln!("failed: seed {seed}, input {number}: {input:?}");
            return ExitCode::FAILURE;
        }
    }
    println!("{count} inputs of seed {seed} in {:.1} s: nothing found", began.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}
