"""Words of harm: which words say that people were killed, wounded, abducted or are missing.

The lists are examples that Arabic newswire uses, after docs/counts.md: the noun of the act
(``مقتل``), the verb in either voice (``قتل``: he killed, or was killed), and the noun for the
person it was done to (``قتيل``). Every form is written out once, when the module is loaded, in
the folded spelling of :mod:`train.folding`, so that a word is looked up and not taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from train.folding import fold

Kind = Literal["verb", "act", "person"]


class Cue(NamedTuple):
    """What one written form says of harm."""

    harm: str
    """One of :data:`train.count.OUTCOMES`; ``unknown`` where the word is of something else."""
    kind: Kind
    lemma: str
    follows: bool
    """Whether the form is of a verb that stands behind its subject (``قتلوا``)."""
    joined: bool
    """Whether the form begins with ``و`` or ``ف``: it begins a clause, or goes on with one."""
    loose: bool
    """Whether the word often means something else, and counts only close to the span."""


def _set(line: str) -> frozenset[str]:
    return frozenset(line.split())


_PERFECT = ("", "ت")
_BEHIND = ("وا", "و", "ا", "تا", "ن")
_OBJECTS = (
    *("ه", "ها", "هم", "هما", "ته", "تها", "تهم", "تهما", "نا", "ناه", "ناهم"),
    *("وه", "وها", "وهم", "وهما"),
)
# Verbs that take no object: with one, «قضى» would be «قضية».
_INTRANSITIVE = _set("قضى سقط ارتقى لقي توفي توفى مات استشهد نجا نزح اختفى هلك غرق تفحم احتفظ أفرج")
_VERB_HEADS = ("", "و", "ف")
_IMPERFECT_HEADS = ("", "و", "ف", "ل", "ول", "فل", "س", "وس")

# Stems of the perfect and of the imperfect without its first letter; one row a verb.
_VERBS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "killed": (
        ("قتل", "قتل", "قتل"),
        ("اغتال", "اغتال", "غتال"),
        ("اغتيل", "اغتيل", "غتال"),
        ("استشهد", "استشهد", "ستشهد"),
        ("توفي", "توفي", "توفى"),
        ("توفى", "توف", "توفو"),
        ("أعدم", "أعدم", "عدم"),
        ("ذبح", "ذبح", "ذبح"),
        ("نحر", "نحر", "نحر"),
        ("شنق", "شنق", "شنق"),
        ("أباد", "أباد", "بيد"),
        ("أبيد", "أبيد", "باد"),
        ("هلك", "هلك", "هلك"),
        ("أهلك", "أهلك", "هلك"),
        ("أزهق", "أزهق", "زهق"),
        ("مات", "مات", "موت"),
        ("صرع", "صرع", "صرع"),
        ("أردى", "أرد", "ردي"),
        ("أردى", "أردى", "ردو"),
        ("لقي", "لقي", "لقى"),
        ("لقي", "لق", "لقو"),
        ("صفى", "صفى", "صفي"),
        ("صفى", "صفت", "صفو"),
        ("قضى", "قضى", "قضي"),
        ("قضى", "قض", "قض"),
        ("غرق", "غرق", "غرق"),
        ("تفحم", "تفحم", "تفحم"),
        ("أجهز", "أجهز", "جهز"),
        ("قنص", "قنص", "قنص"),
        ("أودى", "أود", "ودي"),
        ("أودى", "أودى", "ودو"),
        ("خسر", "خسر", "خسر"),
        ("فارق", "فارق", "فارق"),
        ("لفظ", "لفظ", "لفظ"),
        ("دفن", "دفن", "دفن"),
        ("نعى", "نعى", "نعي"),
        ("نعى", "نع", "نعو"),
        ("سقط", "سقط", "سقط"),
        ("ارتقى", "ارتقى", "رتقي"),
        ("ارتقى", "ارتق", "رتقو"),
    ),
    "injured": (
        ("أصيب", "أصيب", "صاب"),
        ("أصاب", "أصاب", "صيب"),
        ("جرح", "جرح", "جرح"),
        ("طعن", "طعن", "طعن"),
        ("دهس", "دهس", "دهس"),
        ("دعس", "دعس", "دعس"),
        ("صدم", "صدم", "صدم"),
    ),
    "abducted": (
        ("خطف", "خطف", "خطف"),
        ("اختطف", "اختطف", "ختطف"),
        ("احتجز", "احتجز", "حتجز"),
        ("سبى", "سبى", "سبي"),
        ("احتفظ", "احتفظ", "حتفظ"),
        ("أسر", "أسر", "أسر"),
        ("اقتاد", "اقتاد", "قتاد"),
        ("حرر", "حرر", "حرر"),
        ("أفرج", "أفرج", "فرج"),
    ),
    "missing": (("فقد", "فقد", "فقد"), ("اختفى", "اختف", "ختفي"), ("اختفى", "اختفى", "ختفو")),
    "unknown": (
        ("اعتقل", "اعتقل", "عتقل"),
        ("نزح", "نزح", "نزح"),
        ("نجا", "نج", "نجو"),
        ("أنقذ", "أنقذ", "نقذ"),
        ("شرد", "شرد", "شرد"),
    ),
}
_ACTS: dict[str, str] = {
    "killed": "مقتل قتل مصرع استشهاد إعدام اغتيال وفاة موت ذبح نحر تصفية إبادة هلاك مهلك حتف "
    "إجهاز مقتلة شنق إزهاق غرق تشييع دفن خسارة سقوط ارتقاء",
    "injured": "إصابة جرح جراح جروح طعن دهس اختناق",
    "abducted": "خطف اختطاف احتجاز أسر سبي تحرير إفراج سراح",
    "missing": "فقدان اختفاء فقد",
    "unknown": "اعتقال توقيف نزوح تشريد تهجير إنقاذ نجاة إجلاء استسلام",
}
_PEOPLE: dict[str, str] = {
    "killed": "قتيل قتيلا قتيلان قتيلين قتيلة قتيلتان قتيلتين قتلى شهيد شهيدا شهيدان شهيدين شهيدة "
    "شهيدتان شهيدتين شهداء شهدا ضحية ضحايا ضحيتان ضحيتين جثة جثتان جثتين جثث جثثا جثامين جثمان "
    "جثماني جثتي رفات وفيات صريع صريعا صرعى متوفى متوفين هالك هالكا هلكى ميت ميتا ميتين موتى أموات "
    "قتلاهم قتلاه قتلاها قتلانا ضحاياهم ضحاياه ضحاياها شهداؤنا شهدائنا",
    "injured": "جريح جريحا جريحان جريحين جريحة جريحتان جريحتين جرحى مصاب مصابا مصابان مصابين "
    "مصابون مصابة مصابات إصابات إصابتان إصابتين جرحاهم جرحاه جرحاها جرحانا",
    "abducted": "رهينة رهينتان رهينتين رهائن رهاين رهينات رهينا أسير أسيرا أسيران أسيرين "
    "أسيرة أسرى أسيرات مخطوف مخطوفا مخطوفان مخطوفين مخطوفون مخطوفة مخطوفات مختطف مختطفا مختطفان "
    "مختطفين مختطفون مختطفة مختطفات محتجز محتجزا محتجزان محتجزين محتجزون محتجزة محتجزات سبية سبايا",
    "missing": "مفقود مفقودا مفقودان مفقودين مفقودون مفقودة مفقودات",
}
# Forms of fixed phrases, each with the harm and the phrase that it stands for.
_PHRASES: dict[str, tuple[str, str]] = {
    "بحياة": ("killed", "أودى بحياة"),
    "أرواح": ("killed", "حصد أرواح"),
    "بأرواح": ("killed", "حصد أرواح"),
    "الأرواح": ("killed", "حصد أرواح"),
    "ضحيته": ("killed", "راح ضحيته"),
    "ضحيتها": ("killed", "راح ضحيته"),
    "ضحيتهما": ("killed", "راح ضحيته"),
    "ضحيتهم": ("killed", "راح ضحيته"),
    "رؤوس": ("killed", "قطع رؤوس"),
    "حياة": ("killed", "أنهى حياة"),
    # Who did it, in idafa with whom it was done to: خاطفو 3 مواطنين, قتلة جنديين.
    "خاطفو": ("abducted", "خاطف"),
    "خاطفي": ("abducted", "خاطف"),
    "مختطفو": ("abducted", "خاطف"),
    "مختطفي": ("abducted", "خاطف"),
    "محتجزو": ("abducted", "خاطف"),
    "محتجزي": ("abducted", "خاطف"),
    "آسرو": ("abducted", "خاطف"),
    "قاتلو": ("killed", "قاتل"),
    "قاتلي": ("killed", "قاتل"),
    "قتلة": ("killed", "قاتل"),
}
_JOINED = ("و", "ف")
_ACT_HEADS = ("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "فب")
_ARTICLES = ("ال", "وال", "بال", "لل", "كال", "فال", "وبال", "ولل")
_ENDINGS = ("", "ه", "ها", "هم", "هما", "هن", "نا")

# Words that harm only in company, or that mean another thing elsewhere.
_LOOSE = _set(
    "احتفظ اقتاد حرر أفرج دفن نعى سقط سقوط ارتقى ارتقاء قضى خسارة اختناق أسر لقي صفى غرق "
    "هلك أهلك خسر قنص طعن دهس دعس صدم أنقذ نجا مات فقد تحرير سراح صرع أصاب جراح تشييع إنقاذ إجلاء "
    "استسلام موت أودى فارق لفظ اختفى شرد أباد أردى رفات حتف أجهز"
) | {"قطع رؤوس", "أنهى حياة"}
# Forms that are mostly a family, a whole, a name or devices, and no word of harm.
_OTHERS = (
    *("أسره", "وأسره", "بأسره", "لأسره", "بأسرها", "أسرته", "وأسرته", "أسرتها", "كأسر"),
    *("أجهزة", "وأجهزة", "ياسر"),
)


class _Family(NamedTuple):
    """The four cues that the forms of one word can be."""

    plain: Cue
    joined: Cue
    behind: Cue
    joined_behind: Cue


def _family(harm: str, kind: Kind, lemma: str, loose: bool) -> _Family:
    return _Family(
        *(
            Cue(harm, kind, lemma, follows, joined, loose)
            for follows in (False, True)
            for joined in (False, True)
        )
    )


def _cues() -> Iterator[tuple[str, Cue]]:
    """Yield every folded form, people first, then acts, then verbs."""
    for harm, line in _PEOPLE.items():
        yield from _nouns(harm, "person", line.split(), endings=("",))
    for harm, line in _ACTS.items():
        yield from _nouns(harm, "act", line.split(), endings=_ENDINGS)
    for form, (harm, lemma) in _PHRASES.items():
        family = _family(harm, "act", lemma, lemma in _LOOSE)
        for head in ("", "و", "ف"):
            yield head + fold(form), family.joined if head else family.plain
    for harm, rows in _VERBS.items():
        for lemma, perfect, imperfect in rows:
            yield from _verb(harm, lemma, fold(perfect), fold(imperfect))


def _verb(harm: str, lemma: str, perfect: str, imperfect: str) -> Iterator[tuple[str, Cue]]:
    family = _family(harm, "verb", lemma, lemma in _LOOSE)
    before_tails = _PERFECT if lemma in _INTRANSITIVE else (*_PERFECT, *_OBJECTS)
    for head in _VERB_HEADS:
        before, behind = family[1::2] if head else family[::2]
        for tail in before_tails:
            yield head + perfect + tail, before
        for tail in _BEHIND:
            yield head + perfect + tail, behind
    for head in _IMPERFECT_HEADS:
        before, behind = family[1::2] if head[:1] in _JOINED else family[::2]
        for person in "يتن":
            for tail in ("", "ه", "هم"):
                yield head + person + imperfect + tail, before
            for tail in ("ون", "وا", "ان", "ا"):
                yield head + person + imperfect + tail, behind


def _nouns(
    harm: str, kind: Kind, lemmas: Iterable[str], endings: tuple[str, ...]
) -> Iterator[tuple[str, Cue]]:
    for lemma in lemmas:
        whole, bare = fold(lemma), fold(lemma[:-1] + "ت" if lemma.endswith("ة") else lemma)
        loose = lemma in _LOOSE
        told = _family(harm, kind, lemma, loose)
        # The act with its article is talked of, not told: «عمليات القتل», «محاولة الاغتيال».
        talked = _family(harm, kind, lemma, loose or kind == "act")
        for head in _ACT_HEADS:
            for tail in endings:
                form = head + (bare + tail if tail else whole)
                yield form, told.joined if head[:1] in _JOINED else told.plain
        for head in _ARTICLES:
            yield head + whole, talked.joined if head[0] in _JOINED else talked.plain


def _table() -> dict[str, Cue]:
    table: dict[str, Cue] = {}
    for form, cue in _cues():
        known = table.get(form)
        # «قتل» is the verb and the act: the verb is the commoner. «إصابة» is not «أصابه».
        if known is None or (known.kind == "act" and known.lemma == cue.lemma):
            table[form] = cue
    for form in _OTHERS:
        table.pop(fold(form), None)
    return table


CUES: dict[str, Cue] = _table()
"""Every folded form of a word of harm."""

EITHER: frozenset[str] = frozenset(
    lemma for row in _ACTS.values() for lemma in row.split()
) & frozenset(row[0] for rows in _VERBS.values() for row in rows)
"""Words whose verb and act are written alike (``قتل``, ``جرح``)."""
