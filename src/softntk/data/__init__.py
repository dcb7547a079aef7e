"""Training sets: where they come from, how they are scaled, and the facts that theorems ask about them."""

from softntk.data.builtin import BUILTIN, read_builtin
from softntk.data.encoding import KINDS, Encoding, kind_of
from softntk.data.files import ENDINGS, read_inputs, read_table
from softntk.data.geometry import Pair
from softntk.data.matching import read_matching
from softntk.data.mixture import MIXTURES, GaussianMixture, mixture_named
from softntk.data.options import MISSING, ReadOptions
from softntk.data.places import Places
from softntk.data.preparation import Preparation, prepare
from softntk.data.scaling import SCALINGS, Scaling
from softntk.data.schema import Column
from softntk.data.shapes import SHAPES, shape_named
from softntk.data.sources import SYNTHETIC, draw_rows, load, load_split, split
from softntk.data.synthetic import Teacher, random_labels, separated, separated_inputs, sphere, sphere_inputs, teacher
from softntk.data.table import Table
from softntk.data.training_set import TrainingSet

__all__ = [
    "BUILTIN",
    "ENDINGS",
    "KINDS",
    "MISSING",
    "MIXTURES",
    "SCALINGS",
    "SHAPES",
    "SYNTHETIC",
    "Column",
    "Encoding",
    "GaussianMixture",
    "Pair",
    "Places",
    "Preparation",
    "ReadOptions",
    "Scaling",
    "Table",
    "Teacher",
    "TrainingSet",
    "draw_rows",
    "kind_of",
    "load",
    "load_split",
    "mixture_named",
    "prepare",
    "random_labels",
    "read_builtin",
    "read_inputs",
    "read_matching",
    "read_table",
    "separated",
    "separated_inputs",
    "shape_named",
    "sphere",
    "sphere_inputs",
    "split",
    "teacher",
]
