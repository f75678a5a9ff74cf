//! Composing from hostile ingredients for channels with tight limits: what is composed fits its channel and says
//! everything that it must, and what is refused can be told.

use std::process::ExitCode;

use greenlight::domain::channels::{Channel, Channels};
use greenlight::domain::compose::{Composed, Ingredients, Part, Role, Tag, compose};
use greenlight::domain::counting::Count;
use greenlight::domain::disclaimers::{Form, Placement, Statement};
use greenlight::domain::entities;
use greenlight::domain::ids::{Digest, ItemId};
use greenlight::domain::revision::Source;
use greenlight::domain::span::Span;
use greenlight_fuzz::Input;

/// What an input is made of.
#[derive(Debug)]
struct Given {
    channel: Channel,
    post: Source,
    copy: String,
    comment: Option<String>,
    statements: Vec<Statement>,
    credit: Option<String>,
    hashtags: Vec<Tag>,
    link: Option<String>,
}

fn main() -> ExitCode {
    let channels = Channels::defaults().expect("the embedded channels are read");
    let channels: Vec<Channel> = channels.iter().cloned().collect();
    let digest = Digest::of(b"fuzz");
    greenlight_fuzz::run(|input| given(input, &channels, &digest), check)
}

fn given(input: &mut Input, channels: &[Channel], digest: &Digest) -> Given {
    let mut items = 0;
    let mut source = || {
        items += 1;
        let item = format!("00000000-0000-7000-8000-{items:012}");
        let item: ItemId = item.parse().expect("an id");
        Source { item, revision: 1, digest: digest.clone() }
    };
    let tag = |input: &mut Input| match input.below(4) {
        0 => text(input, 12),
        _ => (*input.pick(&["Water", "WATER", "WERKENBIJ", "Één", "vier4", "سلام_دنیا", "日本語"])).to_owned(),
    };
    let links = ["https://zuiver.example/?utm_content=preview0preview0", "https://example.nl/werk?x=1#top"];
    let link = |input: &mut Input| match input.below(4) {
        0 => text(input, 40),
        _ => (*input.pick(&links)).to_owned(),
    };
    Given {
        channel: channel(input, channels),
        post: source(),
        copy: text(input, 100),
        comment: maybe(input, |input| text(input, 60)),
        statements: input.list(4, |input| statement(input, source())),
        credit: maybe(input, |input| text(input, 24)),
        hashtags: input.list(4, |input| Tag { tag: tag(input), source: source(), is_required: false }),
        link: maybe(input, link),
    }
}

/// A channel of the table; most have tighter limits, so that every limit is met.
fn channel(input: &mut Input, channels: &[Channel]) -> Channel {
    let known = input.pick(channels).clone();
    if input.once_in(8) {
        return known;
    }
    let mut figure = |or_none: bool, least: usize, end: usize| {
        let none = or_none && input.once_in(2);
        let figure = if none { 0 } else { least + input.below(end - least) };
        u32::try_from(figure).unwrap_or_default()
    };
    Channel {
        text_limit: figure(false, 30, 500),
        byte_limit: figure(true, 60, 1200),
        fold: figure(true, 15, 300),
        hashtag_max: figure(true, 1, 6),
        url_max: figure(true, 1, 5),
        ..known
    }
}

/// The first characters of a text of the harness, which has about as many as a part of a post.
fn text(input: &mut Input, most: usize) -> String {
    let characters = 1 + input.below(most);
    input.text().chars().take(characters).collect()
}

fn maybe<T>(input: &mut Input, make: impl FnOnce(&mut Input) -> T) -> Option<T> {
    input.once_in(2).then(|| make(input))
}

/// A disclaimer whose shorter forms need not be shorter.
fn statement(input: &mut Input, source: Source) -> Statement {
    let placements = [Placement::Lead, Placement::Visible, Placement::End, Placement::Attached];
    let placement = *input.pick(&placements);
    let short = maybe(input, |input| (Form::Short, text(input, 40)));
    let tag = maybe(input, |input| (Form::Tag, format!("#{}", text(input, 16))));
    Statement {
        key: "fuzz".parse().expect("a key"),
        source,
        placement,
        credits: placement == Placement::End && input.once_in(2),
        longest: (Form::Full, text(input, 60)),
        shorter: short.into_iter().chain(tag).collect(),
    }
}

impl Given {
    fn ingredients(&self) -> Ingredients<'_> {
        Ingredients {
            channel: &self.channel,
            source: &self.post,
            copy: &self.copy,
            comment: self.comment.as_deref(),
            statements: &self.statements,
            credit: self.credit.as_deref(),
            hashtags: &self.hashtags,
            link: self.link.as_deref(),
        }
    }
}

fn check(given: &Given) {
    let composed = match compose(&given.ingredients()) {
        Ok(composed) => composed,
        Err(refusal) => return assert!(!refusal.fault("/x").detail.is_empty()),
    };
    assert_eq!(compose(&given.ingredients()).as_ref(), Ok(&composed), "the same again");
    fits(&composed, &given.channel);
    tiles(&composed);
    if given.channel.text_field {
        says_everything(given, &composed);
    } else {
        assert!(composed.text.is_empty() && given.statements.is_empty() && given.comment.is_none());
    }
}

/// The text keeps every limit of the channel.
fn fits(composed: &Composed, channel: &Channel) {
    let (text, count) = (composed.text.as_str(), Count::of(&composed.text, channel));
    assert_eq!(composed.count, count);
    let within =
        |found: usize, limit: u32| limit == 0 || found <= usize::try_from(limit).unwrap_or(usize::MAX);
    assert!(within(count.units, channel.text_limit) && within(text.len(), channel.byte_limit));
    let found = entities::find(text, channel);
    assert!(within(found.hashtags.len(), channel.hashtag_max));
    assert!(within(entities::distinct_links(text, &found.links), channel.url_max));
    assert!(!text.contains(|c| channel.forbidden_characters.contains(c)));
}

/// The parts are the text, one after the other, by each kind of offset.
fn tiles(composed: &Composed) {
    let text = &composed.text;
    let points: Vec<char> = text.chars().collect();
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let mut end = Default::default();
    for Part { text: part, span: Span { start, end: until }, .. } in &composed.parts {
        assert_eq!(*start, end);
        end = *until;
        assert_eq!(&text[start.utf8..end.utf8], part);
        assert_eq!(points[start.code_points..end.code_points].iter().collect::<String>(), *part);
        assert_eq!(String::from_utf16_lossy(&utf16[start.utf16..end.utf16]), *part);
    }
    assert_eq!((end.utf8, end.utf16, end.code_points), (text.len(), utf16.len(), points.len()));
}

/// Copy, comment, credit and link stand as they are; each statement stands once, in an allowed form, and ends
/// before the fold where it must show; of the hashtags stand the most wanted.
fn says_everything(given: &Given, composed: &Composed) {
    let whole = |role, source: Option<&Source>| {
        let all =
            composed.parts.iter().filter(move |part| part.role == role && part.source.as_ref() == source);
        all.map(|part| part.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(whole(Role::Copy, Some(&given.post)), [given.copy.as_str()]);
    assert_eq!(whole(Role::Comment, None), Vec::from_iter(given.comment.as_deref()));
    assert_eq!(whole(Role::Credit, Some(&given.post)), Vec::from_iter(given.credit.as_deref()));
    assert_eq!(whole(Role::Link, Some(&given.post)), Vec::from_iter(given.link.as_deref()));
    assert_eq!(composed.forms.len(), given.statements.len());
    for (statement, form) in given.statements.iter().zip(&composed.forms) {
        let allowed = statement.forms().find(|(known, _)| known == form).map(|(_, text)| text);
        let of_it = |part: &&Part| part.source.as_ref() == Some(&statement.source);
        let standing: Vec<&Part> = composed.parts.iter().filter(of_it).collect();
        assert_eq!(standing.iter().map(|part| &part.text).collect::<Vec<_>>(), Vec::from_iter(allowed));
        if statement.before_fold() && given.channel.fold > 0 {
            let shown = Count::of(&composed.text[..standing[0].span.end.utf8], &given.channel).units;
            let fold = usize::try_from(given.channel.fold).unwrap_or_default() * 4 / 5;
            assert!(shown <= fold, "{shown} units up to a disclaimer, {fold} before the fold");
        }
    }
    // Of what is no tag nobody can say whether it is in the text already.
    let is_tag = |tag: &&String| {
        let mut characters = tag.chars().skip(1);
        entities::find(tag, &given.channel).hashtags == [0..tag.len()]
            && characters.all(|c| c.is_alphanumeric() || c == '_')
    };
    let standing = composed.parts.iter().filter(|part| part.role == Role::Hashtag).map(|part| &part.text);
    let standing: Vec<&String> = standing.filter(is_tag).collect();
    let dropped: Vec<String> = composed.dropped.iter().map(|tag| format!("#{tag}")).collect();
    let wanted: Vec<String> = given.hashtags.iter().map(|tag| format!("#{}", tag.tag)).collect();
    let dropped: Vec<&String> = dropped.iter().filter(is_tag).collect();
    for told in [&standing, &dropped] {
        let mut wanted = wanted.iter();
        assert!(told.iter().all(|tag| wanted.any(|known| known == *tag)), "{told:?} in another order");
    }
    assert!(!standing.iter().any(|tag| dropped.contains(tag)), "{standing:?} stand, {dropped:?} gave way");
}
