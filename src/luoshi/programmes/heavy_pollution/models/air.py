"""The air: stations, hours, weather, forecasts, dust. Concentrations are exact: µg/m³, CO mg/m³; hour h is [h, h+1)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from luoshi.kernel.clock import local
from luoshi.office.registers.models import Record

POLLUTANTS = ("so2", "no2", "co", "o3", "pm10", "pm25")
"""The six pollutants, as columns."""


def concentration() -> models.DecimalField[Any, Any]:
    """Return the column of one concentration; empty is missing or invalid."""
    return models.DecimalField(max_digits=8, decimal_places=3, null=True)


class Station(Record):
    """A monitoring station; `evaluated`: it counts towards the city's mean."""

    class Class(models.TextChoices):
        """Whose station it is."""

        NATIONAL = "national", "国控"
        PROVINCIAL = "provincial", "省控"
        CITY = "city", "市控"

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    station_class = models.CharField(max_length=12, choices=Class.choices)
    town = models.CharField(max_length=80)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    evaluated = models.BooleanField(default=True)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class HourlyObservation(models.Model):
    """What a station measured in an hour. A correction is a further revision; the one in use is `current`."""

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.DateTimeField()
    so2, no2, co = concentration(), concentration(), concentration()
    o3, pm10, pm25 = concentration(), concentration(), concentration()
    revision = models.PositiveSmallIntegerField(default=1)
    current = models.BooleanField(default=True)
    source = models.CharField(max_length=40)
    reason = models.CharField(max_length=200, default="", blank=True)
    received_at = models.DateTimeField()

    class Meta:
        """One revision of a station's hour is in use."""

        constraints = (
            models.UniqueConstraint(
                fields=["hour", "station"], condition=Q(current=True), name="hp_one_current_observation"
            ),
            models.UniqueConstraint(fields=["station", "hour", "revision"], name="hp_observation_revision"),
        )

    def __str__(self) -> str:
        return f"{self.station_id} {self.hour}"


class CityHour(models.Model):
    """The city's hour: means of the evaluated stations that count, and the hourly index. Made from observations."""

    hour = models.DateTimeField(unique=True)
    so2, no2, co = concentration(), concentration(), concentration()
    o3, pm10, pm25 = concentration(), concentration(), concentration()
    aqi = models.PositiveSmallIntegerField(null=True)
    primary = models.CharField(max_length=60, default="", blank=True)
    partial = models.BooleanField(default=False)
    stations = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.hour} {self.aqi}"


class MetHour(models.Model):
    """The weather of an hour, as the weather bureau gives it. `rh` in percent, `wind` in m/s, `rain` in mm."""

    hour = models.DateTimeField(unique=True)
    rh = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    temperature = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    wind = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    rain = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.hour} {self.rh}"


class MetDay(models.Model):
    """A day's flag of the frost period and grade of pollution weather, set by the weather bureau."""

    day = models.DateField(unique=True)
    frost = models.BooleanField(default=False)
    grade = models.PositiveSmallIntegerField(null=True)
    set_by = models.CharField(max_length=100)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}"


class ForecastRun(models.Model):
    """One forecast: who issued it when, hourly or daily. The same content is taken in once; another is a revision."""

    class Kind(models.TextChoices):
        """What it holds."""

        HOURLY = "hourly", "逐时"
        DAILY = "daily", "逐日"

    ISSUERS = (
        ("rushan_environment", "乳山环保"),
        ("rushan_weather", "乳山气象"),
        ("weihai_environment", "威海环保"),
        ("weihai_weather", "威海气象"),
        ("weihai_centre", "威海市环境信息与监控中心"),
        ("province", "省"),
        ("other", "其他"),
    )

    issuer = models.CharField(max_length=24, choices=ISSUERS)
    issued_at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    revision = models.PositiveSmallIntegerField(default=1)
    current = models.BooleanField(default=True)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=100)

    class Meta:
        """One revision of a run is in use."""

        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "issued_at", "kind"], condition=Q(current=True), name="hp_one_current_run"
            ),
        )
        indexes = (models.Index(fields=["-issued_at"], name="hp_run_issued"),)

    def __str__(self) -> str:
        return f"{self.get_issuer_display()} {local(self.issued_at):%Y-%m-%d %H:%M} {self.get_kind_display()}预报"


class ForecastValue(models.Model):
    """One hour or day of a run. `aqi` is the middle, `low` and `high` the range where one is given."""

    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE, related_name="values")
    valid_from = models.DateTimeField()
    so2, no2, co = concentration(), concentration(), concentration()
    o3, pm10, pm25 = concentration(), concentration(), concentration()
    aqi = models.PositiveSmallIntegerField(null=True)
    low = models.PositiveSmallIntegerField(null=True)
    high = models.PositiveSmallIntegerField(null=True)
    primary = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        """Once an hour or day; a range lies the right way round."""

        constraints = (
            models.UniqueConstraint(fields=["run", "valid_from"], name="hp_forecast_once"),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lte=F("high")), name="hp_forecast_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.valid_from} {self.aqi}"


class DustRecord(models.Model):
    """Dust weather from one moment to another. It takes hours out only when both bureaus have confirmed it."""

    class Grade(models.TextChoices):
        """Grades of GB/T 20480-2017."""

        FLOATING = "浮尘", "浮尘"
        BLOWING = "扬沙", "扬沙"
        STORM = "沙尘暴", "沙尘暴"
        STRONG = "强沙尘暴", "强沙尘暴"
        EXTREME = "特强沙尘暴", "特强沙尘暴"

    grade = models.CharField(max_length=8, choices=Grade.choices)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    forecast = models.BooleanField(default=False)
    evidence = models.CharField(max_length=300)
    entered_by = models.CharField(max_length=100)
    entered_by_user_id = models.BigIntegerField(null=True)
    entered_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=100, default="", blank=True)
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Dust ends after it begins."""

        constraints = (models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="hp_dust_lasts"),)

    def __str__(self) -> str:
        return f"{self.grade} {self.begins}"
