"""The phone page: what is told of a photo, a report sent twice, late or on a matter that went on meanwhile."""

from __future__ import annotations

import datetime
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.duties import matter_actions
from luoshi.office.duties.matter_models import Matter, MatterEvent, ProgressReport
from luoshi.office.roles import Role
from luoshi.programmes.supervision import demo_many, field, photos
from luoshi.programmes.supervision.field import Photo, kilometres, odd
from luoshi.programmes.supervision.models import Leaf
from luoshi.site.registry import load_programmes
from tests.office.matters import pushed
from tests.office.people import client_of, person

NOW = datetime.datetime(2019, 10, 15, 15, 0, tzinfo=SHANGHAI)
START = datetime.date(2019, 4, 10)
HERE = (36.92, 121.54)
WORDS = "测试村设备已经安装到位，正在调试。"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def at(day: int, hour: int = 9, month: int = 10) -> datetime.datetime:
    return datetime.datetime(2019, month, day, hour, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("taken", "place", "told"),
    [
        (at(15), HERE, []),
        (at(9, month=4), HERE, ["早于"]),
        (at(10, month=4), HERE, []),
        (at(15, 16), HERE, ["晚于"]),
        (at(15), None, ["没有位置"]),
        (at(15), (36.92, 121.6), ["公里"]),
        (at(15), (36.92, 121.595), []),
    ],
)
def test_what_is_odd_about_a_photo(taken, place, told):
    found = odd(Photo("一.jpg", b"", taken, place), START, HERE, NOW)
    assert len(found) == len(told)
    assert all(word in one for word, one in zip(told, found, strict=True))


def test_distance_over_the_sphere():
    assert kilometres((0, 0), (0, 180)) == pytest.approx(20015.1, abs=0.1)
    assert kilometres(HERE, HERE) == 0


@pytest.fixture
def owed(db):
    CLOCK.set(NOW)
    yield pushed(
        "xiacun", "2019-10-31", title="测试一村：设备安装到位", start=START, target_value="20", target_unit="户"
    )
    CLOCK.release()


def sent(client, row, key="k1", *, value="18", version=None, photos=(), **more):
    data = {"narrative": WORDS, "value": value, "version": str(version or row.version)} | more
    data["made_at"] = data.get("made_at") or "2019-10-15T10:05:00+08:00"
    data["photos"] = [SimpleUploadedFile(name, body, "image/png") for name, body, _meta in photos]
    data["photos_meta"] = json.dumps([meta for _name, _body, meta in photos])
    headers = {"Accept": "application/json", "Idempotency-Key": key}
    return client.post(f"/field/{row.pk}/", data, headers=headers)


def test_a_report_sent_twice_is_one_and_keeps_both_times(owed):
    client = client_of(person("zhen", (Role.CLERK, "xiacun")))
    photo = ("一.png", PNG, {"at": "2019-04-01T09:41:00+08:00"})
    first = sent(client, owed, photos=[photo])
    again = sent(client, owed, photos=[photo])
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    report = ProgressReport.objects.get(matter=owed)
    assert report.filed_at == NOW
    told = MatterEvent.objects.get(matter=owed, act="field")
    assert told.data["made_at"].startswith("2019-10-15T10:05")
    assert told.data["received_at"].startswith("2019-10-15T15:00")
    assert [flag for flag in first.json()["flags"] if "早于" in flag]
    assert "早于" in told.text
    checker = client_of(person("du", (Role.SUPERVISOR, "government-office")))
    assert "拍摄早于任务开始" in checker.get(f"/tasks/{owed.pk}/").content.decode().split('class="ls-tile"', 1)[1]


def test_a_photo_taken_far_from_the_place_of_its_task_is_flagged(db):
    CLOCK.set(NOW)
    load_programmes()
    demo_many.fill(3, items=1, organs=["xiacun"])
    leaf = Leaf.objects.select_related("matter").filter(matter__is_open=True).first()
    assert field.place_of(leaf.matter) is None
    Leaf.objects.filter(pk=leaf.pk).update(latitude="36.92", longitude="121.54")
    client = client_of(person("zhen", (Role.LEADER, "xiacun")))
    photos = [(f"{lon}.png", PNG + name, {"at": "2019-10-15T09:41:00+08:00", "lat": 36.92, "lon": lon})
              for name, lon in ((b"1", 121.59), (b"2", 121.6))]  # fmt: skip
    told = sent(client, leaf.matter, value="95", photos=photos).json()["flags"]
    assert told == ["第 2 张：离任务地点 5.3 公里"]
    CLOCK.release()


def test_a_key_used_for_other_content_is_refused_in_words_the_phone_can_read(owed):
    """The queue shows the sentence beside what it keeps; a page of HTML it could only call refused."""
    client = client_of(person("zhen", (Role.CLERK, "xiacun")))
    assert sent(client, owed, "k1", value="17").status_code == 201
    other = sent(client, owed, "k1", value="18")
    assert (other.status_code, other["Content-Type"]) == (409, "application/problem+json")
    assert other.json()["code"] == "E_CONFLICT"
    assert "内容不同" in other.json()["detail"]
    assert Matter.objects.get(pk=owed.pk).value == 17
    refused = sent(client, owed, "k2", value="一百")
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    assert refused.json()["detail"] == refused.json()["message"]


def test_the_button_names_whose_turn_it_is_next_and_the_place_is_among_the_evidence(db):
    CLOCK.set(NOW)
    load_programmes()
    demo_many.fill(3, items=1, organs=["xiacun"])
    leaf = Leaf.objects.select_related("matter").filter(matter__is_open=True).first()
    clerk = client_of(person("zhen", (Role.CLERK, "xiacun")))
    address = f"/field/{leaf.matter_id}/"
    page = clerk.get(address).content.decode()
    assert "报给本单位主要负责人签字" in page
    assert "位置：每张照片都带" in page
    head = person("zhang", (Role.LEADER, "xiacun"))
    Leaf.objects.filter(pk=leaf.pk).update(latitude="36.92", longitude="121.54")
    page = clerk.get(address).content.decode()
    assert f"报给{head.name}签字" in page
    assert 'data-lat="36.92" data-lon="121.54" data-far="5"' in page
    assert "位置：离任务地点不超过 5 公里" in page
    assert "报给政府办·督查复核</button>" in client_of(head).get(address).content.decode()
    CLOCK.release()


def test_two_reports_that_waited_on_one_phone_are_both_taken(owed):
    client = client_of(person("zhen", (Role.CLERK, "xiacun")))
    assert sent(client, owed, "k1", value="17").status_code == 201
    assert sent(client, owed, "k2", value="19").status_code == 201
    assert Matter.objects.get(pk=owed.pk).value == 19


def test_what_went_on_meanwhile_is_said_and_nothing_is_written(owed):
    client = client_of(person("zhen", (Role.CLERK, "xiacun")))
    matter_actions.report_progress(
        actor=Actor.system("测试乙", "test"), matter=owed.pk, narrative=WORDS, value="16", version=owed.version
    )
    stale = sent(client, owed)
    assert (stale.status_code, stale.json()["code"]) == (409, "E_VERSION")
    Matter.objects.filter(pk=owed.pk).update(state="crossed_off", is_open=False, crossed_off_at=NOW, completed_at=NOW)
    gone = sent(client, owed, "k3", version=owed.version + 1)
    assert gone.json()["code"] == "E_STATE"
    assert "销号" in gone.json()["message"]
    assert ProgressReport.objects.filter(matter=owed).count() == 1


def test_only_who_answers_for_a_matter_may_report(owed):
    other = client_of(person("bie", (Role.CLERK, "wuji")))
    assert sent(other, owed).status_code == 404
    assert f"/field/{owed.pk}/" not in other.get("/field/").content.decode()
    own = client_of(person("zhen", (Role.CLERK, "xiacun"))).get("/field/").content.decode()
    assert f"/field/{owed.pk}/" in own


def test_the_worker_answers_for_the_phone_pages_only(owed):
    answer = client_of(person("zhen", (Role.CLERK, "xiacun"))).get("/field/worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert b"/static/supervision/field.js" in answer.content


def taken_with(when: str = "", place: tuple[float, float] | None = None, ref: str = "NE") -> bytes:
    """Return a picture with what a camera writes into it."""
    picture, told = Image.new("RGB", (2, 2)), Image.Exif()
    if when:
        told.get_ifd(0x8769)[0x9003] = when
    if place is not None:
        parts = [(int(one), int(one % 1 * 60), round(one * 3600 % 60, 3)) for one in place]
        told.get_ifd(0x8825).update({1: ref[0], 2: parts[0], 3: ref[1], 4: parts[1]})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=told)
    return out.getvalue()


def test_a_photo_tells_its_time_and_place_itself():
    found = photos.read("一.jpg", taken_with("2019:10:14 08:30:00", HERE))
    assert found.taken_at == datetime.datetime(2019, 10, 14, 8, 30, tzinfo=SHANGHAI)
    assert found.place == pytest.approx(HERE, abs=1e-6)
    assert photos.read("二.jpg", taken_with(place=HERE, ref="SW")).place == pytest.approx((-36.92, -121.54), abs=1e-6)
    nothing = [
        taken_with(),
        taken_with("0000:00:00 00:00:00", (0.0, 0.0)),
        PNG,
        b"",
        b"\xff\xd8\xff\xe1\x00\x08Exif\0\0",
    ]
    assert {(one.taken_at, one.place) for one in (photos.read("三.jpg", data) for data in nothing)} == {(None, None)}


@pytest.fixture
def task(db):
    load_programmes()
    CLOCK.set(NOW)
    demo_many.fill(12, items=1, organs=["finance"])
    leaf = Leaf.objects.select_related("matter").filter(matter__is_open=True).order_by("pk").first()
    Leaf.objects.filter(pk=leaf.pk).update(latitude=HERE[0], longitude=HERE[1])
    yield leaf.matter
    CLOCK.release()


def test_photos_of_the_form_are_flagged_as_those_of_the_phone(task):
    """The page of a task sends files only: far away, too early and without a place are seen from the pictures."""
    files_of = [
        SimpleUploadedFile("远.jpg", taken_with("2019:10:14 08:30:00", (36.92, 121.7)), "image/jpeg"),
        SimpleUploadedFile("早.jpg", taken_with("2019:04:01 08:30:00", HERE), "image/jpeg"),
        SimpleUploadedFile("无.jpg", taken_with(), "image/jpeg"),
        SimpleUploadedFile("好.jpg", taken_with("2019:10:14 09:30:00", HERE), "image/jpeg"),
    ]
    client = client_of(person("cai", (Role.CLERK, "finance")))
    given = {
        "narrative": WORDS,
        "value": "90",
        "evidence": files_of,
        "version": task.version,
        "reason": "核对",
        "key": "f1",
    }
    assert client.post(f"/tasks/{task.pk}/report/", given).status_code == 303
    event = MatterEvent.objects.get(matter=task, act="field")
    assert [len(one["flags"]) for one in event.data["photos"]] == [1, 1, 1, 0]
    assert [any(word in flag for flag in event.data["flags"]) for word in ("公里", "早于", "没有位置")] == [True] * 3


def test_photos_of_the_phone_are_told_once(task):
    """What the phone says of a photo counts; the picture is not read a second time."""
    client = client_of(person("cai", (Role.CLERK, "finance")))
    photo = ("一.png", PNG, {"at": "2019-10-15T09:41:00+08:00", "lat": HERE[0], "lon": HERE[1]})
    answer = sent(client, task, value="90", reason="核对", photos=[photo])
    assert (answer.status_code, answer.json()["flags"]) == (201, [])
    assert MatterEvent.objects.filter(matter=task, act="field").count() == 1
