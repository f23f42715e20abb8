"""Identifiers: credit codes, ID numbers, check digits, and the masks under which they are shown.

Rules: GB 32100 (credit code), GB 11643 (ID number), GB/T 17710 (MOD 11,10; MOD 37,36), GS1 (GTIN, GLN), Luhn.
A number with a wrong check digit is refused before it looks anything up.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date
from itertools import cycle

from luoshi.kernel.errors import LuoshiError

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGAN_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def clean(text: str) -> str:
    """Return an identifier as compared: NFKC, no blanks, upper case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def uscc_check(body: str) -> str:
    """Return the check character of the first 17 characters of a credit code."""
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(body, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def parse_uscc(text: str) -> str:
    """Return a credit code (统一社会信用代码) in its stored form; E_CHECK_DIGIT or E_INPUT if it is none."""
    code = clean(text)
    if len(code) != 18:
        raise LuoshiError("E_INPUT", f"统一社会信用代码应为18位，现为{len(code)}位", fields={"value": text})
    if wrong := sorted(set(code) - set(USCC_ALPHABET)):
        raise LuoshiError("E_INPUT", f"统一社会信用代码不得含有{'、'.join(wrong)}", fields={"value": text})
    if (check := uscc_check(code[:17])) != code[17]:
        raise LuoshiError(
            "E_CHECK_DIGIT", f"统一社会信用代码校验位不符，应为{check}，请核对原件", fields={"value": text}
        )
    return code


def organ_code_agrees(uscc: str) -> bool:
    """Tell whether the GB 11714 code inside (characters 9-17) has its own check digit right; only a warning."""
    inner = uscc[8:17]
    total = sum(_BASE36.index(char) * weight for char, weight in zip(inner, _ORGAN_WEIGHTS, strict=False))
    return inner[8] == "0123456789X0"[11 - total % 11]


def parse_id_number(text: str, today: date) -> str:
    """Return an ID number (公民身份号码) in its stored 18-character form; 15 digits are accepted as input.

    The birth date must exist and lie between 1900-01-01 and `today`; the check character must agree.
    """
    code = clean(text)
    if len(code) == 15 and code.isascii() and code.isdigit():
        code = code[:6] + "19" + code[6:]
        code += id_check(code)
    if len(code) != 18 or not (code[:17].isascii() and code[:17].isdigit()):
        raise LuoshiError("E_INPUT", "身份证号应为18位(或旧15位)数字，末位可为X", fields={"length": len(code)})
    try:
        born = date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        raise LuoshiError("E_INPUT", "身份证号中的出生日期不存在，请核对原件") from None
    if not date(1900, 1, 1) <= born <= today:
        raise LuoshiError("E_INPUT", "身份证号中的出生日期应在1900年之后、今天之前，请核对原件")
    if id_check(code[:17]) != code[17]:
        raise LuoshiError("E_CHECK_DIGIT", "身份证号校验位不符，请核对原件")
    return code


def id_check(body: str) -> str:
    """Return the check character of the first 17 digits of an ID number."""
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def luhn_check(digits: str) -> str:
    """Return the Luhn check digit."""
    total = 0
    for digit, doubled in zip(reversed(digits), cycle((True, False)), strict=False):
        value = int(digit) * (2 if doubled else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def gs1_check(digits: str) -> str:
    """Return the check digit of a GTIN or GLN (weights 3, 1 from the right)."""
    return str(-sum(int(digit) * weight for digit, weight in zip(reversed(digits), cycle((3, 1)), strict=False)) % 10)


def mod_11_10_check(text: str) -> str:
    """Return the MOD 11,10 check digit over the digits of the text; letters are left out."""
    return str(_hybrid((int(char) for char in text if char.isdigit()), 10))


def mod_37_36_check(text: str) -> str:
    """Return the MOD 37,36 check character over digits and capital letters."""
    return _BASE36[_hybrid((_BASE36.index(char) for char in text), 36)]


def _hybrid(values: Iterable[int], modulus: int) -> int:
    """Check value of the hybrid system MOD (modulus + 1), modulus of GB/T 17710."""
    product = modulus
    for value in values:
        product = ((product + value) % modulus or modulus) * 2 % (modulus + 1)
    return (1 - product) % modulus


def mask_name(name: str) -> str:
    """Show a person's name: first character and a star."""
    return name[:1] + "*"


def mask_id(number: str) -> str:
    """Show an ID number: first six, eight stars, last four."""
    return f"{number[:6]}{'*' * 8}{number[-4:]}"


def mask_phone(number: str) -> str:
    """Show a telephone number: first three, four stars, last four."""
    return f"{number[:3]}****{number[-4:]}"


def mask_account(number: str) -> str:
    """Show a bank account: last four."""
    return number[-4:]
