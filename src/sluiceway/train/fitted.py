"""Fitted: find the parts of an estimator that learnt something before training, perhaps from held-out rows."""

from collections.abc import Iterator, Mapping
from typing import Any

OWN_LISTS = ("steps", "transformers", "transformer_list", "estimators")


def find_fitted(estimator: Any) -> tuple[str, ...]:
    """Return the paths of fitted parts, such as ``columntransformer.texts``; a class name stands for the whole.

    A fitted container hides its parts, except that scikit-learn's Pipeline learns nothing itself, so its fitted steps
    are named.
    """
    if is_fitted(estimator):
        return (type(estimator).__name__,)
    return tuple(_walk("", estimator, set()))


def is_fitted(value: object) -> bool:
    """Tell whether a part has learnt something; a frozen one counts always, as training cannot change it."""
    from sklearn.frozen import FrozenEstimator

    return isinstance(value, FrozenEstimator) or (is_estimator(value) and bool(_learned(value)))


def is_estimator(value: object) -> bool:
    """Accept any instance with ``fit``: libraries need not subclass scikit-learn's."""
    return hasattr(value, "fit") and not isinstance(value, type)


def _learned(estimator: object) -> list[str]:
    """List learnt attributes, which scikit-learn's convention ends in an underscore.

    None and False do not count: an unfitted LGBMClassifier has ``fitted_ = False``. ``check_is_fitted`` is of no use
    here because it calls stateless steps fitted.
    """
    return [
        name
        for name, value in getattr(estimator, "__dict__", {}).items()
        if name.endswith("_") and not name.startswith("_")
        if value is not None and value is not False
    ]


def _walk(path: str, value: object, seen: set[int]) -> Iterator[str]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if is_fitted(value):
        yield path
        return
    for name, child in _children(value):
        yield from _walk(f"{path}.{name}" if path else name, child, seen)


def _children(value: object) -> Iterator[tuple[str, object]]:
    """Walk parameters and collections; scikit-learn's own deep parameters skip most collections."""
    if isinstance(value, Mapping):
        yield from ((str(key), item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        yield from (_named(place, item) for place, item in enumerate(value))
    elif is_estimator(value):
        yield from _parameters(value)
    elif is_estimator(owner := getattr(value, "__self__", None)):
        yield "__self__", owner


def _named(place: int, item: object) -> tuple[str, object]:
    """Read scikit-learn's tuples of name, estimator and more by their names."""
    if isinstance(item, tuple) and len(item) > 1 and isinstance(item[0], str):
        return item[0], item[1]
    return str(place), item


def _parameters(estimator: Any) -> Iterator[tuple[str, object]]:
    """List constructor parameters, leaving a container's own list unnamed."""
    if not hasattr(estimator, "get_params"):
        return
    for name, value in estimator.get_params(deep=False).items():
        if name in OWN_LISTS:
            yield from _children(value)
        else:
            yield name, value
