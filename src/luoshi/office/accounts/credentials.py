"""The second factor, recovery codes and API tokens of a person."""

from __future__ import annotations

import datetime
import hashlib
import secrets

import pyotp
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import ApiToken, RecoveryCode, User
from luoshi.office.accounts.queries import token_digest
from luoshi.office.accounts.sealing import seal, unseal
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.permissions import require

ISSUER = "落实"
RECOVERY_CODES = 8
LONGEST_TOKEN = datetime.timedelta(days=366)
_STEP = 30


def new_secret() -> str:
    """Return a fresh secret of a second factor; nothing is kept until `confirm_totp`."""
    return pyotp.random_base32()


def address_of(user: User, secret: str) -> str:
    """Return what the QR code of a second factor says (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=ISSUER)


def confirm_totp(*, actor: Actor, secret: str, code: str) -> list[str]:
    """Turn the actor's second factor on once `code` proves the device; return the recovery codes, shown once.

    Appends `user.totp_on`. E_INPUT for a wrong code, E_STATE when it is on already.
    """
    user_id = _own(actor)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        if user.totp:
            raise LuoshiError("E_STATE", "动态口令已经启用。要换设备，请先停用。")
        step = _step_of(secret, code, 0)
        if step is None:
            raise LuoshiError("E_INPUT", "六位数字不对或已过时。请看手机上现在的数字再填。", fields={"field": "code"})
        user.totp, user.totp_step = seal(secret, _place(user)), step
        user.save(update_fields=["totp", "totp_step"])
        codes = _new_recovery_codes(user)
        audit.append(actor=actor, act="user.totp_on", subject=f"user:{user.pk}")
    return codes


def turn_totp_off(*, actor: Actor, code: str) -> None:
    """Turn the actor's second factor off; takes a code of the device or a recovery code. Appends `user.totp_off`."""
    user_id = _own(actor)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        if not user.totp:
            raise LuoshiError("E_STATE", "动态口令没有启用。")
        if not second_factor_fits(user, code):
            raise LuoshiError("E_INPUT", "六位数字或恢复码不对，没有停用。", fields={"field": "code"})
        user.totp, user.totp_step = "", 0
        user.save(update_fields=["totp", "totp_step"])
        RecoveryCode.objects.filter(user=user, used_at__isnull=True).update(used_at=CLOCK.now())
        audit.append(actor=actor, act="user.totp_off", subject=f"user:{user.pk}")


def renew_recovery_codes(*, actor: Actor, code: str) -> list[str]:
    """Replace the actor's recovery codes; return them, shown once. Appends `user.recovery_codes`."""
    user_id = _own(actor)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        if not user.totp or not second_factor_fits(user, code):
            raise LuoshiError("E_INPUT", "六位数字不对，恢复码没有更换。", fields={"field": "code"})
        codes = _new_recovery_codes(user)
        audit.append(actor=actor, act="user.recovery_codes", subject=f"user:{user.pk}")
    return codes


def second_factor_fits(user: User, code: str) -> bool:
    """Tell whether `code` is the device's of now, or an unused recovery code; what fitted never fits again."""
    code = code.strip().replace(" ", "").lower()
    with transaction.atomic():
        fresh = User.objects.select_for_update().get(pk=user.pk)
        if not fresh.totp:
            return False
        step = _step_of(unseal(fresh.totp, _place(fresh)), code, fresh.totp_step)
        if step is not None:
            User.objects.filter(pk=user.pk).update(totp_step=step)
            return True
        used = RecoveryCode.objects.filter(user=user, digest=_digest(code), used_at__isnull=True)
        return used.update(used_at=CLOCK.now()) == 1


def give_token(*, actor: Actor, label: str, expires_on: datetime.date) -> tuple[ApiToken, str]:
    """Make an API token of the actor, good to the end of `expires_on` (a year at most); its text is shown once.

    Needs `token.own`. Appends `user.token`. E_INPUT for an empty label or a day that is past or too far.
    """
    require(actor, "token.own")
    user_id = _own(actor)
    label = label.strip()[:60]
    today = CLOCK.today()
    if not label:
        raise LuoshiError("E_INPUT", "请写这个令牌用在哪里。", fields={"field": "label"})
    if not today <= expires_on <= today + LONGEST_TOKEN:
        raise LuoshiError("E_INPUT", "有效期应从今天到一年以内，请改正。", fields={"field": "expires_on"})
    text = "ls_" + secrets.token_urlsafe(30)
    with transaction.atomic():
        row = ApiToken.objects.create(
            user_id=user_id,
            label=label,
            prefix=text[:8],
            digest=token_digest(text),
            created_at=CLOCK.now(),
            expires_on=expires_on,
        )
        audit.append(
            actor=actor,
            act="user.token",
            subject=f"user:{user_id}",
            after={"token": row.pk, "label": label, "expires_on": expires_on.isoformat()},
            permission="token.own",
        )
    return row, text


def revoke_token(*, actor: Actor, token_id: int) -> ApiToken:
    """End one of the actor's own tokens at once. Needs `token.own`. Appends `user.revoke_token`."""
    require(actor, "token.own")
    user_id = _own(actor)
    with transaction.atomic():
        row = ApiToken.objects.select_for_update().filter(pk=token_id, user_id=user_id).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个令牌。")
        if row.revoked_at is not None:
            raise LuoshiError("E_STATE", "这个令牌已经收回。")
        row.revoked_at = CLOCK.now()
        row.save(update_fields=["revoked_at"])
        audit.append(
            actor=actor,
            act="user.revoke_token",
            subject=f"user:{user_id}",
            after={"token": row.pk},
            permission="token.own",
        )
    return row


def _own(actor: Actor) -> int:
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "请先登录。")
    if actor.for_id is not None:
        raise LuoshiError("E_STATE", f"您正在代{actor.for_name}办理。请先回到本人身份，再管自己的账号。")
    return actor.user_id


def _place(user: User) -> str:
    return f"accounts.user.totp:{user.pk}"


def _step_of(secret: str, code: str, after: int) -> int | None:
    # A clock half a minute off is forgiven; a step already used is not taken again.
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return None
    now = int(CLOCK.now().timestamp()) // _STEP
    totp = pyotp.TOTP(secret)
    for step in (now - 1, now, now + 1):
        if step > after and secrets.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def _new_recovery_codes(user: User) -> list[str]:
    now = CLOCK.now()
    RecoveryCode.objects.filter(user=user, used_at__isnull=True).update(used_at=now)
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(code), made_at=now) for code in codes])
    return codes


def _digest(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()
