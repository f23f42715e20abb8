"""Chinese numerals as labels and dates print them: 三, 十二, 二十, 一百零五, 二〇一八."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
_VALUE = {digit: value for value, digit in enumerate(DIGITS)} | {"〇": 0, "两": 2}
_PLACES = ((1000, "千"), (100, "百"), (10, "十"))
_PLACE_VALUE = {word: place for place, word in _PLACES}


def to_chinese(number: int) -> str:
    """Return 1-9999 as a document prints it: 10 -> 十, 12 -> 十二, 105 -> 一百零五."""
    if not 1 <= number <= 9999:
        raise ValueError(f"超出中文数字范围: {number}")
    words: list[str] = []
    rest, gap = number, False
    for place, word in _PLACES:
        digit, rest = divmod(rest, place)
        if digit:
            words.append(("零" if gap else "") + DIGITS[digit] + word)
            gap = False
        else:
            gap = gap or (bool(words) and rest > 0)
    if rest:
        words.append(("零" if gap else "") + DIGITS[rest])
    text = "".join(words)
    return text[1:] if text.startswith("一十") else text


def from_chinese(text: str) -> int | None:
    """Return the value of a numeral below 10,000, or None if the text is none.

    Reads the placed form (一百零五, 十二) and the digit form of years (二〇一八); a lone 零 is 0.
    """
    if not text or len(text) > 9 or any(char not in _VALUE and char not in _PLACE_VALUE for char in text):
        return None
    if not any(char in _PLACE_VALUE for char in text):
        return int("".join(str(_VALUE[char]) for char in text)) if len(text) in (1, 4) else None
    total, digit, last_place = 0, None, 10_000
    for char in text:
        if char in _VALUE:
            if digit:
                return None
            digit = _VALUE[char]
            continue
        place = _PLACE_VALUE[char]
        if place >= last_place or (digit == 0 and place != 10):
            return None
        total += (digit if digit else 1) * place
        digit, last_place = None, place
    return total + (digit or 0)
