"""The one reader of models: what kind a file holds, it says itself."""

import os
from typing import TypeVar, overload

from softntk.diffusion.model import LearnedScore
from softntk.estimators.kernel_model import KernelModel
from softntk.estimators.model import Model
from softntk.files import read_model

__all__ = ["load_model"]

M = TypeVar("M", Model, KernelModel, LearnedScore)
N = TypeVar("N", Model, KernelModel, LearnedScore)

_MODELS = {each.kind: each for each in (Model, KernelModel, LearnedScore)}


@overload
def load_model(path: str | os.PathLike[str]) -> Model | KernelModel | LearnedScore: ...
@overload
def load_model(path: str | os.PathLike[str], wanted: type[M], /) -> M: ...
@overload
def load_model(path: str | os.PathLike[str], wanted: type[M], other: type[N], /) -> M | N: ...
def load_model(path: str | os.PathLike[str], *wanted: type) -> Model | KernelModel | LearnedScore:
    """Read a model; `path` may leave out the ending .npz.

    Arguments:
        wanted: classes of models that will do; any by default.

    Raises:
        BadInput: the file is missing, damaged, holds none of them, or one that does not fit together.
        TooLarge: it is larger than memory.
    """
    file = read_model(path, *(kind for kind, each in _MODELS.items() if each in wanted))
    return _MODELS[file.kind].from_file(file)
