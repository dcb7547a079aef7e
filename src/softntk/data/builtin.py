"""Data sets that come with scikit-learn: real, small, there without a network connection.

name            rows   inputs   target
digits          1797   64       10 classes: 8 x 8 images of handwritten digits
breast_cancer   569    30       2 classes: benign, malignant
wine            178    13       3 classes: growers
iris            150    4        3 classes: species; rows 101 and 142 have equal inputs
diabetes        442    10       regression: progression of the disease
"""

import numpy as np

from softntk.data.schema import Column, sentences
from softntk.data.table import Table
from softntk.failures import BadInput

__all__ = ["BUILTIN", "read_builtin"]

#: Name of each set -> name of its target.
BUILTIN = {
    "digits": "digit",
    "breast_cancer": "diagnosis",
    "wine": "grower",
    "iris": "species",
    "diabetes": "progression",
}


def read_builtin(name: str) -> Table:
    """The built-in set of this name, in its own units, classes by their names.

    Raises:
        BadInput: there is no such set.
    """
    if name not in BUILTIN:
        raise BadInput("name", required=f"be one of {', '.join(BUILTIN)}", got=repr(name), advice="Type digits, say.")
    # Importing scikit-learn takes longer than reading most files, which do not need it.
    from sklearn import datasets

    # scikit-learn offers the diabetes inputs scaled by itself; scaling is done here, where it is recorded.
    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    classes = bunch.get("target_names")
    # The digits stay numbers; the other classes have names that say more than 0, 1, 2.
    named = classes is not None and np.asarray(classes).dtype.kind == "U"
    inputs = np.asarray(bunch.data, np.float64)
    names = tuple(str(column) for column in bunch.feature_names)
    schema = tuple(Column(column, "numbers", 0, "input") for column in names)
    schema += (Column(BUILTIN[name], "text" if named else "numbers", 0, "target"),)
    return Table(
        name,
        inputs,
        np.asarray(classes)[bunch.target] if named else np.asarray(bunch.target, np.float64),
        names,
        (BUILTIN[name],),
        kind="regression" if classes is None else "classification",
        notes=tuple(sentences(name, len(inputs), schema)),
        schema=schema,
    )
