"""What the tests of tables share."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write bytes or text under a name and return the path."""

    def written(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written
