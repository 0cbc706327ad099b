# SPDX-License-Identifier: Apache-2.0
"""Numbers as text: with their errors, units, and a dash where they are not known."""
import html
import math

UNKNOWN = "–"
SPACE = "\u00a0"  # where a line must not break


def escape(text: object) -> str:
    return html.escape(str(text))


def fine_unit(unit: str) -> tuple[str, float]:
    """Unit of displacements and scores, and what to multiply lengths with."""
    return ("pm", 1e3) if unit == "nm" else ("px", 1.0)


def decimals(error: float) -> int:
    """Of a value with this error: two significant digits of an error that starts with 1 or 2, else one."""
    if not (math.isfinite(error) and error > 0):
        return 3
    power = math.floor(math.log10(error))
    digits = 2 if error / 10.0**power < 3 else 1
    return min(max(digits - 1 - power, 0), 8)


def fixed(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else UNKNOWN


def measured(value: float, error: float, unit: str = "") -> str:
    """1.47 ± 0.06 pm; no error known: said so."""
    if not math.isfinite(value):
        return UNKNOWN
    unit = SPACE + unit if unit else ""
    if not math.isfinite(error):
        return f"{fixed(value, 3)}{unit} (error not known)"
    return f"{fixed(value, decimals(error))}{SPACE}±{SPACE}{fixed(error, decimals(error))}{unit}"


def between(low: float, high: float, digits: int = 2) -> str:
    return f"{fixed(low, digits)} to {fixed(high, digits)}" if math.isfinite(low + high) else UNKNOWN


def count(value: int | float | None) -> str:
    return f"{int(value):,}" if value is not None and math.isfinite(value) else UNKNOWN


def length(value: float, unit: str) -> str:
    """In fine_unit()'s unit, to 0.1 pm or 0.001 px."""
    return fixed(value, 1 if unit == "pm" else 3) + SPACE + unit


def percent(fraction: float, digits: int = 0) -> str:
    return f"{fixed(100 * fraction, digits)}{SPACE}%" if math.isfinite(fraction) else UNKNOWN


def listed(items: list[str]) -> str:
    """a, b and c"""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""
