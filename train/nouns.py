"""How many people a noun counts by its own form: one, two, or more than the form tells.

A dual is read from its ending, and so is what only looks like one. An unquantified plural is no
count, so ``ـين`` on a marked noun is the dual (docs/counts.md); a broken plural, ``ـون`` or ``ـات``
is never read as a number.
"""

from __future__ import annotations

from train.folding import fold_words

# Broken plurals, of people above all: without a number they are no count.
_PLURALS = frozenset(
    fold_words("""
    اشخاص افراد رجال نساء نسوه اطفال اولاد ابناء بنات شبان شباب فتيان فتيات صبيان صبيه غلمان رضع
    جنود ضباط عسكر عساكر حراس مشاه بحاره طلاب طلبه تلاميذ عمال عمله سكان اهالي اهل ناس قرويون بدو
    قتلي جرحي اسري مرضي موتي ضحايا شهداء غرقي هلكي صرعي رهائن سبايا اماء جثث جثامين رفات
    عناصر كوادر قاده زعماء رؤساء وزراء سفراء امراء ملوك نواب اعضاء وجهاء شيوخ مشايخ ائمه خطباء
    علماء فقهاء قضاه محامون اطباء خبراء نشطاء زملاء رفاق اصدقاء اقارب اقرباء اشقاء اخوه اخوات ذوي
    اباء امهات ازواج زوجات احفاد اجداد جيران ركاب سياح تجار مزارعون رعاه صياد صحفيون كتاب فنانون
    ثوار عملاء خونه ارهابيون انصار اتباع مرتزقه قراصنه لصوص مجرمون خلايا فصائل ميليشيات قوات
    اجانب عرب اتراك اكراد كرد افغان روس امريكان اميركان انجليز فرس هنود صينيون يهود نصاري اقباط
    سود بيض شيعه سنه دروز غجر تتار شيشان باكستانيون حجاج زوار ضيوف وافدون ماره اناس اخرون اخريات
    حالات خسائر ارواح اصابات وفيات انفار خدم عبيد طهاه سعاه دعاه غزاه جناه عصاه جنرالات ساسه كبار
    صغار جدد قدامي جواسيس مخبرون شهود رعايا مدراء عوائل قبائل عشائر حجيج رهبان كهنه اساقفه قساوسه
    شياطين مساكين مجانين سلاطين فرسان جرذان ذئاب ارامل ايتام معاقون لاجئون نازحون اطقم طواقم وحدات
    مواكب غواصون سجناء معتقلون نزلاء طيارون سعاده عقداء عمداء الويه نقباء ملازمون صيادله مسعفون
    """)
)
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
# Nouns whose plural is broken: with ـي before a complement they are dual (رجلي أمن), while in other
# nouns ـي is the construct plural (مسلحي داعش) or belongs to a nisba (جندي, شرطي).
_BROKEN = frozenset(
    fold_words("""
    رجل طفل شخص ضابط عنصر فرد ولد شاب فتي قائد زعيم عضو عامل حارس سائق طالب راكب سائح تاجر قتيل جريح
    اسير شهيد مريض جثه امراه سيده فتاه طفله طالبه ضحيه رهينه مدير وزير نائب سفير امير شيخ امام خبير
    طبيب ناشط زميل رفيق صديق شقيق شقيقه اخ ابن ابنه بنت زوج زوجه جد عم خال جار عميل عقيد عميد نقيب
    ملازم لواء سجين نزيل شاهد كاتب صبي صبيه غلام عالم فقيه قاضي داعيه مساعد مرافق رقيب عريف قناص
    ممرضه مدرسه معلمه موظفه مواطنه مجنده شرطيه حاخام قس راهب راهبه كاهن مستشار مبعوث
    """)
)
# What a masculine noun of the form ـا governs where it is a dual (سائقا شاحنات, رجلا شرطة), and not
# an accusative singular with its adjective (جنديا تركيا).
_COMPLEMENTS = frozenset(
    fold_words("امن صف جيش حدود حرس مرور استخبارات مخابرات دين اعمال درك اسعاف")
)
_LONGEST = 20
"""Letters of the longest noun; what is longer is several words run together."""
_PRONOUNS = ("هما", "هم", "هن", "ها", "ه", "نا")
_ARTICLES = (("وال", 3), ("فال", 3), ("بال", 3), ("كال", 3), ("ولل", 3), ("لل", 2), ("ال", 2))
_NOT_NOUNS = frozenset(
    fold_words("""
    من في علي الي عن مع بين حتي قد ما لا لم لن ان هو هي هم هما هن الذي التي الذين بينهم منهم ضمنهم
    فيهم عند قرب بعد قبل تحت فوق ضد حيث كما لكن ثم او ام اذا هذا هذه هؤلاء ذلك تلك كان كانوا كانت اي
    فيه فيها فيهما به بها له لها لهم معه معها معهم عليه عليها اليه اليها منه منها خلال خلاله خلالها
    اثناء منذ داخل خارج جراء اثر بسبب فيما بعدما لاحقا ايضا حينها غير سوي ليس دون نفس نفسه قرابه
    نصف ربع ثلث ثلثا ثلثي ارباع نسبه
    """)
)
_GROUPS = frozenset(
    fold_words("""
    شرطة جيش حرس شعب حزب تنظيم ميليشيا مليشيا حركة قوة حكومة مقاومة معارضة فصيل كتيبة سرية فوج
    قبيلة عشيرة قرية بلدة مدينة ركب قافلة موكب جمهور حشد جمع أمن
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
    if word in _NOT_NOUNS:
        return word, False
    for article, length in _ARTICLES:
        if word.startswith(article) and len(word) > length + 1:
            return word[length:], True
    if _is_known(word) or len(word) < 4:
        return word, False
    if word[0] == "و" and word[:3] not in ("وزي", "والد", "ولد", "واع", "وكي", "وسي", "وجي", "واح"):
        return word[1:], False
    if word[0] in "بلفك" and _is_known(word[1:]):
        return word[1:], False
    return word, False


def _is_known(word: str) -> bool:
    return (
        word in _BROKEN
        or word in _SINGULARS
        or word in _PLURALS
        or (word[-2:] in ("ان", "ين") and word[:-2] in _BROKEN)
    )


def is_plural(word: str) -> bool:
    """Tell whether a folded word is a plural for certain: a broken one, or one in ـون or ـات."""
    return word in _PLURALS or (len(word) > 4 and word[-2:] in ("ون", "ات"))


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
    if word in _PLURALS:
        return "a plural without a number"
    if word in _BROKEN:
        return 1
    ending = word[-2:]
    if ending in ("ان", "ين"):
        adjective, _ = bare(following)
        if adjective in _PLURAL_ADJECTIVES and word[:-2] not in _BROKEN:
            return "a plural without a number"
        return 2 if len(word) > 4 else 1
    if ending == "ون" and len(word) > 4:
        return "a plural without a number"
    if ending == "ات" and len(word) > 3:
        return "a plural without a number"
    if word.endswith("اء") and len(word) > 4:
        return "a plural without a number"
    if len(word) == 5 and word[0] == "ا" and word[3] == "ا":  # أفعال, as in أطفال
        return "a plural without a number"
    return _of_construct(word, following)


def _of_construct(word: str, following: str) -> int | str:
    """Read a noun whose ending may hide a dual before a complement or a pronoun."""
    stem, last = word[:-1], word[-1]
    has_complement = len(following) > 2 and following not in _NOT_NOUNS
    if last == "ي" and _is_broken(stem):
        return 2 if has_complement else 1
    if last == "ي" and word[0] == "م" and following[:2] == "ال" and following[-1:] not in "يه":
        return "a plural without a number"  # مسلحي التنظيم
    if last == "ا" and len(word) > 3 and has_complement:
        if following[:2] == "ال" or following[-2:] == "ات" or following[-1] == "ه":
            return 2
        return 2 if following in _COMPLEMENTS else 1
    for pronoun in _PRONOUNS:
        if not word.endswith(pronoun):
            continue
        stem = word[: -len(pronoun)]
        if stem in _PLURALS or (stem[-1:] == "ئ" and stem[:-1] + "ء" in _PLURALS):
            return "a plural without a number"
        # طفليهما, ولداه; but a bare ـيه is rather a nisba: نمساوية
        is_sure = _is_broken(stem[:-1]) or (len(pronoun) > 1 and len(stem) > 4)
        if stem[-1:] in ("ي", "ا") and is_sure:
            return 2
    return 1


def _is_broken(stem: str) -> bool:
    """Tell whether a noun with a broken plural, or a feminine one before an ending, is the stem."""
    return stem in _BROKEN or (stem[-1:] == "ت" and stem[:-1] + "ه" in _BROKEN)
