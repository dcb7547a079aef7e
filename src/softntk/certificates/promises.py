"""What Theorem A promises of one network and one data set: numbers, sentences, JSON values.

With r0 the residual, q < 1 its contraction a step, and a loss of r^2 / 2:

    ||R(t)|| <= q^t r0,      loss(t) <= goal from t = log(r0 / sqrt(2 goal)) / log(1/q) on.

`convergence.certify` makes one.
"""

import math
from dataclasses import dataclass
from typing import Any

from softntk.certificates.proof import Proof
from softntk.certificates.suggestions import Suggestion
from softntk.failures import BadInput
from softntk.verdicts import Answer, Verdict

__all__ = ["Certificate"]

# Logarithms are rounded; one step in a million million more is no loss.
_STEPS_SLACK = 1 + 1e-12
# The loss that sentences count steps to, and the numbers that JSON has.
_LOSS = 1e-6
_NUMBERS = ("lambda_min", "lambda_error", "s0", "residual", "h", "h_flow", "path", "beta", "step_size", "contraction")


@dataclass(frozen=True)
class Certificate:
    """What Theorem A says of one network and one data set. Numbers that are not proved are NaN.

    Attributes:
        verdict: of gradient descent.
        flow: verdict of gradient flow, which needs less.
        features: name of the feature.
        width: m.
        lambda_min: smallest eigenvalue of the tangent kernel H, as computed; from below if proved in balls.
        lambda_error: bound of its error; 0 if proved in balls.
        s0, b0: bounds of sigma_min(J) and ||J|| at the start.
        residual: r0, above ||F - Y||_F by what rounding can have done to it, and so never 0.
        h: r0 / (2 int_0^p psi), below 1/2 exactly if the theorem applies; L r0 / s0^2 for a constant L.
        h_flow: the same for gradient flow.
        method: which rate of decrease proves it (see `assessment`).
        path: p, the radius of the ball that is never left, and a bound of the length of the path.
        s_end: lower bound of sigma_min(J) in that ball.
        decrease: psi(p): the residual falls by at least this for each unit of path.
        beta: upper bound of ||J|| in that ball.
        step_size: eta, guaranteed or as given; the guarantee holds for smaller steps with their own contraction.
        contraction: the residual's norm shrinks by this factor every step, at least.
        cap: tau, where a few neurons were damped; NaN where not.
        suggestion: what would help; None if certified.
        proof: the inequalities with both sides, where ball arithmetic was asked for and used.
    """

    verdict: Verdict
    flow: Verdict
    features: str
    width: int
    lambda_min: float = math.nan
    lambda_error: float = math.nan
    s0: float = math.nan
    b0: float = math.nan
    residual: float = math.nan
    h: float = math.nan
    h_flow: float = math.nan
    method: str = ""
    path: float = math.nan
    s_end: float = math.nan
    decrease: float = math.nan
    beta: float = math.nan
    step_size: float = math.nan
    contraction: float = math.nan
    cap: float = math.nan
    suggestion: Suggestion | None = None
    proof: Proof | None = None

    @property
    def established(self) -> bool:
        """Whether gradient descent is shown to converge: *certified*, or *holds* in float64."""
        return self.verdict.established

    def steps_to(self, loss: float) -> float:
        """Steps after which 1/2 ||F - Y||_F^2 is proved to be at most `loss`; infinity if nothing is proved.

        Raises:
            BadInput: `loss` is not positive.
        """
        if not loss > 0:
            raise BadInput("loss", required="be positive", got=repr(loss), advice="Type loss=1e-3.")
        if not self.established:
            return math.inf
        goal = math.sqrt(2) * math.sqrt(loss)
        if self.residual <= goal:
            return 0
        factor = math.log(self.residual) - math.log(goal)
        rate = -math.log(self.contraction) if self.contraction > 0 else math.inf
        return math.ceil(factor / rate * _STEPS_SLACK) if rate > 0 else math.inf

    def residual_after(self, steps: int) -> float:
        """Upper bound of ||R|| after this many steps; NaN if nothing is proved."""
        return self.residual * self.contraction**steps

    def sentences(self) -> list[str]:
        """The verdict first, then what it promises; where it promises nothing, what would help and what flow does."""
        said = [f"{self.features}, m = {self.width:,}: {self.verdict}"]
        if self.established:
            rigorous = self.verdict.answer is Answer.CERTIFIED
            return [
                *said,
                f"h = {self.h:.4g}, and 1/2 is the limit; smallest eigenvalue {self.lambda_min:.4g}",
                f"with steps of {self.step_size:.4g} the residual shrinks by {self.contraction:.6g} or more each step: "
                f"loss below {_LOSS:g} after {self.steps_to(_LOSS):,} steps at the latest",
                f"the weights never move farther than {self.path:.4g} from where they are",
                "This speaks of gradient descent in exact arithmetic from these float64 numbers"
                + (", proved in ball arithmetic." if rigorous else ", checked in float64."),
            ]
        said += [] if self.suggestion is None else [str(self.suggestion)]
        return said + ([str(self.flow)] if self.flow.established else [])

    def to_dict(self) -> dict[str, Any]:
        """Verdict, numbers and sentences as JSON values; what is not proved is null."""
        numbers = {name: getattr(self, name) for name in _NUMBERS} | {"steps_to_1e-6": self.steps_to(_LOSS)}
        return {
            "features": self.features,
            "width": self.width,
            "answer": self.verdict.answer.value,
            "reason": self.verdict.reason,
            "flow": self.flow.answer.value,
            **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
            "words": self.sentences(),
        }
