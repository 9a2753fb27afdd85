"""Search in forty scripts: words from the middle of what people write, short ones, other spellings of the same."""

from pathlib import Path

import pytest

from inmost.store import Database
from sdk.tests.stored import BOB, ROOM, edit, text

# Script, a sentence of a working day, and what somebody would look for: a piece of a word, a word, two words.
SENTENCES = [
    ("Latin", "Die Besprechung über den Großauftrag beginnt früher", ["sprech", "über", "GROSSAUFTRAG".lower().replace("ss", "ß"), "früher Besprechung"]),
    ("Latin, Vietnamese", "Cuộc họp bắt đầu lúc chín giờ sáng", ["họp", "bắt đầu", "giờ"]),
    ("Latin, Turkish", "Toplantı yarın öğleden sonra", ["öğle", "Toplantı", "yarın"]),
    ("Greek", "Η συνάντηση ξεκινά νωρίς το πρωί", ["συνάντηση", "ΠΡΩΊ", "νωρίς"]),
    ("Cyrillic", "Встреча переносится на понедельник", ["встреча", "понедел", "НА"]),
    ("Armenian", "Հանդիպումը սկսվում է առավոտյան", ["հանդիպում", "է", "առավոտ"]),
    ("Georgian", "შეხვედრა დილით იწყება", ["შეხვედრა", "დილით"]),
    ("Hebrew", "הפגישה מתחילה בבוקר", ["פגישה", "בבוקר"]),
    ("Arabic", "يبدأ الاجتماع في الصباح", ["الاجتماع", "في", "صباح"]),
    ("Syriac", "ܫܠܡܐ ܠܟܘܢ ܟܠܟܘܢ", ["ܫܠܡܐ", "ܟܠܟܘܢ"]),
    ("Thaana", "ބައްދަލުވުން ހެނދުނު ފެށޭ", ["ބައްދަލު", "ހެނދުނު"]),
    ("N'Ko", "ߒߞߏ ߞߊ߲ߡߊߛߙߋ", ["ߒߞߏ", "ߞߊ߲ߡߊ"]),
    ("Devanagari", "बैठक सुबह नौ बजे शुरू होगी", ["बैठक", "सुबह", "नौ"]),
    ("Bengali", "সভা সকাল নয়টায় শুরু হবে", ["সভা", "সকাল", "শুরু"]),
    ("Gurmukhi", "ਮੀਟਿੰਗ ਸਵੇਰੇ ਸ਼ੁਰੂ ਹੋਵੇਗੀ", ["ਮੀਟਿੰਗ", "ਸਵੇਰੇ"]),
    ("Gujarati", "સભા સવારે શરૂ થશે", ["સભા", "સવારે"]),
    ("Odia", "ସଭା ସକାଳେ ଆରମ୍ଭ ହେବ", ["ସଭା", "ସକାଳେ"]),
    ("Tamil", "கூட்டம் காலையில் தொடங்கும்", ["கூட்டம்", "காலை"]),
    ("Telugu", "సమావేశం ఉదయం మొదలవుతుంది", ["సమావేశం", "ఉదయం"]),
    ("Kannada", "ಸಭೆ ಬೆಳಿಗ್ಗೆ ಆರಂಭವಾಗುತ್ತದೆ", ["ಸಭೆ", "ಬೆಳಿಗ್ಗೆ"]),
    ("Malayalam", "യോഗം രാവിലെ തുടങ്ങും", ["യോഗം", "രാവിലെ"]),
    ("Sinhala", "රැස්වීම උදේ ආරම්භ වේ", ["රැස්වීම", "උදේ"]),
    ("Thai", "การประชุมเริ่มเก้าโมงเช้า", ["ประชุม", "เช้า", "เก้า"]),
    ("Lao", "ກອງປະຊຸມເລີ່ມຕອນເຊົ້າ", ["ປະຊຸມ", "ເຊົ້າ"]),
    ("Tibetan", "ཚོགས་འདུ་ཞོགས་པར་འགོ་འཛུགས", ["ཚོགས་འདུ", "ཞོགས"]),
    ("Myanmar", "အစည်းအဝေးမနက်စမည်", ["အစည်းအဝေး", "မနက်"]),
    ("Khmer", "ការប្រជុំចាប់ផ្តើមនៅព្រឹក", ["ប្រជុំ", "ព្រឹក"]),
    ("Mongolian", "ᠬᠤᠷᠠᠯ ᠡᠷᠲᠡ ᠡᠬᠢᠯᠡᠨᠡ", ["ᠬᠤᠷᠠᠯ", "ᠡᠷᠲᠡ"]),
    ("Han, simplified", "会议明天上午九点开始", ["会议", "明天上午", "九"]),
    ("Han, traditional", "會議明天上午九點開始", ["會議", "九點開始", "點"]),
    ("Japanese", "会議は明日の朝九時に始まります", ["会議", "始まります", "朝"]),
    ("Katakana", "ミーティングのスケジュールをメールしました", ["ミーティング", "メール"]),
    ("Hangul", "회의는 내일 아침 아홉 시에 시작합니다", ["회의", "내일 아침", "시"]),
    ("Bopomofo", "ㄏㄨㄟˋ ㄧˋ ㄎㄞ ㄕˇ", ["ㄏㄨㄟ", "ㄎㄞ"]),
    ("Ethiopic", "ስብሰባው ጠዋት ይጀምራል", ["ስብሰባ", "ጠዋት"]),
    ("Cherokee", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", ["ᏣᎳᎩ", "ᎦᏬᏂ"]),
    ("Canadian syllabics", "ᐃᓄᒃᑎᑐᑦ ᑲᑎᒪᓂᖅ", ["ᐃᓄᒃ", "ᑲᑎᒪᓂᖅ"]),
    ("Tifinagh", "ⴰⵣⵓⵍ ⴰⴷ ⴰⵎⴽ ⴰⵢ", ["ⴰⵣⵓⵍ", "ⴰⴷ"]),
    ("Vai", "ꕙꔤ ꔖꖗꔰ ꕉꖟ", ["ꕙꔤ", "ꔖꖗꔰ"]),
    ("Yi", "ꆈꌠꁱꂷ ꄉꄜ", ["ꆈꌠ", "ꁱꂷ"]),
    ("Javanese", "ꦥꦥꦠꦺꦴꦤ꧀ ꦲꦺꦚ꧀ꦗꦶꦁ", ["ꦥꦥꦠ", "ꦲꦺꦚ"]),
    ("Balinese", "ᬲᬗ᭄ᬓᬾᬧᬦ᭄ ᬲᬾᬫᬾᬂ", ["ᬲᬗ᭄", "ᬲᬾᬫᬾᬂ"]),
    ("Adlam, outside the basic plane", "𞤖𞤢𞤤𞤢 𞤊𞤵𞤤𞤬𞤵𞤤𞤣𞤫", ["𞤖𞤢𞤤𞤢", "𞤊𞤵"]),
    ("Deseret, outside the basic plane", "𐐔𐐇𐐝𐐀𐐡𐐇𐐓 𐐢𐐇𐐓𐐇𐐡", ["𐐔𐐇𐐝", "𐐢𐐇"]),
    ("Emoji", "Done 👍🏽 and shipped 🚀 with the family 👨‍👩‍👧", ["👍", "🚀", "👨‍👩‍👧"]),
    ("Code", "run `SELECT n FROM log WHERE x <> 'a\"b' -- 100%_done`", ["x <>", "100%_", "--", "*", "FROM log"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("search")
    database = Database.open(folder / "store.db", bytes(32))
    database.write(text(n, sentence) for n, (_, sentence, _) in enumerate(SENTENCES))
    yield database
    database.close()


@pytest.mark.parametrize("n", range(len(SENTENCES)), ids=[script for script, _, _ in SENTENCES])
def test_a_message_in_this_script_is_found_by_pieces_words_and_single_signs(store, n):
    _, sentence, queries = SENTENCES[n]
    for query in [*queries, sentence, sentence[3:9].strip()]:
        if query != "*":
            assert n in [hit.n for hit in store.search(query.replace('"', " "))], query


def test_there_are_more_than_forty_scripts():
    assert len(SENTENCES) > 40


def test_every_word_must_be_there_and_quotes_hold_words_together(store):
    assert [hit.n for hit in store.search("früher Großauftrag")] == [0]
    assert store.search("früher Toplantı") == []
    assert store.search('"früher Besprechung"') == []
    assert [hit.n for hit in store.search('"Großauftrag beginnt" über')] == [0]


def test_composed_and_decomposed_spellings_are_one(tmp_path):
    store = Database.open(tmp_path / "store.db", bytes(32))
    store.write(
        [
            text(1, "cafe\u0301 creme"),
            text(2, "caf\u00e9 noir"),
            text(3, "Cho\u0323\u0302n"),
            text(4, "\u1ed9ng"),
        ]
    )
    assert [hit.n for hit in store.search("caf\u00e9")] == [2, 1]
    assert [hit.n for hit in store.search("cafe\u0301")] == [2, 1]
    assert [hit.n for hit in store.search("\u1ed9n")] == [4, 3]
    store.close()


def test_capitals_do_not_matter_in_short_or_long_words(store):
    assert {hit.n for hit in store.search("ВСТРЕЧА на")} == {4}
    assert {hit.n for hit in store.search("ΣΥΝΆΝΤΗΣΗ")} == {3}


def test_a_query_that_looks_like_the_index_s_own_language_is_only_words(store):
    for query in [
        'a"b',
        "NOT",
        "x OR y",
        "(",
        "text:",
        "^früh",
        "früh*",
        "'; DROP TABLE messages; --",
        "\0",
        "{",
        "-",
    ]:
        store.search(query)
    assert store.search("früh*") == []
    assert store.search("") == []
    assert store.search("   ") == []


def test_a_two_sign_word_follows_an_edit(tmp_path):
    store = Database.open(tmp_path / "store.db", bytes(32))
    store.write([text(1, "はい"), text(2, "東京"), text(3, "はい", user=BOB)])
    assert [hit.n for hit in store.search("はい")] == [3, 1]
    store.write([edit(4, 1, "京都")])
    assert [hit.n for hit in store.search("はい")] == [3]
    assert [hit.n for hit in store.search("京")] == [2, 1]
    store.close()


def test_search_can_stay_in_one_conversation(tmp_path):
    store = Database.open(tmp_path / "store.db", bytes(32))
    other = b"othe" * 4
    store.write([text(1, "lunch at one"), text(1, "lunch at two", room=other)])
    assert len(store.search("lunch")) == 2
    assert [hit.conversation for hit in store.search("lunch", ROOM)] == [ROOM]
    store.close()
