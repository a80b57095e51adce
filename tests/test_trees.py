"""Hash trees, against the vectors of Certificate Transparency and by their own laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.trees import EMPTY, Frontier, leaf_hash, proof_of, root_by, root_of

#: The entries of Certificate Transparency's own tests, and the roots of the first one, two, …
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]

lists = st.integers(1, 70).map(lambda size: [leaf_hash(bytes([n])) for n in range(size)])


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_certificate_transparency(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@given(lists, st.data())
def test_a_tree_that_grows_in_steps_is_the_tree(leaves: list[bytes], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(leaves)))

    grown = Frontier().grown(leaves[:cut]).grown(leaves[cut:])

    assert grown == Frontier().grown(leaves)
    assert grown.size == len(leaves)
    assert len(grown.hashes) == len(leaves).bit_count()


@given(lists)
def test_every_leaf_has_a_proof(leaves: list[bytes]) -> None:
    root = root_of(leaves)

    for index, leaf in enumerate(leaves):
        proof = proof_of(index, leaves)
        assert root_by(proof, leaf, index=index, size=len(leaves)) == root


@given(lists, st.data())
def test_a_proof_proves_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = proof_of(index, leaves), root_of(leaves)
    other = leaf_hash(b"another")

    assert root_by(proof, other, index=index, size=len(leaves)) != root
    for place in range(len(leaves)):
        if place != index:
            assert root_by(proof, leaves[index], index=place, size=len(leaves)) != root
    for place in range(len(proof)):
        spoilt = (*proof[:place], other, *proof[place + 1 :])
        assert root_by(spoilt, leaves[index], index=index, size=len(leaves)) != root
    assert root_by((*proof, other), leaves[index], index=index, size=len(leaves)) != root
    if proof:
        assert root_by(proof[:-1], leaves[index], index=index, size=len(leaves)) != root


@given(lists, st.data())
def test_another_list_has_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves[:index], leaf_hash(b"another"), *leaves[index + 1 :]]
    removed = [*leaves[:index], *leaves[index + 1 :]]
    turned = [*leaves[:index], *reversed(leaves[index:])]

    others = [changed, removed, turned, [*leaves, leaf_hash(b"more")]]

    assert all(root_of(other) != root_of(leaves) for other in others if other != leaves)


@pytest.mark.parametrize("index", [-1, 8, 99])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(IndexError):
        proof_of(index, LEAVES)

    assert root_by((), LEAVES[0], index=index, size=8) is None
