"""Kernel regression beside scikit-learn: the same splits, every method tuned on the training part alone.

    python benchmarks/regression_accuracy.py [quick]

Real sets: 5 folds, classes balanced over them; numbers are error in percent (classes) or root mean squared error in
units of the target's standard deviation, with the standard error over the folds. Synthetic sets: one split of up to
50,000 points. Time is for tuning and fitting, in seconds, one after the other in one process.

Ours chooses among three of its scalings, on the training part as well. The others see standardized columns; on digits,
where all columns have one unit, they also try one factor for all (the Gaussian process does not: it has no search).

    ours        KernelRegressor / KernelClassifier: scaling, scale and ridge by leave-one-out
    KRR         KernelRidge(rbf), gamma and alpha by 3-fold grid search
    Nystroem    Nystroem(rbf, 300) and ridge regression, the same search
    SVM         SVC / SVR (rbf), gamma and C by 3-fold grid search
    GP          Gaussian process (rbf + noise) regression by marginal likelihood, on labels +1 / -1 for classes

Methods that are quadratic or cubic in n are left out where n is too large for them (-).
"""

import sys
import time
import warnings
from functools import partial

import numpy as np
from sklearn import datasets
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from _timing import Claims
from softntk.estimators import KernelClassifier, KernelRegressor

warnings.filterwarnings("ignore")
SCALES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
SCALINGS = ("sphere", "hemisphere", "unit")


def real(name: str):
    bunch = getattr(datasets, f"load_{name}")()
    return bunch.data.astype(float), bunch.target, name != "diabetes"


def synthetic(name: str, n: int):
    """`waves`: smooth functions of 8 inputs with noise 0.1; `spirals`: two classes in 2 dimensions plus 4 of noise."""
    rng = np.random.default_rng(0)
    if name == "waves":
        x = rng.standard_normal((n, 8))
        y = np.sin(x @ rng.standard_normal(8)) + np.cos(x[:, 0] * x[:, 1]) + 0.1 * rng.standard_normal(n)
        return x, y, False
    turn, label = 3 * np.sqrt(rng.random(n)), rng.integers(0, 2, n)
    angle = np.pi * (turn + label)
    x = np.column_stack([turn * np.cos(angle), turn * np.sin(angle)]) + 0.15 * rng.standard_normal((n, 2))
    return np.column_stack([x, 0.3 * rng.standard_normal((n, 4))]), label, True


def one_hot(y):
    classes = np.unique(y)
    return np.where(y[:, None] == classes[None, :], 1.0, -1.0)


class ByRegression:
    """A regressor on +1 and -1, or on the standardized target, as a predictor of the target."""

    def __init__(self, regressor, classes: bool):
        self.regressor, self.classes = regressor, classes

    def fit(self, x, y):
        self.names, self.center, self.spread = np.unique(y), y.mean(), y.std()
        self.regressor.fit(x, one_hot(y) if self.classes else (y - self.center) / self.spread)
        return self

    def predict(self, x):
        found = self.regressor.predict(x)
        return self.names[np.argmax(found, axis=1)] if self.classes else found * self.spread + self.center


def contenders(n: int, d: int, classes: bool, one_unit: bool):
    searched = partial(grid_search, one_unit=one_unit)
    gammas = np.array([0.1, 0.3, 1, 3]) / d
    arguments = {"scale": SCALES, "scaling": SCALINGS}
    yield "ours", KernelClassifier(**arguments) if classes else KernelRegressor(**arguments)
    if n <= 2000:
        machine = searched(KernelRidge(kernel="rbf"), gamma=gammas, alpha=[1e-3, 1e-2, 0.1, 1])
        yield "KRR", ByRegression(machine, classes)
    approximate = make_pipeline(Nystroem(n_components=min(300, n // 2), random_state=0), Ridge())
    machine = searched(approximate, nystroem__gamma=gammas, ridge__alpha=[1e-3, 1e-1, 1])
    yield "Nystroem", ByRegression(machine, classes)
    if n <= 5000:
        machine = searched(SVC() if classes else SVR(), gamma=gammas, C=[1, 10, 100])
        yield "SVM", machine if classes else ByRegression(machine, classes=False)
    if n <= 2000:
        kernel = ConstantKernel() * RBF(d**0.5) + WhiteKernel(0.1)
        yield "GP", ByRegression(make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel)), classes)


class OneFactor(TransformerMixin, BaseEstimator):
    """Divide all columns by one number, so that the variance of a row is that of standardized columns."""

    def fit(self, x, y=None):
        self.factor_ = np.sqrt(np.mean(x.var(axis=0)))
        return self

    def transform(self, x):
        return x / self.factor_


def grid_search(machine, one_unit: bool, **grid):
    """A grid search over the machine's parameters and, if all columns have one unit, the scaling of its inputs."""
    steps = Pipeline([("scaler", StandardScaler()), ("machine", machine)])
    grid = {f"machine__{name}": values for name, values in grid.items()}
    scalers = [StandardScaler(), OneFactor()] if one_unit else [StandardScaler()]
    return GridSearchCV(steps, grid | {"scaler": scalers}, cv=3, n_jobs=1)


def error(method, x, y, classes: bool) -> float:
    found = method.predict(x)
    return 100 * float(np.mean(found != y)) if classes else float(np.sqrt(np.mean((found - y) ** 2)) / y.std())


def compared(what: str, x, y, classes: bool, folds) -> dict[str, tuple[float, float, float]]:
    """Error, its standard error over the folds, and seconds a fold, by method."""
    found: dict[str, list[tuple[float, float]]] = {}
    for fit, rest in folds:
        for method, machine in contenders(len(fit), x.shape[1], classes, what.startswith("digits")):
            start = time.perf_counter()
            machine.fit(x[fit], y[fit])
            seconds = time.perf_counter() - start
            found.setdefault(method, []).append((error(machine, x[rest], y[rest], classes), seconds))
    rows = {}
    for method, pairs in found.items():
        errors, seconds = np.array(pairs).T
        if len(errors) > 1:
            spread = float(errors.std(ddof=1) / np.sqrt(len(errors)))
        elif classes:
            spread = float(np.sqrt(errors[0] * (100 - errors[0]) / len(folds[0][1])))  # binomial
        else:
            spread = float("nan")
        # The first fold compiles; the median is what a fit takes.
        rows[method] = (float(errors.mean()), spread, float(np.median(seconds)))
    print("| " + " | ".join([what, *(cell(rows.get(method)) for method in METHODS)]) + " |", flush=True)
    return rows


METHODS = ("ours", "KRR", "Nystroem", "SVM", "GP")


def cell(row) -> str:
    if row is None:
        return "-"
    value, spread, seconds = row
    around = "" if np.isnan(spread) else f" ± {spread:.2g}"
    return f"{value:.3g}{around} ({seconds:.2g} s)"


def main(quick: bool) -> None:
    claims = Claims("Kernel regression beside scikit-learn: error (seconds to tune and fit)")
    print("| data | " + " | ".join(METHODS) + " |\n|---|" + "---|" * len(METHODS))
    results = {}
    for name in ("wine", "breast_cancer", "diabetes", "digits"):
        x, y, classes = real(name)
        folding = StratifiedKFold if classes else KFold
        folds = list(folding(5, shuffle=True, random_state=0).split(x, y))
        what = f"{name}, n = {len(x):,}, {'error %' if classes else 'relative rmse'}"
        results[name] = compared(what, x, y, classes, folds[:2] if quick else folds)
    for name, n in (("spirals", 5000), ("waves", 5000), ("waves", 5000 if quick else 50_000)):
        x, y, classes = synthetic(name, n + 2000)
        folds = [(np.arange(n), np.arange(n, n + 2000))]
        what = f"{name}, n = {n:,}, {'error %' if classes else 'relative rmse'}"
        results[f"{name} {n}"] = compared(what, x, y, classes, folds)
    for name, rows in results.items():
        ours = rows["ours"]
        best = min((each for method, each in rows.items() if method != "ours"), key=lambda each: each[0])
        room = 2 * np.hypot(*(0 if np.isnan(each[1]) else each[1] for each in (ours, best))) + 0.05 * best[0]
        words = f"{ours[0]:.3g} against {best[0]:.3g}"
        claims.line(
            f"{name}: as accurate as the best of the others, to 5 % and two standard errors",
            words,
            ours[0] <= best[0] + room,
        )
    claims.leave()


if __name__ == "__main__":
    main("quick" in sys.argv[1:])
