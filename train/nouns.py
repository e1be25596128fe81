"""How many people a noun counts by its own form: one, two, or more than the form tells.

A dual is read from its ending, and so is what only looks like one. An unquantified plural is no
count, so ``ـين`` on a marked noun is the dual (docs/counts.md); what :mod:`train.plurals` knows for
a plural is never read as a number. Any other noun counts one.
"""

from __future__ import annotations

from train.folding import fold_words
from train.plurals import LIKE_PLURALS, PLURAL, PLURALS, is_plural

# Singulars that end, or seem to end, like a dual or a plural.
_SINGULARS = frozenset(
    fold_words("""
    انسان سجان فنان قبطان قرصان سلطان شيطان خان ربان كابتن دهان طحان حيوان ثعبان ولهان عريان سكران
    حيران عطشان كسلان جوعان برلمان سجين جنين مسكين معين طعين دفين قرين رهين امين مجنون زبون مفتون
    مسجون مدفون مطعون مغبون مدين متدين متمرن مخزون حسن مؤذن مدمن خائن كاهن ساكن شاهين سمين كمين
    ايران باكستان افغانستان لبنان سودان يابان عثمان سليمان مروان عدنان رضوان ياسين فلسطين
    مواطن قنصل استاذ محام قاض راع لواء عداء بناء سقاء حذاء
    """)
)
# Duals with a pronoun that are written as a nisba would be.
_WITH_PRONOUN = frozenset(
    stem + "يه"
    for stem in fold_words(
        "مرافق مقاتل مسلح مساعد معاون مؤيد مناصر مسؤول موظف مهاجم مستشار ناشط سائق محارب مواطن مجند"
    )
)
# Nouns whose plural is broken: with ـي before a complement they are dual (رجلي أمن), while in other
# nouns ـي is the construct plural (مسلحي داعش) or belongs to a nisba (جندي, شرطي).
_BROKEN = frozenset(
    fold_words("""
    رجل طفل شخص ضابط عنصر فرد ولد والد شاب فتي قائد زعيم عضو عامل حارس طالب راكب سائح تاجر قتيل جريح
    اسير شهيد مريض جثه امراه سيده فتاه طفله طالبه ضحيه رهينه وزير نائب سفير امير شيخ امام خبير
    طبيب زميل رفيق صديق شقيق شقيقه اخ ابن ابنه بنت زوج زوجه جد عم خال جار عميل عقيد عميد نقيب
    ملازم لواء سجين نزيل شاهد كاتب صبي صبيه غلام عالم فقيه قاضي داعيه رقيب عريف
    جندي شرطي اخو ابو حاله لص ممرضه مدرسه معلمه موظفه مواطنه مجنده شرطيه حاخام قس راهب راهبه كاهن
    """)
)
# What a masculine noun of the form ـا governs where it is a dual (سائقا شاحنات, رجلا شرطة), and not
# an accusative singular with its adjective (جنديا تركيا).
_COMPLEMENTS = frozenset(
    fold_words("امن صف جيش حدود حرس مرور استخبارات مخابرات دين اعمال درك اسعاف احتلال")
)
_KIN = frozenset(fold_words("أخو أخا أخي أبو أبا أبي"))  # case endings, and no duals
_WITH_WAW = ("وزار", "وكال", "وحد", "وفد", "وفاه")  # what else begins with و is joined
_LONGEST = 20
"""Letters of the longest noun; what is longer is several words run together."""
_PRONOUNS = ("هما", "هم", "هن", "ها", "ه", "نا")
_PARENTS = frozenset(
    f"والد{ending}{pronoun}"
    for ending in ("", "ا", "ي", "ت", "تا", "تي")
    for pronoun in ("", "ه", "ها", "هم", "هما", "ان", "ين")
)
_ARTICLES = (("وال", 3), ("فال", 3), ("بال", 3), ("كال", 3), ("ولل", 3), ("لل", 2), ("ال", 2))
_NOT_NOUNS = frozenset(
    fold_words("""
    من في علي الي عن مع بين حتي قد ما لا لم لن ان هو هي هم هما هن الذي التي الذين بينهم منهم ضمنهم
    فيهم عند قرب بعد قبل تحت فوق ضد حيث كما لكن ثم او ام اذا هذا هذه هؤلاء ذلك تلك كان كانوا كانت اي
    فيه فيها فيهما به بها له لها لهم معه معها معهم عليه عليها اليه اليها منه منها خلال خلاله خلالها
    اثناء منذ داخل خارج جراء اثر بسبب فيما بعدما لاحقا ايضا حينها غير سوي ليس دون نفس نفسه قرابه
    نصف ربع ثلث ثلثا ثلثي ارباع نسبه مالا مايقارب عمره عمرها اعمارهم يبلغ تبلغ بلغ بلغت وصل ارتفع
    اكثر اقل عبر نصفهم ربعهم ثلثهم ثلثاهم ثلثيهم دزينه دزينات امس غدا اليوم الان حصيله عدده عددهم
    """)
)
_GROUPS = frozenset(
    fold_words("""
    شرطة جيش حرس شعب حزب تنظيم ميليشيا مليشيا حركة قوة حكومة مقاومة معارضة فصيل كتيبة سرية فوج
    قبيلة عشيرة قرية بلدة مدينة ركب قافلة موكب جمهور حشد جمع أمن
    رتل سرب رهط قوم زمرة عصبة فئة نخبة فرقة فيلق لجنة بعثة ثلة كوماندوس كومندوس كوماندوز وحدة
    """)
)
# Adjectives of a plural of people; they also show that ـين before them is no dual.
_PLURAL_ADJECTIVES = frozenset(
    fold_words("اجانب قتلي جدد كبار صغار افغان اتراك اكراد عرب روس امريكان اميركان كثر عزل ابرياء")
)


def bare(word: str) -> tuple[str, bool]:
    """Return a folded noun without attached particles, and whether it has the article.

    ``و`` is taken off only where no known noun begins with it.
    """
    if word in _NOT_NOUNS or word in _PARENTS:
        return word, False
    for article, length in _ARTICLES:
        if word.startswith(article) and len(word) > length + 1:
            return word[length:], True
    if is_known(word) or len(word) < 4:
        return word, False
    if word[0] == "و" and word[:3] not in ("وزي", "والد", "ولد", "واع", "وكي", "وسي", "وجي", "واح"):
        return word[1:], False
    if word[0] in "بلفك" and is_known(word[1:]):
        return word[1:], False
    return word, False


def is_known(word: str) -> bool:
    """Tell whether a folded noun without particles is in one of the lists of this module."""
    return (
        word in _BROKEN
        or word in _SINGULARS
        or word in PLURALS
        or (word[-2:] in ("ان", "ين") and word[:-2] in _BROKEN)
    )


def is_no_noun(word: str) -> bool:
    """Tell whether a folded word is one that counts nobody: a preposition, a share, a verb."""
    return word in _NOT_NOUNS


def number_of(word: str, following: str) -> int | str:
    """Return 1 or 2 where the form of a noun tells it, or why it does not.

    Args:
        word: A folded noun without particles (see :func:`bare`).
        following: The folded word behind it, as it stands; empty where there is none.
    """
    if not 2 <= len(word) <= _LONGEST or word in _NOT_NOUNS:
        return "no noun that can be counted"
    if word in _GROUPS:
        return "a group, which does not tell how many"
    if word in _SINGULARS:
        return 1
    if word in PLURALS:
        return PLURAL
    if word in _BROKEN:
        return 1
    if word[-2:] in ("ان", "ين"):
        adjective, _ = bare(following)
        if adjective in _PLURAL_ADJECTIVES and word[:-2] not in _BROKEN:
            return PLURAL
        if len(word) > 4 or word[:-2] in _BROKEN:
            return 2
        return "too short a word to tell a dual from a singular"
    return PLURAL if is_plural(word) else _of_construct(word, following)


def _of_construct(word: str, following: str) -> int | str:
    """Read a noun whose ending may hide a dual before a complement or a pronoun."""
    stem, last = word[:-1], word[-1]
    has_complement = (
        len(following) > 2
        and following not in _NOT_NOUNS
        and (following[0] != "و" or following.startswith(_WITH_WAW))
    )
    is_feminine = len(stem) == 5 and stem[1] == "ا" and stem[-1] == "ت"  # ناشطتي
    if last == "ي" and (is_feminine or _is_broken(stem)):
        return 2 if has_complement else 1
    if last == "ي" and has_complement and following[-1] != "ي" and _is_participle(stem, following):
        return PLURAL  # مسلحي التنظيم
    if last == "ا" and len(word) > 3 and has_complement and not word.endswith(("ها", "نا", "هما")):
        if following[:2] == "ال" or following[-2:] == "ات" or following[-1] == "ه":
            return 2
        return 2 if following in _COMPLEMENTS else 1
    for pronoun in _PRONOUNS:
        if not word.endswith(pronoun):
            continue
        stem = word[: -len(pronoun)]
        singular, end = stem[:-1], stem[-1:]
        if stem in PLURALS or (end == "ئ" and singular + "ء" in PLURALS):
            return PLURAL
        if end == "ت" and singular + "ه" in PLURALS:  # قادتها
            return PLURAL
        if end == "و" and len(stem) > 4:  # مسلحوه
            return PLURAL
        # طفليهما, ولداه, مرافقيه; but a bare ـيه is rather a nisba: نمساوية
        is_long = len(stem) > 4 and (len(pronoun) > 1 or word in _WITH_PRONOUN)
        if stem in _KIN:
            return 1  # أخيه
        if end in ("ي", "ا") and (is_long or _is_broken(singular)):
            return 2
    return 1


def _is_participle(stem: str, following: str) -> bool:
    """Tell whether a noun before ـي is one that has its plural in ـون, and is no nisba then."""
    if stem[:1] == "م":
        return following[:2] == "ال" and following[-1] != "ه"
    if stem[-1] == "ت":
        return False  # ناشطتي
    is_active = len(stem) == 4 and stem[1] == "ا"  # سائقي
    return (is_active and stem not in _BROKEN) or stem in LIKE_PLURALS or stem[-1] == "ي"


def _is_broken(stem: str) -> bool:
    """Tell whether a noun with a broken plural, or a feminine one before an ending, is the stem."""
    return stem in _BROKEN or (stem[-1:] == "ت" and stem[:-1] + "ه" in _BROKEN)
