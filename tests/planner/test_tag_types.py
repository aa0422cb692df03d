"""Typed tags: inferred from text, or told by a typed value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.tags import infer_tag, typed_tag


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("200", "number", 200.0),
        ("-1.5e3", "number", -1500.0),
        (".5", "number", 0.5),
        ("+3", "number", 3.0),
        ("0", "number", 0.0),
        (" 200 ", "number", 200.0),
        ("true", "boolean", 1.0),
        ("False", "boolean", 0.0),
        ("1970-01-02", "time", 86_400e6),
        ("1970-01-01T00:00:01Z", "time", 1e6),
        ("1970-01-01T01:00:00.000001+01:00", "time", 1.0),
        ("1970-01-01 00:00", "time", 0.0),
        ("par_all27_prot_lipid", "string", None),
        ("", "string", None),
        ("007", "string", None),
        ("1e999", "string", None),
        ("nan", "string", None),
        ("inf", "string", None),
        ("2026-13-01", "string", None),
        ("2026-02-30T10:00:00Z", "string", None),
        ("0x10", "string", None),
        ("1_000", "string", None),
        ("١٢", "string", None),
        ("yes", "string", None),
    ],
)
def test_a_type_is_inferred_from_text_and_the_text_is_kept(
    text: str, kind: str, number: float | None
) -> None:
    tag = infer_tag("k", text)
    assert (tag.key, tag.type, tag.text, tag.number) == ("k", kind, text, number)


@pytest.mark.parametrize(
    ("value", "kind", "text", "number"),
    [
        ("200", "string", "200", None),
        (200, "number", "200", 200.0),
        (0.5, "number", "0.5", 0.5),
        (True, "boolean", "true", 1.0),
        (False, "boolean", "false", 0.0),
        (math.inf, "string", "inf", None),
        (10**400, "string", str(10**400), None),
    ],
)
def test_a_typed_value_keeps_its_type(
    value: str | float | bool, kind: str, text: str, number: float | None
) -> None:
    tag = typed_tag("k", value)
    assert (tag.type, tag.text, tag.number) == (kind, text, number)


@given(st.text())
def test_any_text_has_a_type_and_loses_nothing(text: str) -> None:
    tag = infer_tag("k", text)
    assert tag.text == text
    assert (tag.number is None) == (tag.type == "string")
    assert tag.number is None or math.isfinite(tag.number)
