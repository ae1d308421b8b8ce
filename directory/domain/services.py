"""What clinics offer and for which condition: the codes, in the order of their filter bits."""

from collections.abc import Iterable, Sequence
from enum import StrEnum


class Modality(StrEnum):
    """How the medicine is given. New members go last: their order is stored."""

    IV = "iv"
    IM = "im"
    ESKETAMINE = "esketamine"
    ORAL = "oral"


class Condition(StrEnum):
    """What the treatment is offered for. New members go last: their order is stored."""

    DEPRESSION = "depression"
    BIPOLAR = "bipolar"
    ANXIETY = "anxiety"
    PTSD = "ptsd"
    PAIN = "pain"
    OCD = "ocd"


MODALITIES = tuple(Modality)
CONDITIONS = tuple(Condition)


def mask_of(codes: Iterable[str], order: Sequence[str]) -> int:
    """Return the bit set of `codes`, bit n standing for `order[n]`; raises ValueError."""
    return sum(1 << order.index(code) for code in set(codes))
