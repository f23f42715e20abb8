"""What carries clauses here besides what stands in the office's registries: measures, standing checks, reports owed.

`coverage.yaml` names them as `measure:heavy_pollution.E4`, `duty:heavy_pollution.B1`, `duty:heavy_pollution.lists`.
"""

from __future__ import annotations

from luoshi.office.coverage import declare
from luoshi.programmes.heavy_pollution import catalogue
from luoshi.programmes.heavy_pollution.models import EpisodeDuty

ROOM = "heavy_pollution"

for _measure in catalogue.measures():
    declare("measure", f"{ROOM}.{_measure.id}", f"{_measure.id} {_measure.title}")
for _standing in catalogue.standing():
    declare("duty", f"{ROOM}.{_standing.id}", _standing.text)
for _kind in EpisodeDuty.Kind:
    declare("duty", f"{ROOM}.{_kind.value}", str(_kind.label))
