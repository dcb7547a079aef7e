"""The softmax network as cross-attention.

    F(x) = m sum_r softmax(<w_1, x>, ..., <w_m, x>)_r a_r

is attention with one query x, m learned keys w_r and m values m a_r, without the factor 1/sqrt(d). The width of the
network is the number of keys. `attend` computes it through `jax.nn.dot_product_attention`: a second way to the
same numbers, and the way to put a trained network into code that speaks of attention.
"""

import jax
from jaxtyping import Array, Float

from softntk.networks.two_layer import TwoLayer

__all__ = ["attend"]


def attend(network: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, "n k"]:
    """Evaluate a softmax network as attention from n queries to m keys.

    Equals `network(inputs)` up to float32 rounding, for JAX computes attention weights in float32 even for float64.
    """
    # dot_product_attention wants queries, keys and values of one size: the shorter ones are padded with zeros,
    # which changes neither the scores nor the first k outputs.
    size = max(network.input_size, network.output_size)

    def heads(rows: Float[Array, "rows columns"]) -> Float[Array, "1 rows 1 size"]:
        return jax.numpy.pad(rows, ((0, 0), (0, size - rows.shape[1])))[None, :, None, :]

    values = network.width * network.output.T
    # JAX promotes dtypes inside this function, which its own strict mode would refuse.
    with jax.numpy_dtype_promotion("standard"):
        mixed = jax.nn.dot_product_attention(heads(inputs), heads(network.hidden.T), heads(values), scale=1.0)
    return mixed[0, :, 0, : network.output_size]
