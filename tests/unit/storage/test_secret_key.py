"""Without a key in the settings, one is created beside the database, readable by its owner only."""

from pathlib import Path

import pytest

from portal.settings import SECRET_BYTES, Settings, SettingsError
from portal.storage.secret_key import open_secret_key


def settings_of(folder: Path, **environment: str) -> Settings:
    return Settings.read({"DATABASE_URL": f"sqlite:///{folder}/portal.db"} | environment)


def test_a_key_is_created_beside_the_database_for_its_owner_only(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "new" / "folder")
    assert [*tmp_path.iterdir()] == []
    key = open_secret_key(settings)
    path = tmp_path / "new" / "folder" / "secret-key"
    assert path.read_bytes() == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(key) >= SECRET_BYTES
    assert open_secret_key(settings) == key


def test_every_database_has_a_key_of_its_own(tmp_path: Path) -> None:
    first, second = (open_secret_key(settings_of(tmp_path / name)) for name in "ab")
    assert first != second


def test_a_key_in_the_settings_is_used_and_none_is_created(tmp_path: Path) -> None:
    assert open_secret_key(settings_of(tmp_path, PORTAL_SECRET_KEY="k" * 32)) == b"k" * 32
    assert not (tmp_path / "secret-key").exists()


def test_a_stored_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="too short"):
        open_secret_key(settings_of(tmp_path))
