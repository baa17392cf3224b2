import io

import pytest

from vigil.cli.passwords import PasswordSourceError, read_password


def test_a_files_last_line_end_does_not_belong_to_the_password(tmp_path):
    file = tmp_path / "password"
    file.write_text("with space \n")
    file.chmod(0o600)
    assert read_password(file, False).get_secret_value() == "with space "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    file = tmp_path / "password"
    file.write_text("secret\n")
    file.chmod(mode)
    with pytest.raises(PasswordSourceError, match="chmod 600") as caught:
        read_password(file, False)
    assert "secret" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PasswordSourceError, match="nowhere cannot be read"):
        read_password(tmp_path / "nowhere", False)


def test_an_empty_password_is_refused(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(PasswordSourceError, match="empty"):
        read_password(None, True)


def test_where_nobody_can_type_a_password_it_says_what_to_give(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))
    with pytest.raises(PasswordSourceError, match="--password-file"):
        read_password(None, False)


def test_two_sources_are_refused(tmp_path):
    with pytest.raises(PasswordSourceError, match="either"):
        read_password(tmp_path / "password", True)
