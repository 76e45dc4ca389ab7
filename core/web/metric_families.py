"""The metrics of the installation as Prometheus wants them: names, helps, labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from heliograph.checkup.gauges import Gauges, read_gauges
from heliograph.db import dialect_name
from heliograph.deliveries.counting import LABELS, SUM
from heliograph.host.extensions import Metric as Added
from heliograph.host.offered import attempt, offered
from heliograph.jobs.runs import list_runs
from heliograph.meters import CALL_SECONDS, CALLBACKS, CALLS, REPLIES, REPORTS, Reading, read_meters
from heliograph.version import __version__

PREFIX = "heliograph_"
COUNTERS = {
    CALLS: ("provider_calls", "outcome", "Texts handed to a provider, by what it answered"),
    CALLBACKS: ("callbacks", "code", "Callbacks of providers, by the status they were answered"),
    REPORTS: ("reports", "status", "Status reports that told something new"),
    REPLIES: ("replies", "opt", "Texts that came in, by what they ask for: out, in, help, text"),
}


class Families:
    """A collector: reads the database when it is asked, and keeps nothing."""

    def collect(self) -> Iterator[Metric]:
        yield gauge(
            "info",
            "The version, and the kind of database",
            ("version", "database"),
            [((__version__, dialect_name()), 1)],
        )
        yield from of_texts(read_gauges())
        yield from of_parts()
        yield from of_jobs()
        yield from of_meters(read_meters())


def of_texts(now: Gauges) -> Iterator[Metric]:
    kinds = ("kind",)
    yield gauge("texts_queued", "Texts that wait for their turn", kinds, each(now.queued))
    words = "Seconds since the text that waits the longest has been due"
    yield gauge("oldest_due_text_seconds", words, kinds, each(now.oldest_due))
    yield single("texts_in_flight", "Texts in the hands of a process", now.in_flight)
    yield single("texts_unanswered", "Texts that are looked up at the provider", now.unanswered)
    yield single("texts_unknown", "Texts that a person has to decide on", now.unknown)
    yield single("reports_unmatched", "Reports that fit no text that is here", now.unmatched)
    held = [((one.provider, one.sender), int(one.held)) for one in now.senders]
    yield gauge("sender_held", "1 while the sender is held", ("provider", "sender"), held)
    yield single("plugins_broken", "Plugins that could not be loaded", now.broken_plugins)
    yield gauge("today", "Figures of this day so far", ("figure",), each(now.today))


def of_parts() -> Iterator[Metric]:
    """Those that built-in parts and enabled plugins add; one that fails is left out."""
    seen: set[str] = set()
    for info, metric in offered("metrics"):
        made = attempt(info, f"metric {metric.name}", partial(built, metric, seen))
        if not isinstance(made, Exception):
            seen.add(metric.name)
            yield made


def built(metric: Added, seen: set[str]) -> Metric:
    """Raises ValueError for what Prometheus could not read."""
    if metric.name in seen:
        raise ValueError(f"another plugin gives the metric {metric.name!r}")
    values = [(tuple(labels), float(value)) for labels, value in metric.read()]
    for labels, _ in values:
        if len(labels) != len(metric.labels) or not all(isinstance(one, str) for one in labels):
            raise ValueError(f"{labels!r} does not fit the labels {metric.labels!r}")
    return gauge(metric.name, metric.help, metric.labels, values)


def of_jobs() -> Iterator[Metric]:
    runs = [run for _, run in list_runs() if run is not None]
    label = ("job",)
    started = [((run.key,), run.started_at.timestamp()) for run in runs if run.started_at]
    yield gauge("job_started_timestamp_seconds", "When the job last began", label, started)
    took = [((run.key,), run.seconds) for run in runs if run.seconds is not None]
    yield gauge("job_seconds", "How long the job's last run took", label, took)
    failing = [((run.key,), int(bool(run.error))) for run in runs]
    yield gauge("job_failing", "1 when the job's last run failed", label, failing)


def of_meters(readings: Iterable[Reading]) -> Iterator[Metric]:
    rows = list(readings)
    for name, (title, label, words) in COUNTERS.items():
        counter = CounterMetricFamily(PREFIX + title, words, labels=("provider", label))
        for row in rows:
            if row.name == name:
                counter.add_metric((row.provider, row.label), row.value)
        yield counter
    yield call_seconds([row for row in rows if row.name == CALL_SECONDS])


def call_seconds(rows: Iterable[Reading]) -> HistogramMetricFamily:
    """Each provider's buckets, added up from the least."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row.provider, {})[row.label] = row.value
    words = "How long a provider took to answer"
    family = HistogramMetricFamily(f"{PREFIX}provider_call_seconds", words, labels=("provider",))
    for provider, counts in found.items():
        below, buckets = 0.0, []
        for label in LABELS:
            below += counts.get(label, 0)
            buckets.append(("+Inf" if label == "inf" else label, below))
        family.add_metric((provider,), buckets, counts.get(SUM, 0))
    return family


def each(counts: dict[str, int] | dict[str, float]) -> list[tuple[tuple[str, ...], float]]:
    return [((label,), count) for label, count in counts.items()]


def single(name: str, words: str, value: float) -> Metric:
    return gauge(name, words, (), [((), value)])


def gauge(
    name: str,
    words: str,
    labels: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for given, value in values:
        family.add_metric(given, value)
    return family
