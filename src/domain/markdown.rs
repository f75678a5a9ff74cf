//! Markdown (CommonMark 0.31, with tables) as HTML that any page can show.
//!
//! HTML in the Markdown is text like any other. What the renderer makes is cleaned all the same, by another
//! library: two must fail before a page runs what somebody wrote. Images are left out, since showing one would
//! tell whoever hosts it who reads.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// How deep quotes and lists may stand within each other: cleaning takes the square of it.
pub const MAX_DEPTH: usize = 16;

/// How much a text may [weigh](weight).
pub const MAX_WEIGHT: usize = 5000;

/// What the renderer makes of Markdown, but for images and what tells of styles.
const ELEMENTS: [&str; 24] = [
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Where links may lead to.
const SCHEMES: [&str; 2] = ["https", "mailto"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from(ELEMENTS))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"));
    cleaner
});

/// The Markdown as HTML: a fragment for the body of a page.
pub fn to_html(markdown: &str) -> String {
    let events = parser(markdown).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        // What stands for the image is within the two, and stays.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        event => Some(event),
    });
    let mut rendered = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut rendered, events);
    CLEANER.clean(&rendered).to_string()
}

/// What of Markdown is left out of what readers see, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// A link that leads neither to an `https` nor to a `mailto` address.
    Link(String),
    /// An image.
    Image(String),
}

/// What is left out; an author is to know, since a reader does not.
pub fn left_out(markdown: &str) -> Vec<LeftOut> {
    let leads_on = |to: &str| {
        let scheme = to.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_some_and(|scheme| SCHEMES.contains(&scheme.as_str()))
    };
    let left_out = |event| match event {
        Event::Start(Tag::Image { dest_url, .. }) => Some(LeftOut::Image(dest_url.into_string())),
        Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => None,
        Event::Start(Tag::Link { dest_url, .. }) if !leads_on(&dest_url) => {
            Some(LeftOut::Link(dest_url.into_string()))
        }
        _ => None,
    };
    parser(markdown).filter_map(left_out).collect()
}

/// How many characters are written as references (`&amp;`) in HTML, and how many cells its tables have: both take
/// the cleaner more time than others do, so much that a text of nothing else would take seconds.
pub fn weight(markdown: &str) -> usize {
    let references = markdown.chars().filter(|letter| matches!(letter, '&' | '<' | '>' | '"')).count();
    let cell = |event: &Event<'_>| matches!(event, Event::Start(Tag::TableCell));
    references + parser(markdown).filter(cell).count()
}

/// How deep its elements stand within each other at most.
pub fn depth(markdown: &str) -> usize {
    let (mut deepest, mut depth) = (0_usize, 0_usize);
    for event in parser(markdown) {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markdown_becomes_the_html_that_a_reader_expects() {
        assert_eq!(
            to_html("## Do\n\n- Say *so*.\n- [Ask](https://a.example/b)!"),
            concat!(
                "<h2>Do</h2>\n<ul>\n<li>Say <em>so</em>.</li>\n",
                "<li><a href=\"https://a.example/b\" rel=\"noopener noreferrer\">Ask</a>!</li>\n</ul>\n"
            )
        );
        assert_eq!(
            to_html("| a | b |\n|---|--:|\n| 1 | 2 |"),
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>1</td><td>2</td></tr>\n\
             </tbody></table>\n"
        );
        assert_eq!(to_html("3. c\n4. d"), "<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>\n");
    }

    #[test]
    fn nothing_that_runs_or_tells_on_the_reader_comes_out() {
        assert_eq!(to_html("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(to_html("a <b onclick=x>b</b>"), "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n");
        for link in
            ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "http://a.example", "/a"]
        {
            let html = to_html(&format!("[x]({link})"));
            assert!(!html.contains("href"), "{html}");
        }
        assert_eq!(to_html("![a *chart*](https://track.example/x.png \"t\")"), "<p>a <em>chart</em></p>\n");
        assert!(to_html("<https://a.example>").contains("href=\"https://a.example\""));
    }

    #[test]
    fn depth_is_that_of_what_stands_within_each_other() {
        assert_eq!(depth("plain"), 1);
        assert_eq!(depth("> > quoted"), 3);
        assert!(depth(&">".repeat(100)) > MAX_DEPTH);
        assert!(depth("- a\n  - b\n    - c") <= MAX_DEPTH);
    }

    #[test]
    fn what_a_reader_does_not_get_is_told() {
        let text = "[a](https://a.example) [b](http://b.example) [c](/c) ![d](d.png) <e@f.example> [g](mailto:g@h.example)";
        let left_out = left_out(text);
        let link = |to: &str| LeftOut::Link(to.to_owned());
        assert_eq!(left_out, [link("http://b.example"), link("/c"), LeftOut::Image("d.png".to_owned())]);
        // As the HTML has it.
        assert_eq!(to_html(text).matches("href").count(), 3);
    }

    #[test]
    fn what_takes_long_weighs_much() {
        assert!(weight(&"&".repeat(MAX_WEIGHT + 1)) > MAX_WEIGHT);
        let wide = format!("{}|\n{}|\n", "|a".repeat(6000), "|-".repeat(6000));
        assert!(weight(&wide) > MAX_WEIGHT);
        assert!(weight("| a | b |\n|---|---|\n| \"1\" | 2 |") < 10);
    }

    proptest! {
        #[test]
        fn whatever_is_written_only_known_elements_come_out(text in "[a-z<>/\"'=:&#;()\\[\\]!*_`~|> \\n-]{0,200}") {
            let html = to_html(&text);
            for tag in html.split('<').skip(1) {
                let name: String =
                    tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                prop_assert!(ELEMENTS.contains(&name.as_str()), "{html}");
                prop_assert!(!tag.split('>').next().unwrap_or_default().contains(" on"), "{html}");
            }
        }
    }
}
