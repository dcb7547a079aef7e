"""The twelve questions that readers of the paper asked, and which the page answers one by one.

Answers come from the sections of the page. Two questions are about the page itself, and are answered wherever it is
made: which letter means what (11), and which statements hide constants (12).
"""

from collections.abc import Iterable

from softntk.verdicts import Answer, Verdict

__all__ = ["QUESTIONS", "QUICK", "standing_answer"]

#: Number -> question.
QUESTIONS = {
    1: "How does the convex region that normalization gives differ, in numbers, from the ReLU case?",
    2: "On small synthetic and real data, do the softmax and the ReLU kernels behave as the theory says?",
    3: "Table 1 gives all three networks the same rates. Do they perform alike, and by which mechanisms? "
    "Does replacing softmax by ReLU or exp give the same?",
    4: "n² and n^(2+o(1)) can be hugely different. How large is the o(1)?",
    5: "Why would normalization help generalization?",
    6: "What is the technical difficulty that softmax adds over ReLU?",
    7: "How is score matching a regression?",
    8: "Do the assumptions of the diffusion section hold, bounded noisy inputs in particular? "
    "What happens where they do not?",
    9: "How large is the gap between a two-layer network and the deep networks that people use for scores?",
    10: "What can be said about attention, and about its dependence on the number of keys?",
    11: "What is d when inputs and outputs differ in size?",
    12: "Which constants are hidden, which are explicit, and which statement is only an order of growth?",
}

#: Question -> the command whose record answers it, for pages that lack it.
QUICK = {
    asked: f"Not in these records: softntk reproduce --preset quick --only {study} answers it."
    for asked, study in {
        1: "convex_region",
        2: "training",
        3: "table_one",
        4: "table_one",
        5: "generalization",
        6: "perturbation",
        7: "score_error",
        8: "score_split",
        10: "kernel_limit",
    }.items()
} | {9: "Not in these records: softntk reproduce --preset full --only score_error answers it."}


def standing_answer(question: int, verdicts: Iterable[Verdict]) -> str | None:
    """The answer that the page itself gives, if it gives one."""
    if question == 11:
        return (
            "The size of an input, and nothing else. This page keeps four numbers apart: n samples, inputs of size d, "
            "m hidden neurons, k outputs. The paper's main theorem sets k = d; here k is its own number."
        )
    if question == 12:
        verdicts = list(verdicts)
        orders = [each.claim for each in verdicts if each.answer is Answer.ORDER_ONLY]
        explicit = len(verdicts) - len(orders)
        named = ": " + "; ".join(dict.fromkeys(orders)) if orders else ""
        return (
            "Every claim on this page says which kind it is. Where a statement hides a constant, the page uses 1 in "
            f"its place and answers “order only”. Of {len(verdicts)} claims, {explicit} are explicit and "
            f"{len(orders)} {'is' if len(orders) == 1 else 'are'} order only{named}."
        )
    return None
