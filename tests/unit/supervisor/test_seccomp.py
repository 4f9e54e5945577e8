"""The filter of system calls, followed instruction by instruction as the kernel does."""

from __future__ import annotations

import os
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.supervisor import bpf
from sockethub.supervisor.bpf import ABSENT, ALLOW, INSTRUCTION, REFUSED, Is
from sockethub.supervisor.seccomp import ARCHITECTURES, Filter
from sockethub.supervisor.syscalls import NEWEST, NUMBERS

PID = 4711
ARCHITECTURE = 0xC000003E
MOST_INSTRUCTIONS = 4_096
"""``BPF_MAXINSNS``: a longer filter is not taken."""


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What classic BPF over ``struct seccomp_data`` returns; only the instructions that the assembler knows."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(INSTRUCTION.iter_unpack(program))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, constant = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, constant)
            case 0x54:
                accumulator &= constant
            case 0x15:
                at += if_true if accumulator == constant else if_false
            case 0x25:
                at += if_true if accumulator > constant else if_false
            case 0x35:
                at += if_true if accumulator >= constant else if_false
            case 0x06:
                return int(constant)
            case _:
                raise AssertionError(f"unknown instruction {operation:#x}")


@pytest.fixture(params=ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(machine: str, name: str, *arguments: int) -> int:
    architecture, column = ARCHITECTURES[machine]
    number = NUMBERS[name][column]
    assert number is not None
    return verdict(Filter(machine).program(PID), architecture, number, *arguments)


ALLOWED = [
    ("read",),
    ("connect", 3),
    ("openat", 0, 0, os.O_RDONLY | os.O_CLOEXEC),
    ("kill", PID, 15),
    ("clone", 0x3D0F00),
    ("socket", socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_CLOEXEC, socket.IPPROTO_TCP),
    ("socket", socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0),
    ("sendto", 3, 0, 1, 0),
]
REFUSALS = [
    ("openat", 0, 0, os.O_WRONLY),
    ("openat", 0, 0, os.O_RDONLY | os.O_CREAT),
    ("openat", 0, 0, os.O_RDONLY | os.O_TRUNC),
    ("kill", PID + 1, 15),
    ("kill", (1 << 32) - 1, 15),
    ("clone", 17),
    ("socket", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    ("socket", socket.AF_INET, socket.SOCK_STREAM, 262),
    ("socket", socket.AF_UNIX, socket.SOCK_DGRAM, 0),
    ("socket", socket.AF_PACKET, socket.SOCK_RAW, 0),
    ("sendto", 3, 0, 1, 0x20000000),
    ("prctl", 1, 0),
    ("prlimit64", 1, 7),
    ("ioctl", 2, 0x5412),
]


@pytest.mark.parametrize("call", ALLOWED, ids=str)
def test_what_a_worker_needs(machine: str, call: tuple[str, *tuple[int, ...]]) -> None:
    assert asked(machine, *call) == ALLOW


@pytest.mark.parametrize("call", REFUSALS, ids=str)
def test_what_it_does_not(machine: str, call: tuple[str, *tuple[int, ...]]) -> None:
    assert asked(machine, *call) == REFUSED


def test_every_other_call_is_refused_or_not_there(machine: str) -> None:
    architecture, column = ARCHITECTURES[machine]
    listed = {pair[column] for pair in NUMBERS.values()}
    program = Filter(machine).program(PID)
    for number in set(range(NEWEST + 200)) - listed:
        told = verdict(program, architecture, number)
        assert told == (ABSENT if number > NEWEST else REFUSED)


def test_calls_in_the_manner_of_another_architecture_are_refused(machine: str) -> None:
    architecture, _ = ARCHITECTURES[machine]
    program = Filter(machine).program(PID)
    for other in (0x40000003, 0x40000028, *(known for known, _ in ARCHITECTURES.values() if known != architecture)):
        assert {verdict(program, other, number) for number in range(NEWEST)} == {REFUSED}


def test_the_kernel_takes_a_filter_of_this_length(machine: str) -> None:
    assert len(Filter(machine).program(PID)) / INSTRUCTION.size <= MOST_INSTRUCTIONS


WORDS = st.integers(0, 0xFFFFFFFF)
TESTS = st.builds(Is, st.integers(0, 5), st.lists(st.integers(0, 7), min_size=1, max_size=4).map(tuple), st.just(7))
RULES = st.lists(st.lists(TESTS, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)


@given(RULES, st.lists(WORDS, min_size=6, max_size=6))
def test_a_call_is_allowed_when_one_of_its_rules_holds(rules: tuple[bpf.Rule, ...], arguments: list[int]) -> None:
    program = (
        bpf.opening(ARCHITECTURE, newest=NEWEST, absent=()) + bpf.conditions({42: rules, 43: ()}) + bpf.closing([44])
    )
    holds = any(all(arguments[test.argument] & test.mask in test.values for test in rule) for rule in rules)
    assert verdict(program, ARCHITECTURE, 42, *arguments) == (ALLOW if holds else REFUSED)
    assert verdict(program, ARCHITECTURE, 43, *arguments) == REFUSED
    assert verdict(program, ARCHITECTURE, 44, *arguments) == ALLOW


@given(st.sets(st.integers(0, NEWEST)), st.integers(0, NEWEST))
def test_of_the_rest_what_is_listed_is_allowed(allowed: set[int], number: int) -> None:
    program = bpf.opening(ARCHITECTURE, newest=NEWEST, absent=()) + bpf.closing(allowed)
    assert verdict(program, ARCHITECTURE, number) == (ALLOW if number in allowed else REFUSED)
