//! Content: what is kept as typed, what is kept unknown, what is refused.

use inmost_core::content::{
    Content, Ref, MAX_EMOJI_BYTES, MAX_EXPIRY_MS, MAX_MENTIONS, MAX_OPTION_CHARS, MAX_POLL_OPTIONS, MAX_QUESTION_CHARS,
    MAX_TITLE_CHARS, MAX_TOPIC_CHARS, MIN_EXPIRY_MS,
};
use inmost_core::mark::{Mark, MAX_MARK_KEY_BYTES, MAX_MARK_NAME_BYTES};
use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{Conversation, Device, Message, User};
use inmost_public::Refusal;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::fixture::{alice, text};

/// "All human beings are born free" or a greeting, in forty scripts; marks, joiners and both directions among them.
pub const SCRIPTS: [(&str, &str); 40] = [
    ("Latin", "Người ta sinh ra tự do, naïve façade"),
    ("Greek", "Ὅλοι οἱ ἄνθρωποι γεννιοῦνται ἐλεύθεροι"),
    ("Cyrillic", "Все люди рождаются свободными, їжак"),
    ("Armenian", "Բոլոր մարդիկ ծնվում են ազատ"),
    ("Hebrew", "כָּל בְּנֵי אָדָם נוֹלְדוּ"),
    ("Arabic", "يولد جميع الناس أحرارًا"),
    ("Syriac", "ܟܠ ܒܪܢܫܐ ܒܪܝܠܗ ܚܐܪܐ"),
    ("Thaana", "ހުރިހާ އިންސާނުންވެސް"),
    ("N'Ko", "ߡߍ߲߬ ߛߌ ߘߏ߲߬ ߝߘߊߦߌ"),
    ("Devanagari", "सभी मनुष्यों को स्वतन्त्रता, क्षत्रिय"),
    ("Bengali", "সমস্ত মানুষ স্বাধীনভাবে"),
    ("Gurmukhi", "ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ"),
    ("Gujarati", "પ્રતિષ્ઠા અને અધિકારો"),
    ("Oriya", "ସବୁ ମନୁଷ୍ୟ ଜନ୍ମକାଳରୁ"),
    ("Tamil", "மனிதப் பிறவியினர் சகலரும்"),
    ("Telugu", "ప్రతిపత్తిస్వత్వముల విషయమున"),
    ("Kannada", "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ"),
    ("Malayalam", "മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും"),
    ("Sinhala", "සියලු මනුෂ්‍යයෝ නිදහස්ව"),
    ("Thai", "มนุษย์ทั้งหลายเกิดมามีอิสระ"),
    ("Lao", "ມະນຸດທຸກຄົນເກີດມາມີກຽດ"),
    ("Tibetan", "འགྲོ་བ་མིའི་རིགས་རྒྱུད་"),
    ("Myanmar", "လူတိုင်းသည် တူညီ လွတ်လပ်သော"),
    ("Georgian", "ყველა ადამიანი იბადება"),
    ("Hangul", "모든 인간은 태어날 때부터"),
    ("Ethiopic", "የሰው፡ልጅ፡ሁሉ፡ሲወለድ"),
    ("Cherokee", "ᎾᏂᎥ ᎠᏂᏴᏫ ᎨᏥᎸᏉᏗ"),
    ("Canadian syllabics", "ᐃᓅᔪᓕᒫᑦ ᐊᓂᖅᑎᕆᔪᓕᒫᑦ"),
    ("Ogham", "᚛ᚁᚓᚐᚈᚆᚐ᚜"),
    ("Runic", "ᚠᚢᚦᚨᚱᚲ"),
    ("Khmer", "មនុស្សទាំងអស់កើតមក"),
    ("Mongolian", "ᠬᠦᠮᠦᠨ ᠪᠦᠷ"),
    ("Hiragana and Katakana", "すべてのにんげんは テキスト"),
    ("Bopomofo", "ㄖㄣˊ ㄖㄣˊ ㄕㄥ"),
    ("Han", "人人生而自由，𠮷野家"),
    ("Yi", "ꊿꂷꃅꄿꐨꐥ"),
    ("Tifinagh", "ⵉⵎⴷⴰⵏⵏ ⴰⴽⴽⵯ"),
    ("Javanese", "ꦱꦧꦼꦤ꧀ꦲꦸꦮꦺꦴꦁ"),
    ("Adlam", "𞤋𞤲𞥆𞤢𞤥𞤢 𞤢𞤣𞤫𞥅𞤶𞤮"),
    ("Egyptian hieroglyphs", "𓂀𓃭𓅓"),
];

#[test]
fn text_in_forty_scripts_comes_back_byte_for_byte() {
    let alice = alice();
    for (script, words) in SCRIPTS {
        let opened = alice.open(&alice.seal(&text(words))).unwrap();
        assert_eq!(opened.content, text(words), "{script}");
    }
    let all = SCRIPTS.map(|(_, words)| words).join("\n");
    assert_eq!(alice.open(&alice.seal(&text(&all))).unwrap().content, text(&all));
}

#[test]
fn nothing_is_normalised() {
    // The same letter composed and decomposed, joiners, variation selectors, isolates, a byte order mark, a noncharacter.
    for words in [
        "\u{e9} e\u{301}",
        "👩🏽‍🚀 ❤️ ❤",
        "\u{2067}שלום\u{2069}",
        "\u{feff}a\u{fffe}b\u{ffff}",
        "a\r\nb\rc\nd\te",
        "",
        "   ",
    ] {
        assert_eq!(Content::from_item(&text(words).to_item()), Ok(text(words)));
    }
}

pub fn post(thread: Option<Ref>, expires_after_ms: Option<u64>, content: Content) -> Content {
    Content::Post {
        thread,
        expires_after_ms,
        content: Box::new(content),
    }
}

pub fn poll(options: usize) -> Content {
    Content::Poll {
        question: "Lunch at noon?".into(),
        options: (0..options).map(|n| format!("option {n}")).collect(),
        is_multiple: true,
    }
}

pub fn mark(name: &str, key: &[u8], value: Item, said_n: Option<u64>) -> Mark {
    Mark {
        name: name.into(),
        key: key.to_vec(),
        value,
        said_n,
    }
}

pub fn every_mark() -> Vec<Mark> {
    vec![
        mark("read", &[1; 16], Item::Uint(u64::MAX), None),
        mark("draft", &[1; 16], Item::Text("half a\nthought".into()), Some(3)),
        mark("pin", &[2; 16], Item::Bool(true), Some(4)),
        mark("mute", &[2; 16], Item::Bool(false), None),
        mark("verified", &[3; 32], Item::Bytes(vec![4; 32]), Some(0)),
        mark("snooze", b"from a newer Inmost", cbor![1, "until noon"], None),
    ]
}

fn every_content() -> Vec<Content> {
    let to = Ref {
        device: Device([1; 16]),
        id: Message([2; 16]),
    };
    let mentions = vec![User([3; 32]), User([4; 32])];
    vec![
        Content::Text {
            text: "**hi**".into(),
            reply_to: Some(to),
            mentions: mentions.clone(),
        },
        Content::Edit {
            of: to,
            text: "hello".into(),
            mentions,
        },
        Content::Delete { of: to },
        Content::React {
            to,
            emoji: "👩🏽‍🚀".into(),
            on: true,
        },
        Content::React {
            to,
            emoji: "🏴󠁧󠁢󠁷󠁬󠁳󠁿".into(),
            on: false,
        },
        Content::Title { text: "plans".into() },
        Content::Topic {
            text: "what comes next".into(),
        },
        Content::Channel {
            conversation: Conversation([5; 16]),
            title: "général".into(),
            topic: String::new(),
        },
        post(Some(to), None, text("in the thread")),
        post(None, Some(MIN_EXPIRY_MS), text("soon gone")),
        post(Some(to), Some(MAX_EXPIRY_MS), poll(2)),
        post(
            None,
            Some(60_000),
            Content::Edit {
                of: to,
                text: "gone with it".into(),
                mentions: vec![],
            },
        ),
        post(Some(to), None, Content::Unknown { item: cbor!["file", 7] }),
        Content::Pin { of: to, on: false },
        poll(MAX_POLL_OPTIONS),
        Content::Vote {
            of: to,
            choices: vec![0, 19],
        },
        Content::Vote {
            of: to,
            choices: vec![],
        },
        Content::Close { of: to },
        Content::Marks {
            since: Some(9),
            marks: every_mark(),
        },
        Content::Presence { active: false },
        Content::Receipt { n: u64::MAX },
        Content::Typing { on: true },
        Content::Unknown {
            item: cbor!["poll", Item::Null, -3],
        },
    ]
}

#[test]
fn every_content_reads_back_as_it_was_written() {
    for content in every_content() {
        let item = cbor::decode(&cbor::encode(&content.to_item())).unwrap();
        assert_eq!(Content::from_item(&item), Ok(content));
    }
}

#[test]
fn a_known_name_with_another_shape_is_malformed() {
    for content in every_content().into_iter().filter(|content| content.kind().is_some()) {
        let fields = content.to_item().list().unwrap().to_vec();
        let mut longer = fields.clone();
        longer.push(Item::Null);
        for wrong in [longer, fields[..fields.len() - 1].to_vec()] {
            assert_eq!(Content::from_item(&Item::Array(wrong)), Err(Refusal::Malformed));
        }
        for at in 1..fields.len() {
            let mut wrong = fields.clone();
            wrong[at] = Item::Negative(0);
            assert_eq!(Content::from_item(&Item::Array(wrong)), Err(Refusal::Malformed));
        }
    }
    for nothing in [Item::Null, cbor![], cbor![1, "text"], cbor![cbor!["text"]]] {
        assert_eq!(Content::from_item(&nothing), Err(Refusal::Malformed));
    }
}

#[test]
fn control_characters_that_steer_terminals_are_refused() {
    for code in (0..0x20).chain(0x7f..0xa0) {
        let typed = char::from_u32(code).unwrap();
        let expected = if matches!(typed, '\n' | '\r' | '\t') {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        };
        assert_eq!(text(&format!("a{typed}b")).check(), expected, "U+{code:04X}");
        assert_eq!(
            Content::Title {
                text: format!("a{typed}b")
            }
            .check(),
            Err(Refusal::Malformed),
            "U+{code:04X}"
        );
    }
    for typed in ['\u{2028}', '\u{2029}', '\u{202d}', '\u{202e}'] {
        assert_eq!(
            Content::Topic {
                text: format!("a{typed}b")
            }
            .check(),
            Err(Refusal::Malformed)
        );
        assert_eq!(text(&format!("a{typed}b")).check(), Ok(()));
    }
}

#[test]
fn every_limit_holds_at_its_edge() {
    let to = Ref {
        device: Device([1; 16]),
        id: Message([2; 16]),
    };
    let title = |n| Content::Title { text: "語".repeat(n) }.check();
    let topic = |n| Content::Topic { text: "𠮷".repeat(n) }.check();
    let emoji = |n| {
        Content::React {
            to,
            emoji: "x".repeat(n),
            on: true,
        }
        .check()
    };
    let mentions = |n| {
        let content = Content::Text {
            text: String::new(),
            reply_to: None,
            mentions: vec![User([0; 32]); n],
        };
        let read = Content::from_item(&content.to_item()).map(|_| ());
        assert_eq!(read, content.check());
        read
    };
    for (at, beyond) in [
        (title(MAX_TITLE_CHARS), title(MAX_TITLE_CHARS + 1)),
        (topic(MAX_TOPIC_CHARS), topic(MAX_TOPIC_CHARS + 1)),
        (emoji(MAX_EMOJI_BYTES), emoji(MAX_EMOJI_BYTES + 1)),
        (mentions(MAX_MENTIONS), mentions(MAX_MENTIONS + 1)),
    ] {
        assert_eq!((at, beyond), (Ok(()), Err(Refusal::TooLarge)));
    }
    assert_eq!(emoji(0), Err(Refusal::Malformed));
}

#[test]
fn a_post_has_one_meaning_and_one_encoding() {
    let to = Ref {
        device: Device([1; 16]),
        id: Message([2; 16]),
    };
    let edit = Content::Edit {
        of: to,
        text: "moved".into(),
        mentions: vec![],
    };
    for wrong in [
        post(None, None, text("for ever, to everybody: a text")),
        post(Some(to), None, post(Some(to), None, text("twice"))),
        post(Some(to), None, edit),
        post(None, Some(60_000), Content::Delete { of: to }),
        post(None, Some(60_000), Content::Receipt { n: 1 }),
        post(None, Some(60_000), Content::Typing { on: true }),
    ] {
        assert_eq!(
            Content::from_item(&wrong.to_item()),
            Err(Refusal::Malformed),
            "{wrong:?}"
        );
    }
    for after in [0, MIN_EXPIRY_MS - 1, MAX_EXPIRY_MS + 1, u64::MAX] {
        let wrong = post(None, Some(after), text("when?"));
        assert_eq!(Content::from_item(&wrong.to_item()), Err(Refusal::TooLarge), "{after}");
    }
}

#[test]
fn a_poll_and_its_votes_keep_their_bounds() {
    let question = |question: String| Content::Poll {
        question,
        options: vec!["yes".into(), "no".into()],
        is_multiple: false,
    };
    let option = |option: String| Content::Poll {
        question: "?".into(),
        options: vec!["yes".into(), option],
        is_multiple: false,
    };
    let vote = |choices: Vec<u64>| Content::Vote {
        of: Ref {
            device: Device([1; 16]),
            id: Message([2; 16]),
        },
        choices,
    };
    for (content, expected) in [
        (poll(1), Err(Refusal::Malformed)),
        (poll(2), Ok(())),
        (poll(MAX_POLL_OPTIONS), Ok(())),
        (poll(MAX_POLL_OPTIONS + 1), Err(Refusal::TooLarge)),
        (question(" ".into()), Err(Refusal::Malformed)),
        (question("語".repeat(MAX_QUESTION_CHARS)), Ok(())),
        (question("語".repeat(MAX_QUESTION_CHARS + 1)), Err(Refusal::TooLarge)),
        (option(String::new()), Err(Refusal::Malformed)),
        (option("two\nlines".into()), Err(Refusal::Malformed)),
        (option("語".repeat(MAX_OPTION_CHARS)), Ok(())),
        (option("語".repeat(MAX_OPTION_CHARS + 1)), Err(Refusal::TooLarge)),
        (vote(vec![]), Ok(())),
        (vote(vec![0, 1, 19]), Ok(())),
        (vote(vec![1, 1]), Err(Refusal::Malformed)),
        (vote(vec![1, 0]), Err(Refusal::Malformed)),
        (vote(vec![20]), Err(Refusal::Malformed)),
        (vote((0..21).collect()), Err(Refusal::TooLarge)),
    ] {
        assert_eq!(content.check(), expected, "{content:?}");
        assert_eq!(
            Content::from_item(&content.to_item()).map(|_| ()),
            expected,
            "{content:?}"
        );
    }
}

#[test]
fn a_known_mark_with_another_shape_is_malformed_and_an_unknown_one_is_kept() {
    let long_name = "n".repeat(MAX_MARK_NAME_BYTES + 1);
    for (wrong, refusal) in [
        (mark("read", &[1; 15], Item::Uint(1), None), Refusal::Malformed),
        (mark("read", &[1; 16], Item::Text("1".into()), None), Refusal::Malformed),
        (
            mark("draft", &[1; 16], Item::Text("\u{1b}[2J".into()), None),
            Refusal::Malformed,
        ),
        (
            mark("draft", &[1; 16], Item::Text("x".repeat(65_537)), None),
            Refusal::TooLarge,
        ),
        (mark("mute", &[1; 16], Item::Uint(1), None), Refusal::Malformed),
        (
            mark("verified", &[1; 16], Item::Bytes(vec![1; 32]), None),
            Refusal::Malformed,
        ),
        (
            mark("verified", &[1; 32], Item::Bytes(vec![1; 31]), None),
            Refusal::Malformed,
        ),
        (mark(&long_name, &[], Item::Null, None), Refusal::TooLarge),
        (
            mark("new", &[0; MAX_MARK_KEY_BYTES + 1], Item::Null, None),
            Refusal::TooLarge,
        ),
    ] {
        assert_eq!(Mark::from_item(&wrong.to_item()), Err(refusal), "{wrong:?}");
    }
    for kept in every_mark() {
        assert_eq!(Mark::from_item(&kept.to_item()), Ok(kept));
    }
}

/// Whatever bytes come: refused, or read as content that keeps every limit and writes the same bytes again.
#[test]
fn changed_bytes_are_refused_or_read_as_exactly_what_they_say() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let (mut read, mut refused) = (0, 0);
    for content in every_content() {
        let bytes = cbor::encode(&content.to_item());
        for _ in 0..4_000 {
            let mut changed = bytes.clone();
            for _ in 0..1 + rng.next_u32() % 3 {
                let at = rng.next_u32() as usize % changed.len();
                changed[at] = match rng.next_u32() % 3 {
                    0 => changed[at] ^ (1 << (rng.next_u32() % 8)),
                    1 => changed[at].wrapping_add(1),
                    _ => rng.next_u32() as u8,
                };
            }
            match cbor::decode(&changed)
                .map_err(Refusal::from)
                .and_then(|item| Content::from_item(&item))
            {
                Ok(content) => {
                    assert_eq!(content.check(), Ok(()));
                    assert_eq!(cbor::encode(&content.to_item()), changed);
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(
        read > 1_000 && refused > 1_000,
        "{read} read, {refused} refused: not worth much"
    );
}
