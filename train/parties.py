"""Parties: which ACTOR of the lexicon the words of a mention speak of.

A party is only found where every word has its place: a phrase of the lexicon; an institution and
its state; a head that leaves the party the same (عناصر, مسلحو, تنظيم) with a party behind it; an
adjective that adds nothing (الإرهابي) behind a party; a people (الإسرائيليون) for its state; a
generic kind (مسلحون) with a neutral adjective. Two parties in one mention are therefore none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from train.institutions import Institutions, inflections
from train.lexicon import Lexicon
from train.name import Name
from train.particles import without_particles
from train.phrases import bare, bare_key, bare_keys, phrase_key


def _keys(words: str) -> frozenset[str]:
    return frozenset(phrase_key(words).split(" "))


_MEMBERS = _keys(
    "عناصر عنصر عنصرا مسلحو مسلحي مسلحين مسلح مقاتلو مقاتلي مقاتلين مقاتل أفراد رجال أعضاء عضو جنود"
    " قوات قوة قيادة قيادات قادة ضباط فلول خلايا خلية مجموعات مجموعة وحدات وحدة دورية دوريات قافلة"
    " رتل متمردو متمردي متمردين متشددو متشددي متشددين إرهابيو إرهابيي إرهابيين انتحاريو انتحاريي"
    " انتحاريين مرتزقة عصابة عصابات فصائل تشكيلات جيوب أذرع مجاهدو مجاهدي مجندو مجندي منتسبو"
    " منتسبي مجاميع جهاديو جهاديي جهاديين متطرفو متطرفي متطرفين مقاومو مقاومي مفتشو مفتشي أطقم"
    " حراس تعزيزات كوادر انفصاليو انفصاليي انفصاليين دول ميليشيات مليشيات ميليشيا مليشيا ميلشيات"
    " ميلشيا ميليشا قناصة قناصو قناصي كبار تجمعات تنظيم حركة جماعة جماعات حزب منظمة شبكة"
)
"""Heads that leave the party behind them the same: its members, its forces, its kind."""
_MEMBERS_AND_ARTICLE = _MEMBERS | {"ال" + word for word in _MEMBERS}

_EMPTY = _keys(
    "إرهابي متطرف متشدد محظور إجرامي تكفيري انقلابي مسلح حاكم أصولي شيعي سني جهادي معارض متمرد مارق"
)
"""Adjectives that leave the party before them the same."""
_EMPTY_OF_KINDS = _keys("إرهابي متطرف متشدد إجرامي تكفيري مسلح جهادي")
"""Those of them that leave a generic kind the same too."""

_NEUTRAL = _keys(
    "مجهول ملثم مقنع محلي أجنبي كبير صغير إضافي مختلف متعدد آخر أخرى خاص مشترك جديد مختص متحالف"
    " متواجد متمركز مهاجم مدرب مفترض قبلي جريح مصاب منتشر محاصر فار هارب متقدم"
    " منسحب متسلل شاب منشق قتيل قتلى أسرى جرحى"
)
"""Adjectives that leave a generic kind the same, besides those of states."""

_NAMED = ("armed group", "alliance", "organisation", "state force")
_ENDINGS = ("ه", "ين", "ات", "ا", "ان")
_POSSESSIVES = ("هما", "ها", "هم", "نا", "ه")


class Parties:
    """The ACTOR phrases of a lexicon, ready to be looked up."""

    def __init__(self, lexicon: Lexicon):
        self._phrases: dict[str, Name] = {}
        self._loose: dict[str, Name | None] = {}
        self._peoples: dict[str, Name] = {}
        self._adjectives: dict[str, Name] = {}
        names: dict[int, Name] = {}
        for entry in lexicon.entries:
            if entry.label == "ACTOR":
                name = Name(entry.name, entry.english, entry.type, entry.wikidata, known=True)
                names[id(entry)] = name
                for demonym in map(phrase_key, entry.demonym):
                    if entry.type == "state":
                        self._peoples.setdefault("ال" + demonym + "ين", name)
                    else:
                        for form in inflections(demonym):
                            self._adjectives.setdefault(form, name)
        exact = lexicon.exact["ACTOR"]
        bare_exact = bare_keys(exact)
        for (key, entry), loose in zip(exact.items(), bare_exact, strict=True):
            name = names[id(entry)]
            self._phrases[key] = name
            if " " in key and self._loose.setdefault(loose, name) is not name:
                self._loose[loose] = None  # two parties but for an article
        self._institutions = Institutions(lexicon, self._phrases)
        opening = (*bare_exact, *bare_keys(lexicon.heads))
        self._openers = {key.partition(" ")[0] for key in opening} | _MEMBERS

    def find(self, words: Sequence[str]) -> Name | None:
        """Return the party that ``words``, those of a :func:`phrase_key`, speak of."""
        found = self._resolve(words)
        if found:
            return found
        rest = list(words[1:])
        for opening in without_particles(words[0]):
            found = self._resolve([opening, *rest])
            if found:
                return found
        return None

    def opens(self, word: str) -> bool:
        """Return whether ``word``, of a key, opens a phrase that the lexicon knows."""
        return word in self._openers or bare(word) in self._openers

    def _resolve(self, words: Sequence[str]) -> Name | None:
        key = " ".join(words)
        found = self._phrases.get(key)
        if found:
            return found
        if len(words) == 1:
            return self._peoples.get(key) or self._group(key) or self._inflected(words)
        found = (
            self._loose.get(bare_key(key))
            or self._institutions.find(words)
            or self._kind(words)
            or self._member(words)
        )
        if found:
            return found
        stem = _stem(words[-1])
        if stem & _EMPTY:
            found = self._resolve(words[:-1])
            if found and (
                found.type in _NAMED or (found.type == "generic" and stem & _EMPTY_OF_KINDS)
            ):
                return found
        return self._inflected(words)

    def _group(self, word: str) -> Name | None:
        """Return the group whose members a plural names: حوثيون."""
        return self._adjectives.get(bare(word)) if word.endswith("ين") else None

    def _kind(self, words: Sequence[str]) -> Name | None:
        """Return the generic kind, or the forces, of words with a neutral adjective behind."""
        found = None
        if _stem(words[-1]) & _NEUTRAL:
            found = self._resolve(words[:-1])
            if found and (
                found.type == "state force"
                or (found.type == "armed group" and words[0] in _MEMBERS_AND_ARTICLE)
            ):
                return found
        elif words[-1].endswith("ين") or not _is_definite(words):
            # Gunmen of a nation are gunmen; the court of a state is not just any court.
            for count in (1, 2):
                if len(words) > count and self._institutions.demonym(words[-count:]):
                    found = self._resolve(words[:-count])
        return found if found and found.type == "generic" else None

    def _member(self, words: Sequence[str]) -> Name | None:
        """Return the party behind a head that leaves it the same."""
        if words[0] not in _MEMBERS_AND_ARTICLE:
            return None
        rest = words[1:]
        if len(rest) == 1:
            found = self._adjectives.get(bare(rest[0]))
            if found:
                return found
        found = self._resolve(rest)
        if not found:
            return None
        # جنود العراق are an institution's business, and the forces of a person are not that
        # person. A kind is only meant where it is definite: عناصر الشرطة.
        if found.type in _NAMED or (found.type == "generic" and _is_definite(rest)):
            return found
        return None

    def _inflected(self, words: Sequence[str]) -> Name | None:
        """Return the generic kind whose first word has a suffix: قواته, مقاتليها, مسلحا."""
        for stem in _without_suffix(words[0]):
            if stem in self._phrases or (len(words) > 1 and stem in self._openers):
                key = " ".join([stem, *words[1:]])
                found = self._phrases.get(key) or self._loose.get(bare_key(key))
                if found is None and len(words) > 1:
                    inflected = [stem, *words[1:]]
                    found = self._institutions.find(inflected) or self._kind(inflected)
                if found and found.type in ("generic", "state force"):
                    return found
        return None


def _is_definite(words: Sequence[str]) -> bool:
    return any(word.startswith("ال") for word in words)


def _stem(word: str) -> set[str]:
    """Return the forms that an adjective may have without its article and ending."""
    word = bare(word)
    return {word, *(word[: -len(end)] for end in _ENDINGS if word.endswith(end))}


def _without_suffix(word: str) -> Iterator[str]:
    for suffix in _POSSESSIVES:
        if word.endswith(suffix) and len(word) > len(suffix) + 2:
            stem = word[: -len(suffix)]
            yield stem
            if stem.endswith("ت"):
                yield stem[:-1] + "ه"
    if word.endswith("ا"):
        yield word[:-1]
    if word.endswith("ان"):
        yield word[:-2]
        yield word[:-2] + "ه"
    if word.endswith(("تان", "تين")):
        yield word[:-3] + "ه"
    elif word.endswith("ين"):
        yield word[:-2]
        yield word[:-2] + "ه"
