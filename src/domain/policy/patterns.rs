//! Patterns of all rules: one look for which of them match at all, then only those for their places.

use std::ops::Range;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_automata::nfa::thompson::{Compiler, Config};
use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

/// The most bytes of a compiled pattern: room for `\w{1,30}`, as each `\w` of Unicode takes 60 KiB. Time is at
/// most the size times the length of the text: some ten milliseconds for the longest texts, where the engine's
/// fast ways fail.
const SIZE: usize = 2 * 1024 * 1024;

/// Patterns that are looked for together; all of them fit however large each is.
const TOGETHER: usize = 64;

/// Places of one pattern that are looked at in a text: more would tell the writer nothing new.
const PLACES: usize = 200;

/// All patterns of all rules.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    patterns: Vec<Pattern>,
    sets: Vec<RegexSet>,
}

#[derive(Debug)]
struct Pattern {
    rule: usize,
    regex: Regex,
}

/// Makes a pattern ready, or says in words why it cannot be: it is none, it is too large, or it matches
/// where nothing stands.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let hir = parse(pattern)?;
    if hir.properties().minimum_len().is_none_or(|length| length == 0) {
        return Err("it matches the empty text, or nothing at all".to_owned());
    }
    RegexBuilder::new(pattern).size_limit(SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            format!(
                "it needs more than {} MiB when it is compiled; repeat less, or use smaller classes",
                SIZE / (1024 * 1024)
            )
        }
        other => other.to_string(),
    })
}

/// The bytes of a compiled pattern, as far as they can be told.
pub(super) fn size(pattern: &str) -> usize {
    let config = Config::new().nfa_size_limit(Some(SIZE));
    let hir = parse(pattern).ok();
    let nfa = hir.and_then(|hir| Compiler::new().configure(config).build_from_hir(&hir).ok());
    nfa.map_or(SIZE, |nfa| nfa.memory_usage())
}

fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::parse(pattern).map_err(|error| {
        let (reason, at) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.column),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.column),
            other => (other.to_string(), 1),
        };
        format!("{reason} (at character {at})")
    })
}

impl Patterns {
    /// The patterns, each with the number of its rule, in order of the rules.
    pub(super) fn new(patterns: Vec<(usize, &str)>) -> Result<Self, (usize, String)> {
        let mut ready = Vec::with_capacity(patterns.len());
        let mut loose = Vec::with_capacity(patterns.len());
        for (rule, pattern) in patterns {
            let broken = |reason| (rule, reason);
            ready.push(Pattern { rule, regex: compile(pattern).map_err(broken)? });
            loose.push((rule, without_looks(parse(pattern).map_err(broken)?).to_string()));
        }
        let sets = loose.chunks(TOGETHER).map(|chunk| {
            let set = RegexSetBuilder::new(chunk.iter().map(|(_, pattern)| pattern))
                .size_limit(2 * TOGETHER * SIZE)
                .build();
            set.map_err(|error| (chunk.first().map_or(0, |(rule, _)| *rule), error.to_string()))
        });
        Ok(Self { sets: sets.collect::<Result<_, _>>()?, patterns: ready })
    }

    /// The places of the patterns of the rules that are `active`.
    pub(super) fn find(&self, text: &str, active: &[bool], mut found: impl FnMut(usize, Range<usize>)) {
        let is_active = |pattern: &Pattern| active.get(pattern.rule) == Some(&true);
        for (chunk, set) in self.patterns.chunks(TOGETHER).zip(&self.sets) {
            if !chunk.iter().any(is_active) {
                continue;
            }
            for pattern in
                set.matches(text).iter().filter_map(|at| chunk.get(at)).filter(|pattern| is_active(pattern))
            {
                for place in pattern.regex.find_iter(text).take(PLACES) {
                    found(pattern.rule, place.range());
                }
            }
        }
    }
}

/// The pattern without what it demands of its surroundings: it then matches more, and the automaton does not
/// give up at the first letter with an accent, as it must where Unicode's word boundaries are asked for.
fn without_looks(hir: Hir) -> Hir {
    let all = |subs: Vec<Hir>| subs.into_iter().map(without_looks).collect();
    match hir.into_kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(without_looks(*sub)) })
        }
        // What a pattern captures is of no use here.
        HirKind::Capture(Capture { sub, .. }) => without_looks(*sub),
        HirKind::Concat(subs) => Hir::concat(all(subs)),
        HirKind::Alternation(subs) => Hir::alternation(all(subs)),
    }
}
