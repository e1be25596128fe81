"""Plurals: nouns whose form tells that there are several, and not how many.

A broken plural is known by a list, and by the patterns that are nearly always plural of people
(``دواعش``, ``أفارقة``, ``مخاتير``). Two patterns are plural or singular (``ثوار``, ``طيار``): there
the singulars are listed, and all else is a plural, since a count of one that is none is worse than
no count.
"""

from __future__ import annotations

from train.folding import fold_words

PLURAL = "a plural without a number"
"""Why a plural is not read."""

PLURALS = frozenset(
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
    اهالي يتامي ايامي سكاري اساري حياري ثكالي حمقي بشر عرسان عميان عربان رعيان نسوان شجعان اخوان
    طرشان خرسان مغاربه مشارقه قتله كفره سحره فجره خونه ابرياء عوام رضع ركع عزل خدج قناصه خياله
    المان البان اسبان طليان يونان بلجيك صرب بلغار اوزبك طاجيك سيخ تركمان شركس ارمن بربر زنج كروات
    تاميل بنغال سريان كلدان موارنه شبك صابئه ايغور روهينغا بشمركه هوتو توتسي سلاف قوزاق عجم فرنجه
    """)
)
"""Broken plurals, and a few others, folded: of people above all."""

LIKE_PLURALS = frozenset(
    fold_words("""
    إمام غلام شجاع جبان همام نجار حداد خباز طيار بحار حلاق قناص صياد لحام بواب بناء سباح رسام خياط
    جزار فلاح حمال بقال عطار نقاش طباخ فنان سفاح جلاد جراح نحال سياف خطاط فراش رحال دجال ملاح حفار
    سجان غواص رقاص طحان دهان سمان حطاب قصاب طبال زبال كناس نشال نصاب قواد خزاف نساج صراف حجام قبطان
    مصاب معاق مدان شيال جمال سواق خفاف سراج عتال لبان وراق نداف هجام حشاش ختان خيال عراف كشاف
    عجوز رسول عروس جسور خجول صبور هداف هجان أباه أخاه ودود رؤوف زبون بتول قعود ذلول
    """)
)
"""Singulars of the patterns of رجال, ثوار and جنود."""


def is_plural(word: str) -> bool:
    """Tell whether a folded noun without particles is a plural."""
    if word in PLURALS:
        return True
    ending, letters = word[-2:], len(word)
    if (ending in ("ون", "ات", "اء") and letters > 4) or (ending == "ات" and letters > 3):
        return True
    if word[-1:] == "ا" and letters > 4:  # the accusative: رجالا
        return word[-2:] not in ("يا", "ها", "نا") and is_plural(word[:-1])
    if word[-1:] == "و" and letters > 4:
        return True  # مسلحو التنظيم
    return _has_plural_pattern(word, letters)


def _has_plural_pattern(word: str, letters: int) -> bool:
    third, last = word[2:3], word[-1:]
    if letters == 4:  # رجال, جنود, هواة
        is_participle = word[0] == "م"  # مصور, مصاب
        is_shape = third in ("ا", "و") and last not in ("ا", "ي")
        return is_shape and not is_participle and word not in LIKE_PLURALS
    if letters == 5:
        if word[0] == "ا" and word[3] == "ا":
            return True  # أطفال
        if word[1:3] == "وا":  # دواعش; but مواطن
            return word[0] != "م" and last not in ("ا", "ي", "ه", "ن")
        # رهائن, ضحايا; but فدائي
        return (word[2:4] == "ائ" and last not in ("ا", "ي", "ه")) or word[2:] == "ايا"
    if letters == 6 and third == "ا" and word[0] not in "بفلكو":
        if word[4] == "ي":
            return last not in ("ه", "ا", "ن", "ي", "و")  # مخاتير
        return last == "ه" and word[0] != "م"  # أفارقة; but مقاتلة
    return False
