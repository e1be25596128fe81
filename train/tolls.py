"""Tolls: counts that the words before them make a sum of all that was counted so far."""

from __future__ import annotations

import re

_NOT_WORD = r"(?<!\w)"
_END = r"(?!\w)"
_RISE = re.compile(
    rf"{_NOT_WORD}[وفل]?ل?(?:[يت]?رتفعت?|ارتفعت?|ارتفاع|[يت]رفع|رفعت?|وصلت?|[يت]صل|وصول"
    rf"|زادت?|[يت]زيد|ازدادت?|ازدياد|زياده|قفزت?|صعدت?|تصاعدت?){_END}"
)
_REACH = re.compile(
    rf"{_NOT_WORD}[وفل]?ل?(?:بلغت?|[يت]بلغ|بلوغ|تجاوزت?|[يت]تجاوز|تخطي|تخطت|[يت]تخطي"
    rf"|فاقت?|[يت]فوق|ناهزت?|[يت]ناهز){_END}"
)
_TOLL = re.compile(
    rf"{_NOT_WORD}[وفبل]?(?:ال|ل)?(?:عدد|اعداد|حصيله|محصله|اجمالي|مجموع){_END}(?!\W+من{_END})"
)
_HEDGE = (
    r"(?:اكثر\W+من|نحو|حوالي|زهاء|قرابه|ما\W+لا\W+يقل\W+عن|ما\W+يقارب|ما\W+يقرب\W+من"
    r"|ما\W+يزيد\W+(?:علي|عن)|ما\W+يناهز)"
)
_TO = re.compile(rf"{_NOT_WORD}(?:الي|حتي|علي|عن|حاجز|عتبه)\W+(?:{_HEDGE}\W*)?$|{_HEDGE}\W*$")
_TO_ONLY = re.compile(rf"{_NOT_WORD}الي\W+(?:{_HEDGE}\W*)?$")
_ACT = re.compile(
    rf"{_NOT_WORD}[وفب]?(?:مقتل|مصرع|اصابه|جرح|استشهاد|وفاه|خطف|اختطاف|قتلت?|اصيبت?)\w*{_END}"
)
_PAUSE = re.compile(r"[،,؛;:]")
_FORMER = re.compile(
    rf"{_NOT_WORD}[وفبل]?(?:حصيله(?:\W+\w+)?\W+سابقه|ال(?:حصيله|احصائيه)\W+ال(?:سابقه|اوليه|اولي)"
    rf"|كانت?\W+(?:\w+\W+){{0,4}}حصيله(?:\W+\w+)?\W+اوليه){_END}"
    rf"|{_NOT_WORD}بعد(?:ما|\W+ان|\W+ما)\W+كانت?\W*$"
)
_GOES_ON = re.compile(
    rf"\W*و?\W*(?:(?:اضافه|بالاضافه)\W+الي\W+)?(?:(?:و|ل|ب)?(?:ال|ل)?(?:عدد|جرحي|مصابين|مصابون|قتلي"
    rf"|مفقودين|مفقودون|مختطفين|اصابه){_END}\W*){{0,2}}(?:الي{_END}\W*)?"
)
_AFTER = re.compile(rf"{_NOT_WORD}(?:بعد|عقب|اثر){_END}")
WINDOW = 160
"""Characters that are looked at on either side; the words of a toll stand close."""


def is_running_total(before: str, behind: str) -> bool:
    """Return whether a count is where a toll has got to, such as ``ارتفع عدد القتلى إلى 12``.

    Args:
        before: the folded text of its sentence before the span.
        behind: that behind the span.
    """
    before = before[-WINDOW:]
    if to := _TO_ONLY.search(before):
        head = before[: to.start()]
        rise = _RISE.search(head) or _REACH.search(head)
        if rise is None:
            return False
        if _TOLL.search(head):
            return True
        is_next = len(head[rise.end() :].split()) < 3
        return is_next and _TOLL.search(" ".join(behind.split()[:4])) is not None
    reach = next(reversed(list(_REACH.finditer(before))), None)
    if reach is None:
        return False
    between = before[reach.end() :]
    if _PAUSE.search(between) or _ACT.search(between):
        return False
    if _TOLL.search(between):
        return True
    is_next = not _TO.sub("", between).strip()
    return is_next and _TOLL.search(before[: reach.start()]) is not None


def goes_on(between: str) -> bool:
    """Return whether a toll takes in the next count as well: ``إلى 12 قتيلا و[30 جريحا]``.

    Args:
        between: the folded text between the two spans.
    """
    return _GOES_ON.fullmatch(between) is not None


def is_former_toll(before: str) -> bool:
    """Return whether a count is what a toll was before, such as ``وكانت حصيلة سابقة ... 5``.

    Args:
        before: the folded text of its sentence before the span.
    """
    return _FORMER.search(before[-WINDOW:]) is not None


def is_reason(between: str) -> bool:
    """Return whether what stands behind a toll says why it rose: ``إلى 12 بعد وفاة 2``.

    Args:
        between: the folded text between the two spans.
    """
    return _AFTER.search(between[:WINDOW]) is not None
