"""Lines of one's own files."""

import math

import pytest

from generation.python.retrieval import OwnFilesGenerator
from generation.python.tokens import token_model
from generation.types import Context

OWN = """\
import numpy as np


def band_power(signal, sfreq):
    spectrum = np.abs(np.fft.rfft(signal)) ** 2
    return spectrum[: sfreq // 2]


def line_noise(trial, rate):
    spectrum = np.abs(np.fft.rfft(trial)) ** 2
    return spectrum[50]
"""


@pytest.fixture(scope="module")
def model():
    return token_model()


@pytest.fixture(scope="module")
def own(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "power.py"
    path.write_text(OWN)
    return OwnFilesGenerator(model, [path])


def texts(generator, before, n=16):
    return [c.text for c in generator.propose(Context("python", before), n)]


def test_a_line_comes_back_with_the_names_in_scope(own):
    before = "import numpy as np\n\n\ndef muscle(epoch, hz):\n"
    assert texts(own, before)[0] == "    spectrum = np.abs(np.fft.rfft(epoch)) ** 2\n"


def test_a_begun_line_is_gone_on_with(own):
    before = "import numpy as np\n\n\ndef muscle(epoch, hz):\n    power = 1\n    spectrum = np.abs("
    assert texts(own, before)[0] == "np.fft.rfft(epoch)) ** 2\n"


def test_a_line_whose_names_are_not_bound_here_stays_away(own):
    assert not any("rfft" in text for text in texts(own, "def muscle():\n    "))


def test_probabilities_leave_room_for_other_lines(own):
    candidates = own.propose(Context("python", "import numpy as np\n\n\ndef f(x, y):\n    "), 32)
    assert 0 < math.fsum(math.exp(c.log_p) for c in candidates) < 1


def test_without_files_nothing_is_proposed(model):
    assert texts(OwnFilesGenerator(model, []), "def f(x):\n    ") == []


def test_files_that_cannot_be_read_are_left_out(model, tmp_path):
    (tmp_path / "nulls.py").write_bytes(b"x = 1\0")
    (tmp_path / "latin.py").write_bytes("x = 'é'\n".encode("latin-1"))
    (tmp_path / "large.py").write_text("x = 1\n" * 50_000)
    (tmp_path / "broken.py").write_text("def f(:\n  )(\n")
    paths = [*sorted(tmp_path.iterdir()), tmp_path / "missing.py", tmp_path]
    assert texts(OwnFilesGenerator(model, paths), "x = 1\n") == []
