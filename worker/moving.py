"""Tells how a transfer ended in facts."""

from typing import List

from worker import facts
from worker.integrity import Digest
from worker.landing import Landed
from worker.places import path_of, without_credentials
from worker.transfer import Corruption, Outcome


def told_in_facts(outcome: Outcome) -> List[facts.Fact]:
    """Give the facts of one transfer: corrupted copies, the transfer, and what its content is known to be.

    Of an optional file that is nowhere there is nothing to tell: nothing was moved.
    """
    if outcome.left_out:
        return []
    told: List[facts.Fact] = [_corrupted(outcome, corruption) for corruption in outcome.corruptions]
    told.append(_moved(outcome))
    if outcome.landed is not None:
        told.append(_known(outcome, outcome.landed))
    return told


def _moved(outcome: Outcome) -> facts.Transfer:
    transfer, landed = outcome.transfer, outcome.landed
    return facts.Transfer(
        time=outcome.end,
        lfn=transfer.lfn,
        source=without_credentials(outcome.source.url),
        source_site=outcome.source.site,
        destination=without_credentials(transfer.destination.url),
        destination_site=transfer.destination.site,
        protocol=outcome.protocol,
        size=None if landed is None else landed.digest.size,
        duration=outcome.duration,
        tries=outcome.tries,
        ok=landed is not None,
        linked=landed is not None and landed.linked,
        message=outcome.message,
    )


def _corrupted(outcome: Outcome, corruption: Corruption) -> facts.Verified:
    mismatch, transfer = corruption.mismatch, outcome.transfer
    return facts.Verified(
        time=corruption.time,
        lfn=transfer.lfn,
        path=without_credentials(mismatch.place),
        site=corruption.replica.site,
        expected=mismatch.expected.sha256,
        found=mismatch.found.sha256,
        size=mismatch.found.size,
        duration=corruption.duration,
        ok=False,
        role=transfer.role,
    )


def _known(outcome: Outcome, landed: Landed) -> facts.Fact:
    transfer, digest = outcome.transfer, landed.digest
    if transfer.role == "input" and transfer.sha256 is None:
        return _computed(outcome, digest, landed.hashing)
    return facts.Verified(
        time=outcome.end,
        lfn=transfer.lfn,
        path=path_of(transfer.destination.url),
        site=transfer.destination.site,
        expected=transfer.sha256 or digest.sha256,
        found=digest.sha256,
        size=digest.size,
        duration=outcome.checking or landed.hashing,
        ok=True,
        role=transfer.role,
    )


def _computed(outcome: Outcome, digest: Digest, duration: int) -> facts.Computed:
    destination = outcome.transfer.destination
    return facts.Computed(
        time=outcome.end,
        lfn=outcome.transfer.lfn,
        path=path_of(destination.url),
        site=destination.site,
        sha256=digest.sha256,
        size=digest.size,
        duration=duration,
        role="input",
    )
