from __future__ import annotations

from widget.texts import read_texts

HEADER = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""

GERMAN = f"""{HEADER}
msgid "No thanks"
msgstr "Nein danke für dieses Mal"

#, python-format
msgid "%(num)d adult"
msgid_plural "%(num)d adults"
msgstr[0] "%(num)d Erwachsener"
msgstr[1] "%(num)d Erwachsene"

#, fuzzy
msgid "Yes"
msgstr "Vielleicht"

msgid "Not yet"
msgstr ""
"""

POLISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : "
"n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

msgid "%(num)d adult"
msgid_plural "%(num)d adults"
msgstr[0] "%(num)d osoba dorosła"
msgstr[1] "%(num)d osoby dorosłe"
msgstr[2] "%(num)d osób dorosłych"
"""


def test_a_sentence_is_said_in_the_language_of_its_file() -> None:
    texts = read_texts({"de": GERMAN})

    assert texts.in_locale("de").gettext("No thanks") == "Nein danke für dieses Mal"


def test_a_language_counts_in_its_own_way() -> None:
    texts = read_texts({"de": GERMAN, "pl": POLISH})

    said = {
        locale: [
            texts.in_locale(locale).ngettext("%(num)d adult", "%(num)d adults", num) % {"num": num}
            for num in (1, 2, 5)
        ]
        for locale in ("de", "pl", "en")
    }

    assert said == {
        "de": ["1 Erwachsener", "2 Erwachsene", "5 Erwachsene"],
        "pl": ["1 osoba dorosła", "2 osoby dorosłe", "5 osób dorosłych"],
        "en": ["1 adult", "2 adults", "5 adults"],
    }


def test_english_is_always_there_and_says_what_the_source_says() -> None:
    texts = read_texts({})

    assert texts.locales == ("en",)
    assert texts.in_locale("en").gettext("No thanks") == "No thanks"


def test_a_language_that_we_do_not_have_is_english() -> None:
    texts = read_texts({"de": GERMAN})

    assert texts.in_locale("fr") is texts.in_locale("en")
    assert texts.in_locale("fr").gettext("No thanks") == "No thanks"


def test_what_is_not_translated_for_certain_stays_english() -> None:
    german = read_texts({"de": GERMAN}).in_locale("de")

    assert [german.gettext("Yes"), german.gettext("Not yet"), german.gettext("New")] == [
        "Yes",
        "Not yet",
        "New",
    ]


def test_the_languages_are_those_of_the_files() -> None:
    assert read_texts({"pl": POLISH, "de": GERMAN}).locales == ("en", "de", "pl")
