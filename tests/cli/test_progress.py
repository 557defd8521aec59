"""The line that shows how far work is: on terminals only, erased at the end, plain where it must be."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from threading import Condition

import click
import pytest

from attribution.progress import counted, silent
from attribution_cli import progress_bar
from attribution_cli.main import COMMANDS, attribution, main
from attribution_cli.output import put, say
from attribution_cli.plain_text import plainly, readable
from attribution_cli.progress_bar import LINE, State, Watch, bar_line, cut, duration, watched, watching
from attribution_cli.sampling_bar import sampling_bar
from attribution_models.mix.nuts import Progress

pty = pytest.importorskip("pty", reason="pseudo-terminals are of Unix")

ESCAPE = "\x1b"


class Terminal:
    """A pseudo-terminal in the place of stderr."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.text = ""

    def stream(self, encoding: str = "utf-8") -> io.TextIOWrapper:
        return io.TextIOWrapper(os.fdopen(os.dup(self.theirs), "wb"), encoding=encoding, write_through=True)

    def read(self) -> str:
        """Everything up to what is written now."""
        os.write(self.theirs, b"\x04")
        while not self.text.endswith("\x04"):
            self.text += os.read(self.ours, 65536).decode()
        self.text = self.text[:-1]
        return self.text

    def screen(self) -> str:
        """What a person sees in the last line."""
        row: list[str] = []
        at = 0
        for c in self.read():
            if c in "\r\n":
                row, at = ([] if c == "\n" else row), 0
            else:
                row[at : at + 1] = [c]
                at += 1
        return "".join(row).rstrip()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Terminal]]:
    """Put a terminal in the place of stderr; the line appears at once."""
    monkeypatch.setattr(progress_bar, "QUIET", 0.0)
    monkeypatch.setattr(progress_bar, "PACE", 0.001)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    made: list[Terminal] = []
    streams: list[io.TextIOWrapper] = []

    def put_there(encoding: str = "utf-8") -> Terminal:
        made.append(Terminal())
        streams.append(made[-1].stream(encoding))
        monkeypatch.setattr(sys, "stderr", streams[-1])
        readable(streams[-1])
        return made[-1]

    yield put_there
    LINE.length, LINE.text = 0, ""
    for stream in streams:
        stream.close()
    for one in made:
        os.close(one.ours)
        os.close(one.theirs)


class Painted:
    """What the line showed, so that slow work lasts exactly as long as it takes to be seen."""

    def __init__(self) -> None:
        self.changed, self.shown = Condition(), [""]

    def wait(self, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: any(text in one for one in self.shown), 30)

    def note(self, text: str) -> None:
        with self.changed:
            self.shown.append(text)
            self.changed.notify_all()


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Painted:
    """What is shown from now on."""
    painted, show = Painted(), LINE.show

    def shown(text: str) -> None:
        show(text)
        painted.note(text)

    monkeypatch.setattr(LINE, "show", shown)
    return painted


@pytest.fixture
def slow(painted: Painted, monkeypatch: pytest.MonkeyPatch) -> Painted:
    """A command whose step is slow."""

    @click.command()
    def slow_command() -> None:
        with watching("reading touches.csv") as told:
            told("cutting journeys", 1, 4)
            painted.wait("cutting" if watched() else "")
            told("cutting journeys", 4, 4)
        click.echo("data")

    monkeypatch.setitem(COMMANDS, "slow", "")
    find = attribution.get_command
    monkeypatch.setattr(
        attribution, "get_command", lambda ctx, name: slow_command if name == "slow" else find(ctx, name)
    )
    return painted


def run_main(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return int(end.value.code or 0)


def test_a_slow_step_shows_a_bar_on_a_terminal_and_erases_it(terminal, slow, capfd):
    screen = terminal()
    assert run_main("slow") == 0
    assert "cutting journeys  ██████░░" in screen.read()
    assert "25%" in screen.read()
    assert screen.screen() == ""
    assert ESCAPE not in screen.read()
    assert capfd.readouterr().out == "data\n"


def test_nothing_is_shown_in_a_pipe(slow, capfd, monkeypatch):
    monkeypatch.setattr(progress_bar, "QUIET", 0.0)
    assert run_main("slow") == 0
    assert capfd.readouterr() == ("data\n", "")


def test_nothing_is_shown_on_a_dumb_terminal(terminal, slow, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    screen = terminal()
    assert run_main("slow") == 0
    assert screen.read() == ""


def test_no_thread_and_no_calls_where_nobody_watches():
    assert not watched()
    with watching("work") as told:
        assert told is silent
    assert sampling_bar() is None


def test_quick_work_shows_nothing(terminal, monkeypatch):
    screen = terminal()
    monkeypatch.setattr(progress_bar, "QUIET", 60.0)
    with watching("reading") as told:
        told("cutting journeys", 1, 2)
    assert screen.read() == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_line_is_erased_when_work_ends_early(error, terminal, painted):
    screen = terminal()

    def work() -> None:
        with watching("fitting"):
            painted.wait("fitting")
            raise error

    with pytest.raises(error):
        work()
    assert "fitting  1 s …" in screen.read()
    assert screen.screen() == ""


def test_an_interrupted_command_ends_with_130(terminal, painted, monkeypatch):
    @click.command()
    def stopped() -> None:
        with watching("fitting"):
            painted.wait("fitting")
            raise KeyboardInterrupt

    monkeypatch.setattr(attribution, "get_command", lambda *_: stopped)
    screen = terminal()
    assert run_main("stopped") == 130
    assert "fitting" in screen.read()
    assert "fitting" not in screen.read().rpartition("\r" + " " * len("fitting  1 s …") + "\r")[2]
    assert screen.read().endswith("Interrupted.\r\n")


def test_a_line_for_the_person_takes_the_place_of_the_bar(terminal, painted):
    screen = terminal()
    with watching("fitting"):
        painted.wait("fitting")
        say("Compiled.")
    lines = screen.read().split("\n")
    assert any(re.fullmatch(r".*\r +\rCompiled\.\r", line) for line in lines)


def test_an_ascii_terminal_gets_plain_characters(terminal, painted):
    screen = terminal("ascii")
    with watching("x") as told:
        told("cutting journeys", 1, 2)
        painted.wait("cutting")
    assert "cutting journeys  ############............   50%" in screen.read()
    assert screen.read().isascii()


def test_no_colour_where_it_is_not_wanted(terminal, monkeypatch):
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        screen = terminal()
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert run_main("fit", "rules", "-w", "nowhere") == 2
        assert screen.read().startswith("Error: ")
    coloured = terminal()
    assert run_main("fit", "rules", "-w", "nowhere") == 2
    assert coloured.read().startswith(f"{ESCAPE}[31mError:{ESCAPE}[0m ")


def test_the_sampler_shows_on_the_same_line(terminal):
    screen = terminal()
    told = sampling_bar()
    assert told is not None
    told("round 1", Progress(500, 1000, 3))
    assert re.search(r"round 1  █{12}░{12}   50%  1 s left  3 divergences$", screen.screen())
    told("round 1", Progress(1000, 1000, 3))
    assert screen.screen() == ""


def test_a_watch_hands_the_sampler_its_line(terminal):
    terminal()
    watch = Watch("reading the panel")
    told = sampling_bar(watch)
    assert told is not None
    told("round 2", Progress(10, 1000, 0))
    assert (watch.state.stage, watch.state.done, watch.state.total) == ("round 2", 10, 1000)
    told("round 2", Progress(1000, 1000, 0))
    assert watch.state.total == 0


def test_the_bar_says_share_and_time_left():
    half = State("resampling", 100, 200, since=0.0, at=30.0)
    assert bar_line(half, 30.0) == f"resampling  {'█' * 12}{'░' * 12}   50%  30 s left"
    assert bar_line(half, 40.0).endswith("20 s left")
    assert bar_line(State("resampling", 1, 200, 0.0, 5.0), 5.0).endswith("0%  5 s …")
    assert bar_line(State("reading touches.csv", 0, 0, 0.0, 0.0), 3.0) == "reading touches.csv  3 s …"
    assert bar_line(State("resampling", 200, 200, 0.0, 9.0), 12.0) == "resampling  12 s …"


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 200])
def test_the_line_never_reaches_the_end_of_the_terminal(width):
    for state in (State("x" * 300, 1, 2, 0.0, 1e5, "3 divergences"), State("y" * 300, 0, 0, 0.0, 0.0)):
        assert len(bar_line(state, 1e5, width)) < width


def test_a_stage_counts_its_own_time(monkeypatch):
    clock = iter([0.0, 5.0, 7.0, 9.0])
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: next(clock))
    watch = Watch("reading")
    for call in (("cutting", 0, 4), ("cutting", 1, 4), ("writing", 0, 0)):
        watch(*call)
    assert watch.state == State("writing", 0, 0, 9.0, 9.0)


def test_times_and_names_are_short():
    assert [duration(s) for s in (0.2, 4, 89, 120, 4800)] == ["1 s", "4 s", "89 s", "2 min", "80 min"]
    assert duration(6000) == "1 h 40 min"
    assert (cut("Display prospecting", 8), cut("Display", 8)) == ("Display…", "Display")


def test_a_loop_that_knows_no_stages_is_told_of_as_one():
    calls: list[tuple[str, int, int]] = []
    counted(lambda *state: calls.append(state), "resampling", 200)(40)
    assert calls == [("resampling", 40, 200)]


def test_text_is_plain_where_the_encoding_lacks_characters():
    for encoding, wanted in (("ascii", "## ... Z\\xfcrich ="), ("latin-1", "## ... Zürich =")):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
        readable(stream)
        stream.write("█▊▏ … Zürich =")
        assert stream.buffer.getvalue().decode(encoding) == wanted
    assert plainly("█ ½", io.TextIOWrapper(io.BytesIO(), encoding="ascii")) == "# \\xbd"
    assert plainly("█ ½", io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) == "█ ½"


def test_tables_are_plain_on_an_ascii_stdout(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    put("Shop  ██▌ · 4 ± 1")
    sys.stdout.flush()
    assert written.getvalue() == b"Shop  ### - 4 +/- 1\n"
