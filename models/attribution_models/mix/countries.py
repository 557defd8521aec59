"""Countries and regions whose public holidays are known."""

from __future__ import annotations

from difflib import get_close_matches


def check_country(country: str, subdivision: str | None = None) -> None:
    """Refuse what the package ``holidays`` does not know.

    Raises
    ------
    ValueError
        An unknown country or subdivision, with what is known.
    """
    import holidays  # noqa: PLC0415

    countries = holidays.list_supported_countries()
    if country not in countries:
        near = get_close_matches(country.upper(), countries, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'country "{country}" is unknown.{hint} Codes are of two letters, as in DE, FR, US.')
    divisions = list(countries[country])
    if subdivision is not None and subdivision not in divisions:
        known = f"{country} has {', '.join(divisions)}" if divisions else f"{country} has none"
        raise ValueError(f'subdivision "{subdivision}" is unknown. {known}.')
