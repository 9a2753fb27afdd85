//! Content: what is kept as typed, what is kept unknown, what is refused.

use inmost_core::content::{Content, Ref, MAX_EMOJI_BYTES, MAX_MENTIONS, MAX_TITLE_CHARS, MAX_TOPIC_CHARS};
use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{Conversation, Device, Message, User};
use inmost_public::Refusal;

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
