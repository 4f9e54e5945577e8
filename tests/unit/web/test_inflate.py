from __future__ import annotations

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.errors import PlatformError
from sockethub.web.inflate import Body


def through(encoding: str, data: bytes, limit: int, *, size: int = 1 << 16, cut: bool = False) -> tuple[bytes, bool]:
    body = Body(encoding, limit, cut=cut)
    for at in range(0, len(data), size):
        body.feed(data[at : at + size])
    return body.finish(), body.full


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


PACKED = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}


@given(st.sampled_from(sorted(PACKED)), st.binary(max_size=500), st.integers(1, 50))
def test_what_was_packed_comes_out(encoding: str, data: bytes, size: int) -> None:
    assert through(encoding, PACKED[encoding](data), 1000, size=size) == (data, False)


@given(st.binary(max_size=500), st.integers(1, 50))
def test_deflate_without_its_wrapper(data: bytes, size: int) -> None:
    assert through("deflate", raw_deflate(data), 1000, size=size) == (data, False)


@given(st.sampled_from(sorted(PACKED)), st.integers(0, 300), st.integers(1, 300), st.integers(1, 50))
def test_never_more_than_the_limit(encoding: str, length: int, limit: int, size: int) -> None:
    packed = PACKED[encoding](b"a" * length)
    found, full = through(encoding, packed, limit, size=size, cut=True)
    assert found == b"a" * len(found)
    assert len(found) <= limit
    assert full == (max(length, len(packed)) > limit)
    if max(length, len(packed)) > limit:
        with pytest.raises(PlatformError) as caught:
            through(encoding, packed, limit, size=size)
        assert caught.value.condition == "too-large"


@given(st.binary(min_size=1, max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_garbage_is_refused_or_read(data: bytes, encoding: str) -> None:
    with contextlib.suppress(PlatformError):
        assert len(through(encoding, data, 1000)[0]) <= 1000


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_cut_off(encoding: str) -> None:
    with pytest.raises(PlatformError) as caught:
        through(encoding, PACKED[encoding](b"hello" * 100)[:-5], 1000)
    assert caught.value.condition == "cut-off"


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "x"])
def test_what_was_not_asked_for(encoding: str) -> None:
    with pytest.raises(PlatformError, match="not asked for"):
        Body(encoding, 100)


def test_many_empty_members_end() -> None:
    assert through("gzip", gzip.compress(b"") * 200, 10_000) == (b"", False)
