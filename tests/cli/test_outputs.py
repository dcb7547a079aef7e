"""What a command writes: refused before the work if it cannot be written, under a name that says its format, whole."""

import json

import pytest

# Work that would never end: what is refused is refused before it.
LONG = {
    "train iris --steps 1000000000": ".npz",
    "regress sphere --count 1000000 --solver dense": ".npz",
    "kernel sphere --count 1000000": ".npz",
    "certify sphere --count 1000000 --rigorous": ".json",
    "score rings --count 100000000": ".npz",
    "sample three-gaussians --steps 1000000000": ".npz",
}


@pytest.mark.parametrize("command", LONG)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(softntk, tmp_path, command):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").touch()
    ending = LONG[command]
    for name, said in {
        f"missing/x{ending}": "Make that folder first",
        f"folder{ending}": "a folder",
        f"file/x{ending}": "Not a directory",
        "x.txt": f"Type {tmp_path / 'x.txt'}{ending}",
    }.items():
        ran = softntk(f"{command} -o {tmp_path / name}")
        assert ran.code == 2, ran.err
        assert said in ran.err
        assert "Traceback" not in ran.err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder.json", "folder.npz"]


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_work(softntk, tmp_path):
    ran = softntk(f"regress sphere --count 1000000 --checkpoint {tmp_path / 'missing' / 'c.npz'}")
    assert ran.code == 2
    assert "`checkpoint` must be a file that can be written" in ran.err


def test_a_name_without_ending_is_written_and_found(softntk, tmp_path):
    model = tmp_path / "model"
    assert softntk(f"train iris --count 8 --width 8 --steps 2 --held-out 0 -o {model}").code == 0
    assert [each.name for each in tmp_path.iterdir()] == ["model.npz"]
    rows = tmp_path / "rows.csv"
    rows.write_text("sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5,3,1,0.2\n")
    ran = softntk(f"predict {model} {rows} --json -o {tmp_path / 'out'}")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["written"] == str(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == [str(row[0]) for row in found["predictions"]]
    ran = softntk(f"sample {model}")
    assert ran.code == 2
    assert "a network. Use it with softntk predict" in ran.err


def test_a_run_that_diverged_writes_no_model_and_says_so(softntk, tmp_path):
    ran = softntk(f"train iris --count 8 --width 8 --steps 3 --step-size 1e300 --held-out 0 -o {tmp_path / 'm'}")
    assert ran.code == 1
    assert "m.npz is not written, since the run diverged" in ran.out
    assert list(tmp_path.iterdir()) == []


def test_json_is_json_where_numbers_are_not_finite(softntk):
    def never(token):
        raise AssertionError(token)

    ran = softntk("kernel iris --count 1 --width 8 --json")
    found = json.loads(ran.out, parse_constant=never)
    for place, word in found.get("not_finite", {}).items():
        assert word in ("nan", "inf", "-inf"), place
