"""Certify, verify, and what happens to a file that was touched."""

import json

import numpy as np
import pytest

PROVED = "certify sphere --count 6 --width 512 --rigorous"


@pytest.fixture
def certificate(softntk, tmp_path):
    path = tmp_path / "cert.json"
    ran = softntk(f"{PROVED} -o {path}")
    assert ran.code == 0, ran.err + ran.out
    assert "certified" in ran.out
    return path


def test_a_certificate_is_written_verified_and_refused_when_touched(softntk, certificate, tmp_path):
    ran = softntk(f"verify {certificate}")
    assert ran.code == 0, ran.out
    assert "BROKEN" not in ran.out
    assert "were proved again" in ran.out

    document = json.loads(certificate.read_text())
    document["constants"]["contraction"] = (0.5).hex()
    touched = tmp_path / "touched.json"
    touched.write_text(json.dumps(document))
    ran = softntk(f"verify {touched}")
    assert ran.code == 2
    assert "hash" in ran.out
    assert softntk(f"verify {certificate} --work 10").code == 3

    np.savez(tmp_path / "other.npz", inputs=np.ones((6, 10)), labels=np.ones((6, 1)))
    assert softntk(f"verify {certificate} --data {tmp_path / 'other.npz'}").code == 2


def test_what_is_not_certified_exits_with_1_and_says_what_would_help(softntk):
    ran = softntk("certify wine --count 12 --width 32")
    assert ran.code == 1
    assert "does not apply" in ran.out
    assert "what would help: a width of about" in ran.out


def test_equal_rows_are_named(softntk):
    ran = softntk("certify iris --width 2048")
    assert ran.code == 1
    assert "does not apply" in ran.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("certify sphere --count 6 -o cert.json", "--rigorous"),
        ("verify nosuch.json", "nosuch.json"),
        ("certify nosuch", "nosuch"),
    ],
)
def test_bad_input(softntk, line, said):
    ran = softntk(line)
    assert ran.code == 2
    assert said in ran.err


def test_a_trained_model_is_certified_on_its_own_rows(softntk, tmp_path):
    model = tmp_path / "m.npz"
    ran = softntk(f"train breast_cancer --count 10 --width 128 --steps 400 --certify --stop --json -o {model}")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["first_certified_step"] == found["steps"]
    ran = softntk(f"certify breast_cancer --model {model}")
    assert ran.code == 0, ran.out
    assert "n = 10" in ran.out
