"""The checker that `conftest` puts on every annotation of softntk."""

from beartype import BeartypeConf, beartype

#: An int is a float and a float is complex, as PEP 484 and every type checker have it.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
