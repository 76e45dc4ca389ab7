"""The rows of a batch: who is stored, who is rejected, of whom something is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from heliograph.imports.cells import Remarks
from heliograph.imports.consent import Refusal
from heliograph.imports.reasons import REJECTED, REMARK, Reason, ReasonCount, count_reasons
from heliograph.imports.records import Record, RecordReader
from heliograph.imports.refusals import find_refusals
from heliograph.imports.report import ReportRow
from heliograph.imports.rows import Batch


class Sorted(NamedTuple):
    """Records by number; by index why rows are rejected, and what was left out of others.

    `cells` has the rows that were put right as they came, by index. `refusals` says by
    number who must not be texted.
    """

    records: dict[str, Record]
    faults: dict[int, Reason]
    remarks: Remarks
    cells: dict[int, list[str]]
    refusals: dict[str, Refusal]

    def told(self, batch: Batch) -> list[ReportRow]:
        """The rows of *batch* that a person is to hear of, in their order."""
        told = {at: (REMARK, reasons) for at, reasons in self.remarks.items()}
        told |= {at: (REJECTED, [reason]) for at, reason in self.faults.items()}
        return [
            ReportRow(
                batch.first + at,
                batch.lines[at],
                result,
                reasons,
                self.cells.get(at, batch.rows[at]),
            )
            for at, (result, reasons) in sorted(told.items())
        ]

    def counts(self, batch: Batch, columns: Sequence[str]) -> list[ReasonCount]:
        rejected = {batch.lines[at]: [reason] for at, reason in self.faults.items()}
        remarked = {batch.lines[at]: reasons for at, reasons in self.remarks.items()}
        return [
            *count_reasons(REJECTED, rejected, columns),
            *count_reasons(REMARK, remarked, columns),
        ]


def sort_out(batch: Batch, reader: RecordReader) -> Sorted:
    """Records by number, and the rows that cannot be taken with their reasons."""
    faults, remarks, cells = dict(batch.faults), Remarks(), {}
    for at in batch.overlong:
        realigned = reader.realign(batch.rows[at])
        if isinstance(realigned, Reason):
            faults[at] = realigned
            continue
        cells[at], batch.rows[at] = batch.rows[at], realigned
        remarks[at] = [Reason("extra_cells")]
    rows, taken = batch.rows, list(range(len(batch.rows)))
    if faults:
        taken = [at for at in taken if at not in faults]
        rows = [rows[at] for at in taken]
    reading = reader.read(rows)
    records = reading.records
    if reading.faults:
        records = [record for at, record in enumerate(records) if at not in reading.faults]
        faults |= {taken[at]: reason for at, reason in reading.faults.items()}
    for at, reasons in reading.remarks.items():
        if at not in reading.faults:
            remarks[taken[at]] = [*remarks.get(taken[at], []), *reasons]
    remarks = {at: reasons for at, reasons in remarks.items() if at not in faults}
    by_number = {record[0]: record for record in records}
    if len(by_number) < len(records):
        by_number = merge_same(records)
    refusals = find_refusals(batch, reader, reading, taken, cells, faults)
    return Sorted(by_number, faults, remarks, cells, refusals)


def merge_same(found: list[Record]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for record in found:
        first = records.setdefault(record.mobile, record)
        if first is not record:
            records[record.mobile] = first.merged(record)
    return records
