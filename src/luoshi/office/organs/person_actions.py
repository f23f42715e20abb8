"""Posts, appointment lists, mergers of persons, private identifiers: the work of the personnel officers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

import luoshi.office.organs.decisions  # noqa: F401  registers the decisions
from luoshi.kernel.citation import DocumentNumber
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean, mask_id, mask_phone, parse_id_number
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.locks import serialise
from luoshi.office.organs import library, sealing
from luoshi.office.organs.gathering import ensure_posts, known_persons
from luoshi.office.organs.models import Evidence, Person, PersonIdentifier, PersonMerge, Post, PrintNote, Proposal
from luoshi.office.organs.naming import canonical
from luoshi.office.organs.organ_actions import find_organ
from luoshi.office.organs.posts import seats_of
from luoshi.office.organs.printed import class_of
from luoshi.office.organs.workflow import applies, propose
from luoshi.office.parameters.book import decide
from luoshi.office.permissions import require

Kind = Proposal.Kind
_ACTIONS = {"任命": "appoint", "任": "appoint", "免职": "remove", "免": "remove", "免去": "remove"}


def _person(pk: int, field: str = "person") -> Person:
    person = Person.objects.filter(pk=pk).first()
    if person is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个人员。", fields={field: pk})
    found: Person = person
    return found


# --- posts ------------------------------------------------------------------------------------------------------------


def propose_post(
    *, actor: Actor, organ: str, title: str, kind: str = "", seats: int | None = None, is_public: bool = True
) -> Proposal:
    """Propose a post, or a correction of its class, seats and publicity. Permission post.edit."""
    with transaction.atomic():
        require(actor, "post.edit")
        owner, title = find_organ(organ), canonical(title)
        if not title:
            raise LuoshiError("E_INPUT", "未写职务。", fields={"title": ""})
        if kind and kind not in Post.Kind.values:
            raise LuoshiError("E_INPUT", f"职务类别“{kind}”不在范围内。", fields={"kind": kind})
        if seats is not None and seats < 1:
            raise LuoshiError("E_INPUT", "职数至少为1；不定的不填。", fields={"seats": seats})
        payload = {
            "organ": owner.slug,
            "title": title,
            "kind": kind or class_of(title),
            "seats": seats if seats is not None else seats_of(title, None),
            "is_public": is_public,
        }
        known = Post.objects.filter(organ=owner, title=title).first()
        if known and all(getattr(known, name) == payload[name] for name in ("kind", "seats", "is_public")):
            raise LuoshiError("E_DUPLICATE", f"{owner.name}{title}与已登记的相同，没有改动。", fields={"title": title})
        return propose(
            actor=actor,
            kind=Kind.POST,
            subject=f"post:{owner.slug}:{title}",
            title=f"{owner.name}{title}",
            payload=payload,
            organ=owner.slug,
        )


@applies(Kind.POST)
def _apply_post(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    said = row.payload
    organ = find_organ(said["organ"])
    values = {name: said[name] for name in ("kind", "seats", "is_public")}
    known = Post.objects.filter(organ=organ, title=said["title"])
    before = known.values(*values).first()
    if not known.update(proposal=row, **values):
        Post.objects.create(organ=organ, title=said["title"], proposal=row, **values)
    found: Mapping[str, Any] | None = before
    return found


# --- appointment lists ------------------------------------------------------------------------------------------------


def propose_appointments(
    *,
    actor: Actor,
    number: str,
    issued_on: datetime.date,
    acts: Sequence[Mapping[str, Any]],
    explanation: str = "",
) -> Proposal:
    """Enter an appointment list: acts (action, person, person_id?, organ, post, remark?, explanation?).

    Permission post.edit. Checked by `organs.appointments` (D9): warnings are kept with the proposal; one that needs an
    explanation refuses with E_IMPLAUSIBLE until `explanation` (or the act's own) is given. E_DUPLICATE for a number
    that was imported, entered or waits; E_FUTURE for a list dated after today.
    """
    with transaction.atomic():
        require(actor, "post.edit")
        canonical_number = _free_number(number)
        if issued_on > CLOCK.today():
            raise LuoshiError("E_FUTURE", "名单日期晚于今天。", fields={"issued_on": str(issued_on)})
        if not acts:
            raise LuoshiError("E_INCOMPLETE", "名单没有任免事项。", fields={"acts": ""})
        said = [_act(number_of_act, act, explanation) for number_of_act, act in enumerate(acts, 1)]
        _identify(said)
        warnings = check_appointments(canonical_number, issued_on, said)
        open_ones = [warning["message"] for warning in warnings if warning.get("needs_explanation")]
        if open_ones:
            raise LuoshiError(
                "E_IMPLAUSIBLE",
                "；".join(open_ones) + "。确属如此的，请写明说明后再登记。",
                fields={"warnings": open_ones, "explanation": ""},
            )
        payload = {"number": canonical_number, "issued_on": issued_on, "acts": said}
        return propose(
            actor=actor,
            kind=Kind.APPOINTMENTS,
            subject=f"list:{canonical_number}",
            title=f"{canonical_number}任免名单（{len(said)}项）",
            payload=payload,
            warnings=warnings,
            explanation=explanation,
        )


def _free_number(number: str) -> str:
    found = DocumentNumber.parse(number)
    if found is None:
        raise LuoshiError("E_INPUT", f"“{number}”不是文号，应如“某政任〔2019〕3号”。", fields={"number": number})
    entered = Proposal.objects.filter(kind=Kind.APPOINTMENTS, subject=f"list:{found}").exclude(
        state__in=[Proposal.State.REFUSED, Proposal.State.WITHDRAWN]
    )
    if entered.exists() or Evidence.objects.filter(number=str(found), withdrawn_at__isnull=True).exists():
        raise LuoshiError(
            "E_DUPLICATE", f"{found}已登记或已从公报导入，不能再登记一次。", fields={"number": str(found)}
        )
    return str(found)


def _act(place: int, act: Mapping[str, Any], explanation: str) -> dict[str, Any]:
    action = str(act.get("action") or "")
    action = {"任命": "appoint", "任": "appoint", "免职": "remove", "免": "remove", "免去": "remove"}.get(
        action, action
    )
    name, title = str(act.get("person") or "").strip(), canonical(str(act.get("post") or ""))
    if action not in _ACTIONS.values() or not name or not title:
        raise LuoshiError(
            "E_INPUT", f"第{place}项须写明任命或免职、姓名和职务。", fields={f"acts.{place}": [action, name, title]}
        )
    return {
        "action": action,
        "person": name,
        "person_id": act.get("person_id"),
        "organ": find_organ(str(act.get("organ") or ""), f"acts.{place}.organ").slug,
        "post": title,
        "remark": str(act.get("remark") or "").strip(),
        "explanation": str(act.get("explanation") or explanation).strip(),
    }


def _identify(acts: Sequence[dict[str, Any]]) -> None:
    """Give acts the person known for the same name on the same post; a transfer inside the list is one person.

    The same name elsewhere stays open: the officer names the person by id, or a new one is made.
    """
    titles = {(act["organ"], act["post"]) for act in acts}
    condition = Q(pk__in=[])
    for organ, title in titles:
        condition |= Q(organ__slug=organ, title=title)
    posts = {(row.organ.slug, row.title): row.pk for row in Post.objects.filter(condition).select_related("organ")}
    known = known_persons({act["person"] for act in acts})
    for act in acts:
        if act["person_id"] is not None:
            person = _person(int(act["person_id"]))
            if person.name != act["person"]:
                raise LuoshiError("E_INPUT", f"所选人员不是“{act['person']}”。", fields={"person_id": person.pk})
            act["person_id"] = library.person_of(person).pk
        else:
            found = known.get((act["person"], posts.get((act["organ"], act["post"]), 0)))
            act["person_id"] = library.person_of(found).pk if found else None
    for act in acts:
        own = [other for other in acts if other["person"] == act["person"]]
        if act["person_id"] is None and {"appoint", "remove"} <= {other["action"] for other in own}:
            act["person_id"] = next((other["person_id"] for other in own if other["person_id"]), None)


def check_appointments(
    number: str, issued_on: datetime.date, acts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Warnings and suggestions of `organs.appointments` on a list, with what the library knows before it."""
    evidence = library.evidence_facts(library.evidence_before(acts, number))
    facts = {
        "number": number,
        "issued_on": issued_on,
        "acts": [
            {name: act[name] for name in ("action", "person", "organ", "post")}
            | {
                "person_id": None if act["person_id"] is None else str(act["person_id"]),
                "remark": act["remark"] or None,
                "explanation": act["explanation"] or None,
            }
            for act in acts
        ],
        "evidence": evidence,
    }
    value = decide("organs.appointments", facts, issued_on).value
    moved = [
        {"code": "transfer", "person": one["person"], "message": f"{one['person']}在同一名单内转任"}
        for one in value["transfers"]
    ]
    return [*value["warnings"], *moved, *value["suggestions"]]


@applies(Kind.APPOINTMENTS)
def _apply_appointments(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    said = row.payload
    serialise("organs.persons")
    if Evidence.objects.filter(number=said["number"], withdrawn_at__isnull=True).exists():
        raise LuoshiError("E_DUPLICATE", f"{said['number']}在拟办之后已从公报导入，请撤回这份拟办。")
    acts = [dict(act) for act in said["acts"]]
    organs = {act["organ"]: find_organ(act["organ"]).pk for act in acts}
    posts, _ = ensure_posts((organs[act["organ"]], act["post"]) for act in acts)
    made: dict[tuple[str, Any], Person] = {}
    transferred = {
        act["person"]
        for act in acts
        if {"appoint", "remove"} <= {o["action"] for o in acts if o["person"] == act["person"]}
    }
    for place, act in enumerate(acts, 1):
        post = posts[organs[act["organ"]], act["post"]]
        if act["person_id"] is not None:
            person = _person(act["person_id"])
        else:
            key = (act["person"], None if act["person"] in transferred else post.pk)
            if key not in made:
                label = f"{post.organ.name}{post.title}"[:120]
                made[key] = Person.objects.create(name=act["person"], disambiguator=label)
            person = made[key]
        Evidence.objects.create(
            person=person,
            post=post,
            kind=act["action"],
            day=datetime.date.fromisoformat(said["issued_on"]),
            number=said["number"],
            place=f"e{place}",
            printed=f"{post.organ.name}{post.title}",
            remark=act["remark"],
            explanation=act["explanation"],
            entered_at=CLOCK.now(),
            proposal=row,
        )
    return None


# --- mergers ----------------------------------------------------------------------------------------------------------


def propose_merge(*, actor: Actor, kept: int, merged: int, reason: str) -> Proposal:
    """Propose that two persons of one name (ids) are one. Permission person.merge. E_RULE, E_STATE if it cannot be."""
    with transaction.atomic():
        require(actor, "person.merge")
        stays, goes = _person(kept, "kept"), _person(merged, "merged")
        if not reason.strip():
            raise LuoshiError("E_INCOMPLETE", "请写明认定为同一人的依据。", fields={"reason": ""})
        _check_merge(stays, goes)
        return propose(
            actor=actor,
            kind=Kind.MERGE,
            subject=f"person:{goes.pk};person:{stays.pk};",
            title=f"{stays.name}（{stays.disambiguator}）与同名人员（{goes.disambiguator}）为同一人",
            payload={"kept": stays.pk, "merged": goes.pk, "reason": reason.strip()},
        )


def _check_merge(stays: Person, goes: Person) -> None:
    if stays.pk == goes.pk or stays.name != goes.name:
        raise LuoshiError("E_RULE", "只能合并两个同名的人员。", fields={"kept": stays.pk, "merged": goes.pk})
    if stays.merged_into_id or goes.merged_into_id or Person.objects.filter(merged_into=goes).exists():
        raise LuoshiError("E_STATE", "其中一人已有合并。请并入原先保留的那一人，或先撤销原合并。")


@applies(Kind.MERGE)
def _apply_merge(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    serialise("organs.persons")
    stays, goes = _person(row.payload["kept"]), _person(row.payload["merged"])
    _check_merge(stays, goes)
    Person.objects.filter(pk=goes.pk).update(merged_into=stays, version=goes.version + 1)
    PersonMerge.objects.create(kept=stays, merged=goes, proposal=row)
    return {"merged_into": None}


def propose_unmerge(*, actor: Actor, merged: int, reason: str) -> Proposal:
    """Propose to take a merger back. Permission person.merge. E_STATE for a person who is not merged."""
    with transaction.atomic():
        require(actor, "person.merge")
        goes = _person(merged, "merged")
        if goes.merged_into is None:
            raise LuoshiError("E_STATE", "这个人员没有合并可撤。", fields={"merged": merged})
        if not reason.strip():
            raise LuoshiError("E_INCOMPLETE", "请写明撤销合并的依据。", fields={"reason": ""})
        return propose(
            actor=actor,
            kind=Kind.UNMERGE,
            subject=f"person:{goes.pk};person:{goes.merged_into_id};",
            title=f"撤销{goes.name}（{goes.disambiguator}）的合并",
            payload={"merged": goes.pk, "kept": goes.merged_into_id, "reason": reason.strip()},
        )


@applies(Kind.UNMERGE)
def _apply_unmerge(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    serialise("organs.persons")
    goes = _person(row.payload["merged"])
    merge = PersonMerge.objects.filter(merged=goes, undone__isnull=True).first()
    if merge is None:
        raise LuoshiError("E_STATE", "这次合并已经撤销。")
    Person.objects.filter(pk=goes.pk).update(merged_into=None, version=goes.version + 1)
    PersonMerge.objects.filter(pk=merge.pk).update(undone=row)
    return {"merged_into": merge.kept_id}


# --- notes and identifiers --------------------------------------------------------------------------------------------


def note_print_error(*, actor: Actor, number: str, clause: str, printed: str, note: str) -> PrintNote:
    """Note a print error beside the text, which stays as printed. Permission print.note. One audit entry."""
    with transaction.atomic():
        require(actor, "print.note")
        if not note.strip() or not printed.strip():
            raise LuoshiError("E_INCOMPLETE", "请写明印出的文字和说明。", fields={"note": note, "printed": printed})
        row = PrintNote.objects.create(
            instrument=number,
            clause=clause,
            printed=printed.strip(),
            note=note.strip(),
            noted_by=actor.name,
            noted_at=CLOCK.now(),
        )
        said = {"clause": clause, "printed": printed, "note": note}
        append(actor=actor, act="print.note", subject=f"instrument:{number}", after=said)
    found: PrintNote = row
    return found


_FORMS = {"id_number": "身份证件号码", "phone": "电话"}


def keep_identifier(*, actor: Actor, person: int, kind: str, value: str) -> None:
    """Keep a private identifier (id_number, phone) sealed; an earlier one is superseded. Permission post.edit.

    Side effect: one audit entry in the stream `sensitive`, without the value. E_DUPLICATE when another person has it.
    """
    with transaction.atomic():
        require(actor, "post.edit")
        if kind not in _FORMS:
            raise LuoshiError("E_INPUT", "只登记身份证件号码和电话。", fields={"kind": kind})
        owner = _person(person)
        text = parse_id_number(value, CLOCK.today()) if kind == "id_number" else clean(value)
        if kind == "phone" and not (5 <= len(text) <= 20 and text.strip("+").replace("-", "").isdecimal()):
            raise LuoshiError("E_INPUT", "电话应为5至20位数字。", fields={"value": "电话"})
        PersonIdentifier.objects.filter(person=owner, kind=kind, superseded=False).update(superseded=True)
        try:
            with transaction.atomic():
                row = PersonIdentifier.objects.create(
                    person=owner,
                    kind=kind,
                    suite="",
                    sealed="",
                    blind=sealing.blind(kind, text),
                    entered_at=CLOCK.now(),
                )
        except IntegrityError:
            raise LuoshiError("E_DUPLICATE", "这个号码已登记在另一人名下，请核对。", fields={"kind": kind}) from None
        suite, sealed = sealing.seal(text, _place(row))
        PersonIdentifier.objects.filter(pk=row.pk).update(suite=suite, sealed=sealed)
        append(
            actor=actor,
            act="person.keep",
            subject=f"person:{owner.pk}",
            after={"kind": kind},
            stream="sensitive",
            permission="post.edit",
        )


def read_identifier(*, actor: Actor, person: int, kind: str, purpose: str) -> str:
    """Read a private identifier: personnel in full, an auditor masked. Permission person.see; E_PURPOSE without one.

    Side effect: one audit entry in the stream `sensitive`. E_NOT_FOUND where none is kept.
    """
    with transaction.atomic():
        require(actor, "person.see")
        if len(purpose.strip()) < 2:
            raise LuoshiError("E_PURPOSE", "请写明查看的用途，查看会留下记录。", fields={"purpose": purpose})
        row = PersonIdentifier.objects.filter(person=person, kind=kind, superseded=False).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", f"没有登记这个人员的{_FORMS.get(kind, '信息')}。")
        text = sealing.unseal(row.suite, row.sealed, _place(row))
        append(
            actor=actor,
            act="person.read",
            subject=f"person:{person}",
            after={"kind": kind},
            purpose=purpose.strip(),
            stream="sensitive",
            permission="person.see",
        )
    from luoshi.office.permissions import may

    if may(actor, "post.edit"):
        return text
    return mask_id(text) if kind == "id_number" else mask_phone(text)


def find_by_identifier(*, actor: Actor, kind: str, value: str, purpose: str) -> int | None:
    """The id of the person with an identifier, by its blind index. Permission post.edit; logged like a reading."""
    with transaction.atomic():
        require(actor, "post.edit")
        if len(purpose.strip()) < 2:
            raise LuoshiError("E_PURPOSE", "请写明查找的用途，查找会留下记录。", fields={"purpose": purpose})
        text = parse_id_number(value, CLOCK.today()) if kind == "id_number" else clean(value)
        row = PersonIdentifier.objects.filter(kind=kind, blind=sealing.blind(kind, text), superseded=False).first()
        append(
            actor=actor,
            act="person.find",
            subject=f"person:{row.person_id if row else ''}",
            after={"kind": kind},
            purpose=purpose.strip(),
            stream="sensitive",
            permission="post.edit",
        )
    return row.person_id if row else None


def _place(row: PersonIdentifier) -> str:
    return f"organs_personidentifier|sealed|{row.pk}"
