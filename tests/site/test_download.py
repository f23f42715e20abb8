"""A kept file is given out as an attachment that no browser guesses about; a quarantined one never."""

from __future__ import annotations

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.files.actions import keep
from luoshi.site.download import file_response

pytestmark = pytest.mark.django_db


def test_download_is_an_attachment_of_its_own_type(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    file = keep(actor=Actor.system("测试甲", "test"), name="进展.txt", data="一".encode())
    response = file_response(file)
    assert response.content == "一".encode()
    assert response["Content-Type"] == "text/plain"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E8%BF%9B%E5%B1%95.txt"
    bad = keep(actor=Actor.system("测试甲", "test"), name="二.pdf", data=b"MZ")
    with pytest.raises(LuoshiError):
        file_response(bad)
