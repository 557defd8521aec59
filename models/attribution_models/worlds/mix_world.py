"""A market seen as periods, as data: calendar, geos, baseline, media, noise and experiments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from attribution_models.worlds.mix_channel import MixChannel

Period = Literal["week", "day"]
NoiseKind = Literal["normal", "student-t", "overdispersed"]
Use = Literal["prior", "likelihood", "validate"]


@dataclass(frozen=True, slots=True)
class MixExperiment:
    """A test of one channel in a split of the people, too small to show in the panel.

    Attributes
    ----------
    name, channel : str
    at : float
        When it begins, as a share of the window.
    weeks : int
        How long spend differs; outcomes are counted until its carry-over ends.
    comparison : float
        What the comparison group gets of the channel's spend: 0 is a holdout, above 1 a heavier plan (then lift and
        ``spend_change`` are negative: the panel had less).
    geos : float
        Share of the geos in which it runs, drawn; 1: everywhere.
    error : float
        Standard error of the lift, as a multiple of that of two arms as noisy as the panel's cells. Below 1: the test
        compares like with like better than the panel does.
    use : {"prior", "likelihood", "validate"}
        The one use of the experiment.
    """

    name: str
    channel: str
    at: float
    weeks: int = 6
    comparison: float = 0.0
    geos: float = 1.0
    error: float = 0.4
    use: Use = "likelihood"

    def __post_init__(self) -> None:
        if not 0 <= self.at < 1 or self.weeks < 1:
            raise ValueError(f"{self.name}: a test begins at a share of the window and lasts a week or more.")
        if self.error <= 0 or self.use not in get_args(Use):
            raise ValueError(f"{self.name}: error is above 0 and use one of {', '.join(get_args(Use))}.")
        if self.comparison < 0 or self.comparison == 1 or not 0 < self.geos <= 1:
            raise ValueError(f"{self.name}: the comparison differs from the panel, and geos are a share in (0, 1].")


@dataclass(frozen=True, slots=True)
class MixWorld:
    """Description of one market; `mix.simulate` runs it, `mix_market` holds the process.

    Per person of geo g in period t, in units of the outcome, with b the level and all else as shares of it:

        μ_gt / population_g = b_g + b (trend_t + season_t + weekday_t + holiday_t + promo_gt + control_t
                              + demand · z_gt + shock_t) + Σ_c β_gc h_c(adstock_c(exposure_gct per person))

    Attributes
    ----------
    name : str
        Name of the preset.
    seed : int
        Of all draws: same description, same tables, to the byte.
    channels : tuple of MixChannel
    period : {"week", "day"}
    periods : int
        T, the window.
    future : int
        Periods after the window that are drawn too, for plans; media never end at the window's end.
    first_day : datetime.date
        Of the window. A Monday.
    l_max : int
        Periods that an exposure acts in, its own included. l_max periods are lived before the window.
    geos : int
        G; 1 is a national panel.
    people : int
        Population of all geos.
    level : float
        b: baseline outcome per person and week.
    revenue_per_outcome : float or None
        Mean revenue per conversion, which drifts by a few per cent; None: the outcome is revenue.
    trend : float
        Slope per year.
    bends : tuple of (float, float)
        Change points: share of the window, change of the slope per year.
    season, weekday, holiday, promo : float
        Size of the yearly season (its largest mode), of the weekdays (daily panels), of a period within the holidays,
        of a full promotion.
    demand : float
        Effect of one standard deviation of demand z, which wanders and which targeting may follow.
    recorded : float
        Share of demand's variance that the control ``query_volume`` records; the rest is hidden.
    competitor : float
        Effect of one standard deviation of the control ``competitor_price``, which no medium follows.
    shock : float
        Standard deviation of shocks common to all geos in a period; they belong to the baseline.
    noise, noise_kind, tail : float, {"normal", "student-t", "overdispersed"}, float
        Residual standard deviation as a share of the geo's mean outcome, its form, and degrees of freedom of
        ``student-t`` (scaled to that standard deviation). ``overdispersed``: Poisson with a Gamma mean, whole numbers.
    residual_memory : float
        AR(1) coefficient of the residual; 0: independent.
    level_dispersion, spend_dispersion, spend_variation : float
        Between geos: of log levels, of log spend per person; and of log spend by geo and period.
    experiments : tuple of MixExperiment
    """

    name: str
    seed: int
    channels: tuple[MixChannel, ...]
    period: Period = "week"
    periods: int = 156
    future: int = 0
    first_day: date = date(2022, 1, 3)
    l_max: int = 8
    geos: int = 1
    people: int = 10_000_000
    level: float = 0.5
    revenue_per_outcome: float | None = None
    trend: float = 0.05
    bends: tuple[tuple[float, float], ...] = ()
    season: float = 0.12
    weekday: float = 0.15
    holiday: float = 0.15
    promo: float = 0.10
    demand: float = 0.04
    recorded: float = 1.0
    competitor: float = 0.03
    shock: float = 0.0
    noise: float = 0.03
    noise_kind: NoiseKind = "normal"
    tail: float = 4.0
    residual_memory: float = 0.0
    level_dispersion: float = 0.15
    spend_dispersion: float = 0.3
    spend_variation: float = 0.25
    experiments: tuple[MixExperiment, ...] = ()

    def __post_init__(self) -> None:
        self._check_size()
        self._check_names()
        self._check_baseline()
        for experiment in self.experiments:
            self._check_experiment(experiment)

    def _check_size(self) -> None:
        if self.period not in get_args(Period):
            raise ValueError(f"A period is week or day; got {self.period!r}.")
        if self.first_day.weekday() != 0:
            raise ValueError(f"The window begins on a Monday; {self.first_day} is none.")
        if self.seed < 0 or self.geos < 1 or self.l_max < 1 or self.future < 0:
            raise ValueError(
                f"A world needs seed >= 0, geos >= 1, l_max >= 1 and future >= 0; got seed={self.seed}, "
                f"geos={self.geos}, l_max={self.l_max}, future={self.future}."
            )
        if self.people < 1000 * self.geos:
            raise ValueError(f"A geo needs a thousand people; got {self.people:,} people for {self.geos:,} geos.")
        if self.periods < 2 * self.l_max:
            raise ValueError(
                f"The window is too short: {self.periods} {self.period}s; media act for {self.l_max}. "
                f"Take {2 * self.l_max} or more."
            )

    def _check_names(self) -> None:
        names = [channel.name for channel in self.channels]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"A world needs channels whose names differ from each other; got {names}.")
        if missing := sorted({e.channel for e in self.experiments} - {c.name for c in self.paid}):
            raise ValueError(f"Tested but not among the paid channels: {', '.join(missing)}; the channels are {names}.")

    def _check_baseline(self) -> None:
        if self.level <= 0 or (self.revenue_per_outcome is not None and self.revenue_per_outcome <= 0):
            raise ValueError("Level and revenue per outcome must be above 0.")
        if not 0 <= self.recorded <= 1 or not -1 < self.residual_memory < 1:
            raise ValueError(
                f"recorded lies in [0, 1] and residual_memory in (-1, 1); got {self.recorded} and "
                f"{self.residual_memory}."
            )
        if self.noise_kind not in get_args(NoiseKind) or self.tail <= 2:
            raise ValueError(f"Noise is {', '.join(get_args(NoiseKind))} with tail > 2; got {self.noise_kind!r}.")
        if self.noise_kind == "overdispersed" and (self.residual_memory or self.revenue_per_outcome is None):
            raise ValueError("Overdispersed noise is for conversions (revenue_per_outcome) without residual_memory.")

    def _check_experiment(self, experiment: MixExperiment) -> None:
        first, last, _ = self.span(experiment)
        if last > self.periods:
            raise ValueError(
                f"{experiment.name}: period {first + 1} to {last} of a window of {self.periods}. Begin earlier or "
                "lengthen the window."
            )

    def span(self, experiment: MixExperiment) -> tuple[int, int, int]:
        """First period of a test, the one after its last spend, the one after its last outcome (in the window)."""
        first = int(experiment.at * self.periods)
        stop = first + experiment.weeks * self.per_week
        return first, stop, min(stop + self.l_max - 1, self.periods)

    @property
    def days(self) -> int:
        """Length of a period."""
        return 7 if self.period == "week" else 1

    @property
    def per_week(self) -> int:
        """Periods in a week."""
        return 7 // self.days

    @property
    def length(self) -> int:
        """Periods that are lived: l_max before the window, the window, the future, l_max − 1 to carry out."""
        return self.l_max + self.periods + self.future + self.l_max - 1

    @property
    def window(self) -> slice:
        """The window within the periods that are lived."""
        return slice(self.l_max, self.l_max + self.periods)

    @property
    def paid(self) -> tuple[MixChannel, ...]:
        """Channels with spend, in order."""
        return tuple(c for c in self.channels if c.paid)
