"""Who stands close to the people that decide on money: they, their household, the firms these control."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from luoshi.office.registers.models import Record


class Kin(Record):
    """An identity that the person with `login` declared: the own, one of the household, a firm of theirs."""

    class Relation(models.TextChoices):
        """What the identity is to the person."""

        SELF = "self", "本人"
        SPOUSE = "spouse", "配偶"
        FAMILY = "family", "父母、子女等近亲属"
        FIRM = "firm", "本人或家人持股、任职的单位"

    login = models.CharField(max_length=60)
    organ = models.CharField(max_length=80)
    relation = models.CharField(max_length=6, choices=Relation.choices)
    code = models.CharField(max_length=18)
    name = models.CharField(max_length=100, default="", blank=True)

    class Meta:
        """An identity once a person; one own identity a person."""

        constraints = (
            models.UniqueConstraint(fields=["login", "code"], name="kin_once"),
            models.UniqueConstraint(
                fields=["login"], name="kin_one_self", condition=Q(relation="self", void=False, ended_on__isnull=True)
            ),
            models.CheckConstraint(condition=~Q(login="") & ~Q(code=""), name="kin_named"),
        )

    def __str__(self) -> str:
        return f"{self.login} {self.get_relation_display()}"
