"""How much the kernel moves when the neurons move: the literature's bounds and sharp, deterministic ones.

H_{(i,l),(j,l')} = G_ij (1/m) sum_r D_ilr D_jl'r with G = X X^T and slopes D. Every neuron moves by at most D (in sums
over r, D always carries indices), so the pre-activation z_ir moves by some d_r with |d_r| <= t_i = D |x_i|.

**Softmax.** D_ilr = m S_ir (a_lr - u_il), u_il = <a_l, S_i>, c_il = 1 + |u_il|, q_i = exp(2 t_i),

    g_il = (q_i - 1) c_il + 2 q_i tanh(t_i / 2)
    |H' - H| <= |G_ij| m <S_i, S_j> (c_il g_jl' + g_il c_jl' + g_il g_jl').

*Proof.* S' = S p with p_r = exp(d_r) / E_S exp(d), which lies in [1/q, q]. A shift of u is |u' - u| <= 2 TV(S, S'), and
the total variation is S'(T) - S(T) for the set T where p > 1. Raising d on T to t and lowering it elsewhere to -t
only raises S'(T), and then logit S'(T) = logit S(T) + 2 t; sigmoid(v + 2 t) - sigmoid(v) is largest at v = -t, where it
is tanh(t/2). So |u' - u| <= 2 tanh(t/2), and with p (a - u') - (a - u) = (p - 1)(a - u) - p (u' - u),

    |D' - D| <= m S [ (q - 1) c + 2 q tanh(t/2) ] = m S g,      |D| <= m S c.

Insert both into D'_i D'_j - D_i D_j = D_i E_j + E_i D_j + E_i E_j, E = D' - D, and sum over r. QED
With c = 1 and t small the bracket is 6 t. A change of 4 t is attained: let few neurons of little total weight carry
sum_r S_r^2, move them by t and all others by -t; p is then close to q on the few, and u stays where it is.

**Exponential.** D = a exp(z), so a product of slopes changes by at most exp(z_ir + z_jr) (exp(t_i + t_j) - 1), attained
when all neurons move along x_i (i = j):

    |H' - H| <= |G_ij| (1/m) sum_r exp(z_ir + z_jr) (exp(t_i + t_j) - 1).

**ReLU.** D = a 1[z > 0]. Let N be the indicator z > 0, Q that of z > t (surely on), P that of z >= -t (possibly on).
With s = a_l a_l' the entry can gain neurons of P_i P_j - N_i N_j and lose neurons of N_i N_j - Q_i Q_j. All gains with
s = 1 and losses with s = -1 push it up, the others down, and it moves at most by the larger of the two:

    |H' - H| <= |G_ij| (1/2m) (sum_r (P_i P_j - Q_i Q_j) + |sum_r s (P_i P_j + Q_i Q_j - 2 N_i N_j)|),

attained for i = j, l = l'. It counts the neurons near their kink: of order D if they have a density there, but all of
them in the worst case, where the smooth networks' bounds are of order D for every configuration.

The literature's bounds are stated in `theorems.perturbation`; the sharp forms are derived here.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from softntk.failures import BadInput
from softntk.kernels.empirical import empirical_ntk
from softntk.lemmas.basic import largest_preactivation
from softntk.lemmas.finding import Finding, facts, found, neuron_distance
from softntk.networks.features import Exponential, ReLU, Softmax
from softntk.networks.two_layer import TwoLayer
from softntk.theorems.constants import PAPER, Constants
from softntk.theorems.logs import log10
from softntk.theorems.perturbation import EXPONENTIAL_KERNEL, RELU_KERNEL, SOFTMAX_KERNEL, softmax_drift
from softntk.verdicts import Answer, Verdict, at_most

__all__ = ["kernel_perturbation", "sharp_bound", "sharp_perturbation"]


def kernel_perturbation(
    network: TwoLayer,
    moved: TwoLayer,
    inputs: Float[Array, "n d"],
    *,
    scale: float,
    antisymmetric: bool,
    delta: float = 0.01,
    constants: Constants = PAPER,
) -> Finding:
    """Check the literature's bound on ||H(W) - H(W')||_F for the network's feature; both numbers are log10.

    Arguments:
        moved: the network after the move; its hidden weights may differ, nothing else.
        scale: standard deviation of the hidden weights at the start.
        antisymmetric: whether the network is at the antisymmetric start, which draws only m/2 neurons independently.
        delta: probability with which the bound on the pre-activations may fail.
    """
    norm, rounding = _change(network, moved, inputs)
    numbers = facts(network, inputs) | {"sigma": scale, "radius": neuron_distance(network, moved)}
    if isinstance(network.features, Softmax):
        numbers |= {"delta": delta, "largest_preactivation": largest_preactivation(network, inputs)}
        guarantee = SOFTMAX_KERNEL
    elif isinstance(network.features, ReLU):
        numbers |= {"independent_neurons": network.width / 2 if antisymmetric else float(network.width)}
        guarantee = RELU_KERNEL
    else:
        numbers |= {"delta": delta}
        guarantee = EXPONENTIAL_KERNEL
    known = {symbol: numbers[symbol] for symbol in guarantee.symbols if symbol in numbers}
    return found(guarantee.evaluate(**known, constants=constants), log10(norm), error=_error_of_log(norm, rounding))


def sharp_perturbation(network: TwoLayer, moved: TwoLayer, inputs: Float[Array, "n d"]) -> Finding:
    """Check the sharp form entry by entry; the two numbers are log10 of the Frobenius norms of both sides.

    The verdict is *fails* if a single entry is above its bound by more than rounding.
    """
    claim = f"The {network.features.name} kernel moves little (sharp form, every entry), log10"
    bound = sharp_bound(network, inputs, neuron_distance(network, moved))
    change = jnp.abs(empirical_ntk(moved, inputs) - empirical_ntk(network, inputs))
    measured, promised = (log10(float(jnp.linalg.norm(side))) for side in (change, bound))
    excess = float(jnp.max(change - bound - _rounding(network, moved, inputs)))
    if excess > 0:
        reason = f"an entry is above its bound by {excess:.3g}, more than rounding"
        return Finding(measured, promised, Verdict(claim, Answer.FAILS, reason, measured, promised))
    return Finding(measured, promised, at_most(claim, measured, promised))


def sharp_bound(network: TwoLayer, inputs: Float[Array, "n d"], radius: float) -> Float[Array, "n k n k"]:
    """The sharp bound on |H(W') - H(W)| for every W' with all ||w'_r - w_r|| <= radius (n, k, n, k).

    Raises:
        BadInput: the radius is negative or not a number, or the feature has no sharp form.
    """
    if not radius >= 0:
        raise BadInput("radius", required="be a distance", got=repr(radius), advice="Type radius=0.01.")
    if network.features.name not in _SHARP:
        raise BadInput(
            "network",
            required="have softmax, exponential or ReLU features",
            got=repr(network.features),
            advice="Type features=Softmax().",
        )
    return _SHARP[network.features.name](network, inputs, radius)


def _softmax(network: TwoLayer, inputs: Float[Array, "n d"], radius: float) -> Float[Array, "n k n k"]:
    weights = jax.nn.softmax(inputs @ network.hidden, axis=1)
    means = weights @ network.output.T
    norms = jnp.linalg.norm(inputs, axis=1)
    # A loop over n k numbers: the formula is written once, in theorems, on numbers.
    drift = jnp.asarray(
        [
            [softmax_drift(radius=radius, norm=norm, mean=mean) for mean in row]
            for norm, row in zip(norms.tolist(), means.tolist(), strict=True)
        ],
        inputs.dtype,
    )
    size = 1 + jnp.abs(means)
    left, right = (slice(None), slice(None), None, None), (None, None, slice(None), slice(None))
    bracket = size[left] * drift[right] + drift[left] * size[right] + drift[left] * drift[right]
    return (jnp.abs(inputs @ inputs.T) * network.width * (weights @ weights.T))[:, None, :, None] * bracket


def _exponential(network: TwoLayer, inputs: Float[Array, "n d"], radius: float) -> Float[Array, "n k n k"]:
    exponentials, reach = jnp.exp(inputs @ network.hidden), radius * jnp.linalg.norm(inputs, axis=1)
    bracket = jnp.expm1(reach[:, None] + reach[None, :])
    entries = jnp.abs(inputs @ inputs.T) * (exponentials @ exponentials.T) / network.width * bracket
    return _for_every_output(network, entries)


def _relu(network: TwoLayer, inputs: Float[Array, "n d"], radius: float) -> Float[Array, "n k n k"]:
    scores, norms = inputs @ network.hidden, jnp.linalg.norm(inputs, axis=1)
    # Near a kink the computed sign may be the wrong one: such neurons count as undecided.
    slack = 4 * inputs.shape[1] * jnp.finfo(inputs.dtype).eps * jnp.linalg.norm(network.hidden, axis=0)
    reach = norms[:, None] * (radius + slack[None, :])
    possibly, now, surely = (on.astype(inputs.dtype) for on in (scores >= -reach, scores > 0, scores > reach))

    def signed(on: Float[Array, "n m"]) -> Float[Array, "n k n k"]:
        rows = (on[:, None, :] * network.output[None]).reshape(-1, network.width)
        shape = (on.shape[0], network.output_size)
        return (rows @ rows.T).reshape(shape + shape)

    either = _for_every_output(network, possibly @ possibly.T - surely @ surely.T)
    tilted = jnp.abs(signed(possibly) + signed(surely) - 2 * signed(now))
    return jnp.abs(inputs @ inputs.T)[:, None, :, None] * (either + tilted) / (2 * network.width)


def _for_every_output(network: TwoLayer, entries: Float[Array, "n n"]) -> Float[Array, "n k n k"]:
    n, k = entries.shape[0], network.output_size
    return jnp.broadcast_to(entries[:, None, :, None], (n, k, n, k))


_SHARP: dict[str, Callable[[TwoLayer, Float[Array, "n d"], float], Float[Array, "n k n k"]]] = {
    Softmax.name: _softmax,
    Exponential.name: _exponential,
    ReLU.name: _relu,
}


def _change(network: TwoLayer, moved: TwoLayer, inputs: Float[Array, "n d"]) -> tuple[float, float]:
    """||H(W) - H(W')||_F and its rounding error."""
    change = empirical_ntk(moved, inputs) - empirical_ntk(network, inputs)
    return float(jnp.linalg.norm(change)), float(jnp.linalg.norm(_rounding(network, moved, inputs)))


@eqx.filter_jit
def _rounding(network: TwoLayer, moved: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, "n k n k"]:
    """Rounding error of H - H', entry by entry: eps (m + d) times the sum of absolute values."""
    sizes = []
    for one in (network, moved):
        values, weight = one.features.parts(inputs @ one.hidden)
        slopes = 2 * weight * one.features.slope(values)
        sizes.append(slopes @ slopes.T / one.width)
    count = 4.0 * (network.width + inputs.shape[1])
    norms = jnp.linalg.norm(inputs, axis=1)
    entries = count * jnp.finfo(inputs.dtype).eps * (sizes[0] + sizes[1]) * norms[:, None] * norms[None, :]
    return _for_every_output(network, entries)


def _error_of_log(value: float, error: float) -> float:
    return log10(1 + error / value) if value > 0 else 0.0
