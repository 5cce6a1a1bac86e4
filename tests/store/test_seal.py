"""The canonical bytes and the hashes are fixed for ever: a change to any figure below is a new form, never a correction of this one."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.commit import CommitHeader
from ledger.core.events import Event
from ledger.core.posting import Posting
from ledger.store import seal
from ledger.store.engine import Store
from tests.store import sample

DEAL = "MERIDIAN-2025-1"
EVENTS = [
    Event(1, "payment", "0070001042", 46801, 181957, 3363, None, 50954603, "0.03375", 0, None, None, 1, None, None, 2),
    Event(2, "curtailment", "0070001042", principal=250000, effective_on=date(2025, 4, 11), source_row=2),
    Event(3, "reported", "sofr_30d", rate="0.0433124"),
]
LEAVES = [
    "0fde8a2d02c005a89b77aa706eee02765f2a1e702d940f6833631720167745fa",
    "db3f8634b70fcf00e8d95a13dc6c4b2b731cd8a5a8f2417e4325d055663305c5",
    "58c27ed6cd1e9af558c62888e22db2b1cf462ceeb6391bd1443c7785bef122ab",
]
GENESIS = "037fe1dc44c1380cd1c5a19c4d642350d2832481caa01908ee1e390a1fe13589"
ROOT = "0db20452d95eea7069b323753dc68a29da568a53be26b9a313034d67cf673123"


def standard(value: object) -> bytes:
    """The definition of the form, in the standard library's words."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def test_an_event_has_these_bytes() -> None:
    bytes_ = [seal.canonical(event[:]) for event in EVENTS]

    assert bytes_ == [
        b'[1,"payment","0070001042",46801,181957,3363,null,50954603,"0.03375",0,null,null,1,null,null,2]',
        b'[2,"curtailment","0070001042",250000,null,null,null,null,null,null,null,"2025-04-11",1,null,null,2]',
        b'[3,"reported","sofr_30d",null,null,null,null,null,"0.0433124",null,null,null,1,null,null,null]',
    ]


def test_leaves_have_these_hashes() -> None:
    assert [seal.leaf(event).hex() for event in EVENTS] == LEAVES
    assert [leaf.hex() for leaf in seal.leaves(event[:] for event in EVENTS)] == LEAVES


def test_genesis_root_and_commit_have_these_hashes() -> None:
    header = CommitHeader(
        DEAL, 1, GENESIS, "2025-04-01", "original", "2025-05-15T14:03:22.000001Z", "m.okafor", "April remittance", "2025-04.csv", "9f" * 32, 3, ROOT
    )

    assert seal.genesis(DEAL).hex() == GENESIS
    assert seal.root([bytes.fromhex(leaf) for leaf in LEAVES]).hex() == ROOT
    assert seal.commit_hash(header).hex() == "e7f3d0951b58597ac86c453fef5c70d2923608c73ecdcc39e60631a1c05a475c"


def test_distribution_digest_covers_header_and_postings_in_this_form() -> None:
    header = seal.DistributionHeader(2, 1, date(2025, 4, 25), date(2025, 4, 28), 1, "ab" * 32, 1, '{"number":2}')
    postings = [Posting("A interest", "A.interest_paid", "1", "cash.interest_funds", "A.interest", 4000_00, date(2025, 3, 25))]

    digest = seal.distribution_digest(header, postings)

    written = (
        '["tranche-ledger distribution 1",2,1,"2025-04-25","2025-04-28",1,"' + "ab" * 32 + '",1,"{\\"number\\":2}",'
        '[["A interest","A.interest_paid","1","cash.interest_funds","A.interest",400000,"2025-03-25"]]]'
    )
    assert digest == sha256(written.encode()).hexdigest()
    assert digest == "235889ec5c68842c3f71e6d42ebf491a99edd2e66f75aa86bfb31db8cebfc076"


# The inputs and roots that Certificate Transparency's reference implementation publishes for the tree of RFC 6962.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_tree_is_that_of_rfc_6962(size: int, expected: Any) -> None:
    leaves = [sha256(b"\0" + bytes.fromhex(data)).digest() for data in INPUTS[:size]]

    assert seal.root(leaves).hex() == expected


def recursive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word: split at the largest power of two below the count."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\1" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_joining_level_by_level_is_the_recursive_definition(leaves: Any) -> None:
    assert seal.root(leaves) == recursive_root(leaves)


items = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(items))
def test_fast_bytes_are_those_of_the_standard_library(values: Any) -> None:
    assert seal.canonical(values) == standard(values)


@pytest.mark.parametrize("value", [2**64, "\ud800"], ids=["beyond 64 bits", "half a character"])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        seal.canonical([value])


def test_the_sample_books_have_this_head_on_either_database(empty: Store) -> None:
    sample.build(empty)

    with empty.reading() as reader:
        head = reader.head(sample.DEAL)

    assert (head.position, head.event_count) == (13, 38)
    assert head.hash == "91094ce28ba957eb924acf77c47928946a8f594b82cf8f1ac5a35f5760bf8cc2"
