"""What each number is that a statement asks for: one vocabulary for all guarantees."""

__all__ = ["SYMBOLS"]

#: Name of a number -> its meaning.
SYMBOLS: dict[str, str] = {
    # sizes
    "n": "number of samples",
    "d": "input size",
    "m": "number of hidden neurons",
    "k": "number of outputs",
    "independent_neurons": "number of neurons drawn independently (m, or m/2 at the antisymmetric start)",
    # data
    "largest_input": "largest norm of an input",
    "largest_label": "largest absolute entry of the labels",
    # the start
    "sigma": "standard deviation of the hidden weights at the start",
    "lambda_min": "smallest eigenvalue of the tangent kernel H = J J^T / m",
    "lambda_radius": "numerical error of that eigenvalue",
    "lambda_max": "largest eigenvalue of the tangent kernel",
    "largest_preactivation": "largest |<w_r, x_i>|",
    "largest_mean": "largest |<a_l, S_i>|, S the softmax",
    "residual": "norm of the residual at the start, ||F(0) - Y||",
    "antisymmetric": "1 at the antisymmetric start, 0 elsewhere",
    "softmax": "1 for the softmax network, 0 for the others",
    "output_rank": "rank of the output weights A",
    "output_rank_with_ones": "rank of A with a row of ones added",
    # the run
    "eta": "step size",
    "t": "number of steps; infinity for the limit",
    "epsilon": "squared residual to reach",
    "delta": "probability with which the statement may fail (with a cutoff: the share of the residual given up)",
    "radius": "D, the largest distance that a neuron moves",
    "c0": "2 <R(t), v0>, the normalization's part of a step",
    "c1": "2 <R(t), v1>, the linear part of a step",
    "c2": "2 <R(t), v2>, the second-order part of a step",
    "c3": "||F(t+1) - F(t)||^2",
    # the Jacobian of a general map on a ball
    "alpha": "lower bound on its singular values",
    "beta": "upper bound on its singular values",
    "s0": "its smallest singular value at the start",
    "b0": "its largest singular value at the start",
    "lipschitz": "its Lipschitz constant (for the score: that of the target)",
    "mu": "constant of the PL* condition",
    "lipschitz_map": "Lipschitz constant of the map",
    "smoothness": "Lipschitz constant of its derivative",
    # kernels and spectra
    "trace": "trace of the kernel matrix",
    "norm_squared": "y^T K^-1 y (or r0^T H^-1 r0)",
    "largest_diagonal": "bound on K(x, x) over all inputs",
    "eigenvalues": "eigenvalues, as a list (of K/n for early stopping, of H for the linearization)",
    "coefficients": "coefficients of the residual at the start in the eigenvectors, as a list",
    # early stopping and scores
    "noise": "noise level omega of the labels",
    "largest_noise": "largest noise level over the inputs",
    "smallest_noise": "smallest noise level over the inputs",
    "step": "eta' = eta m n, the step size for the loss divided by n",
    "target_norm": "norm of the target in the space of the kernel",
    "gamma": "Gamma, the logarithm by which the information part shrinks",
    "cutoff": "singular value that splits information from nuisance",
    "information": "norm of the residual at the start in the information space",
    "nuisance": "norm of the residual at the start in the nuisance space",
    "jacobian_change": "largest change of the Jacobian on the ball",
    "stopping_error": "eps(n, T), error of the stopped kernel regression",
    "target_norm_squared": "R_H, squared radius of the ball in the space of the kernel",
    "mismatch": "Gamma, mismatch of the labels",
}
