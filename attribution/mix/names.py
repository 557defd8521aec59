"""What the name of a column says: spend or exposure of a medium, a control, an own action, or a result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Measure = Literal["spend", "exposure", "frequency"]

SPEND = {
    "s",
    "spend",
    "spends",
    "spending",
    "cost",
    "costs",
    "budget",
    "invest",
    "investment",
    "mdsp",
    "ausgaben",
    "kosten",
}
EXPOSURE = {
    "i", "p", "imp", "imps", "impr", "impression", "impressions", "click", "clicks", "view", "views", "grp", "grps",
    "trp", "trps", "reach", "sends", "sent", "opens", "deliveries", "mdip", "visits", "spots", "sessions", "exposure",
}  # fmt: skip
FREQUENCY = {"frequency", "freq"}
# Single letters are measures only at the end, as Robyn writes them.
LETTERS = {"s", "i", "p"}

DATE = re.compile(
    r"^(date|datum|day|week|month|time|ds|period)$|date|(^|_)(dt|wk_strt)(_|$)|time_?stamp|week_?(start|of)"
)
GEO = re.compile(
    r"^(geo|geos|dma|region|market|state|country|city|store|zip|area|territory|province)(_?(id|name|code))?$"
)
POPULATION = re.compile(r"(^|_)(population|pop|inhabitants|households)($|_)")
WORTH = re.compile(r"(revenue|value|margin|profit|price)_?per_?|(^|_)aov($|_)|average_order_value")
MONEY = re.compile(
    r"^(total_?)?(revenue|sales|gmv|turnover|umsatz|net_?sales|gross_?sales|bookings_value|sales_value)$"
)
COUNTS = re.compile(
    r"^(total_?)?(conversions?|orders?|purchases?|installs?|sign_?ups?|leads?|subscriptions?|bookings|units|transactions|"
    r"customers|new_customers)$"
)
ANY_OUTCOME = re.compile(r"^(y|outcome|kpi|target|response|dep_?var)$")
SECOND_OUTCOME = re.compile(r"(^|_)(revenue|sales|conversions?|orders|kpi)($|_)")
RESULT = re.compile(
    r"(^|_)(effect|contribution|adstock|adstocked|saturated|saturation|epsilon|noise|resid|residuals?|error|baseline|base|"
    r"intercept|truth|fitted|predicted|seasonal|seasonality|trend)(_|$)"
)
CALENDAR = re.compile(
    r"^(t|index|idx|id|row|unnamed.*|column_\d+)$|(^|_)(yr|year|qtr|quarter|month|wk|week|prd|day)(_|$)|day_?of|week_?of|_in_yr"
)
SEASON = re.compile(r"^seas(on)?_|_season$")
QUERIES = re.compile(r"quer(y|ies)|search_?vol|gqv|google_?trends|search_?interest|(^|_)(demand|interest)(_|$)")
COMPETITOR = re.compile(r"compet|rival|(^|_)comp(_|$)")
OWN_ACTION = re.compile(r"promo|discount|coupon|markdown|mrkdn|(^|_)(price|pricing|sale|offer|rebate)(_|$)")
OUTSIDE = re.compile(
    r"weather|temp|rain|snow|unemploy|cpi|gdp|inflation|sentiment|confidence|covid|gas|macro|(^|_)me(_|$)"
)
HOLIDAY = re.compile(r"holiday|hldy|feiertag|christmas|easter|black_?friday|(^|_)(event|seas|season)(_|$|\d)")
ORGANIC = re.compile(r"organic|newsletter|e_?mail|(^|_)(push|sms|blog|crm|seo|owned|earned)(_|$)")
CONTROL = re.compile(r"(^|_)(control|ctrl|covariate)(_|$)|^c\d+$|^z\d*$")
LONG = re.compile(r"(^|_)(channel|channels|medium|media|platform|source|kanal|campaign)($|_)")
NUMBERED = re.compile(r"^x\d+(_.*)?$")


@dataclass(frozen=True, slots=True)
class Medium:
    """What a name like ``tv_spend`` says: the channel's stem, and what is measured."""

    stem: str
    measure: Measure
    word: str


def plain(name: str) -> str:
    """A name in lower case, words joined by ``_``; ``tvSpend`` is two words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name.strip())
    return re.sub(r"(?:[^\w.]|_)+", "_", spaced.lower()).strip("_")


def medium(name: str) -> Medium | None:
    """Read a name as one column of a medium; None where no word of it measures media."""
    words = [w for w in re.split(r"(?:[^\w.&+]|_)+", re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name)) if w]
    found: list[tuple[Measure, str]] = []
    stem = []
    for place, word in enumerate(words):
        measure = _measure(word.lower(), last=place == len(words) - 1)
        if measure is None or not (place == 0 or place >= len(words) - 2):
            stem.append(word)
        else:
            found.append((measure, word.lower()))
    if not found or not stem:
        return None
    # Robyn's search_clicks_P measures clicks twice over; a spend word wins over all.
    measures = [m for m, _ in found]
    measure = next((m for m in ("spend", "frequency") if m in measures), "exposure")
    return Medium("_".join(stem), measure, found[0][1])  # type: ignore[arg-type]


def _measure(word: str, *, last: bool) -> Measure | None:
    if word in LETTERS and not last:
        return None
    if word in SPEND:
        return "spend"
    if word in FREQUENCY:
        return "frequency"
    return "exposure" if word in EXPOSURE else None
