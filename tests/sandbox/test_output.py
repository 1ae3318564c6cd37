"""Output: streamed, cleaned, head and tail kept, binary data named."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.sandbox import Policy, run
from shellper.sandbox.capture import Catcher, HeadTail, TextStream


def test_output_streams_before_the_command_ends(policy: Policy, folder: Path) -> None:
    # The command waits for a file that is made only when its first line has been seen.
    def go_on(stream: str, text: str) -> None:
        if "first" in text:
            (folder / "go").touch()

    result = run("echo first; until [ -e go ]; do sleep 0.01; done; echo second", policy, go_on)
    assert (result.exit_code, result.stdout.text) == (0, "first\nsecond\n")


def test_pieces_carry_the_name_of_their_stream(policy: Policy) -> None:
    pieces: dict[str, str] = {"stdout": "", "stderr": ""}

    def take(stream: str, text: str) -> None:
        pieces[stream] += text

    run("echo out; echo err >&2", policy, take)
    assert pieces == {"stdout": "out\n", "stderr": "err\n"}


def test_callback_is_called_in_the_callers_thread(policy: Policy) -> None:
    threads = []
    run("echo x", policy, lambda stream, text: threads.append(threading.current_thread()))
    assert threads == [threading.current_thread()]


def test_order_of_arrival_is_kept(policy: Policy, folder: Path) -> None:
    # Each line is written when the one before has been read.
    def allow_next(stream: str, text: str) -> None:
        (folder / text.strip()).touch()

    command = """
        wait_for() { until [ -e "$1" ]; do sleep 0.01; done; }
        for i in 1 2 3; do echo out$i; wait_for out$i; echo err$i >&2; wait_for err$i; done
    """
    result = run(command, policy, allow_next)
    assert result.combined.text.split() == ["out1", "err1", "out2", "err2", "out3", "err3"]


def test_escapes_never_reach_callback_or_result(policy: Policy) -> None:
    pieces: list[str] = []
    command = r"printf '\033]0;title\007red: \033[31mr\033[0m \033]52;c;ZXZpbA==\033\\.\b\n'"
    result = run(command, policy, lambda stream, text: pieces.append(text))
    assert result.stdout.text == "".join(pieces) == result.combined.text == "red: r .\n"


def test_escapes_split_across_writes_are_stripped(policy: Policy) -> None:
    command = r"for p in '\033' ']52' ';c;' 'AA' '\033' '\\' 'a\033[' '3' '1m' 'b\n'; do printf $p; sleep 0.02; done"
    assert run(command, policy).stdout.text == "ab\n"


def test_long_output_keeps_head_and_tail(policy: Policy) -> None:
    captured = run("seq 100000", policy).stdout
    head, left_out, tail = (part.splitlines() for part in split_at_gap(captured.text))
    assert head[:3] == ["1", "2", "3"]
    assert tail[-1] == "100000"
    assert captured.left_out_lines == 100_000 - len(head) - len(tail)
    assert left_out == [f"[... {captured.left_out_lines:,} lines left out ...]"]
    assert captured.total_bytes == 588_895
    assert int(head[-1]) + captured.left_out_lines + 1 == int(tail[0])  # whole lines only
    assert 7 * 1024 < len(captured.head) <= 8 * 1024
    assert 23 * 1024 < len(captured.tail) <= 24 * 1024


def split_at_gap(text: str) -> tuple[str, str, str]:
    before, mark, rest = text.partition("[... ")
    gap, newline, after = rest.partition("\n")
    return before, mark + gap + newline, after


def test_streaming_gives_all_of_a_long_output(policy: Policy) -> None:
    pieces: list[str] = []
    run("seq 100000", policy, lambda stream, text: pieces.append(text))
    assert "".join(pieces) == "".join(f"{number}\n" for number in range(1, 100_001))


def test_short_output_is_whole(policy: Policy) -> None:
    captured = run("seq 1000", policy).stdout
    assert captured.text == captured.head == "".join(f"{number}\n" for number in range(1, 1001))
    assert (captured.tail, captured.left_out_lines, captured.left_out_bytes) == ("", 0, 0)


def test_one_endless_line_says_bytes(policy: Policy) -> None:
    captured = run("head -c 100000 /dev/zero | tr '\\0' x", policy).stdout
    assert captured.left_out_lines == 0
    assert f"\n[... {100_000 - 32 * 1024:,} bytes left out ...]\n" in captured.text


def test_sizes_are_those_of_the_policy(policy: Policy) -> None:
    captured = run("seq 100", replace(policy, head_bytes=6, tail_bytes=8)).stdout
    assert captured.text == "1\n2\n3\n[... 95 lines left out ...]\n99\n100\n"


@pytest.mark.parametrize(("head", "tail", "text"), [(0, 0, "[... 3 lines left out ...]\n"), (0, 9, "a\nb\nc\n")])
def test_nothing_need_be_kept(head: int, tail: int, text: str) -> None:
    kept = HeadTail(head, tail)
    kept.add("a\nb\nc\n")
    assert kept.captured(6, binary=False).text == text


@pytest.mark.parametrize("size", range(1, 12))
def test_cut_characters_are_dropped_whole(size: int) -> None:
    kept = HeadTail(size, size)
    for piece in "é日🙂" * 10:
        kept.add(piece)
    captured = kept.captured(90, binary=False)
    assert set(captured.head + captured.tail) <= set("é日🙂")
    assert captured.left_out_bytes == 90 - len((captured.head + captured.tail).encode())


def test_binary_output_is_named(policy: Policy) -> None:
    pieces: list[str] = []
    result = run("head -c 5000 /dev/zero; echo done >&2", policy, lambda stream, text: pieces.append(text))
    assert result.stdout.binary
    assert result.stdout.text == "[binary output, 5,000 bytes]\n"
    assert not result.stderr.binary
    assert result.combined.binary
    assert sorted(result.combined.text.splitlines()) == ["[binary output, 5,000 bytes]", "done"]
    assert sorted("".join(pieces).splitlines()) == ["[binary output, 5,000 bytes]", "done"]


def test_undecodable_output_is_binary() -> None:
    stream = TextStream()
    assert stream.feed(b"text " * 10 + b"\xff\xfe" * 10) == ""
    assert stream.binary


def test_binary_is_noticed_when_it_comes_in_pieces() -> None:
    stream = TextStream()
    shown = "".join(stream.feed(bytes([byte])) for byte in b"PK\x03\x04\x0a\0\0\0more")
    assert stream.binary
    assert shown == "PK\n"


def test_text_with_some_invalid_bytes_is_text(policy: Policy) -> None:
    result = run(r"printf 'caf\351\n'; seq 100; printf 'a\377b\n'", policy)
    assert not result.stdout.binary
    assert result.stdout.text.startswith("caf\ufffd\n1\n")
    assert result.stdout.text.endswith("100\na\ufffdb\n")


def test_characters_cut_by_reads_are_whole() -> None:
    stream = TextStream()
    data = "é日🙂".encode() * 3
    assert "".join(stream.feed(bytes([byte])) for byte in data) + stream.finish() == "é日🙂" * 3
    assert not stream.binary


def test_character_across_the_end_of_the_sample_is_whole() -> None:
    stream = TextStream()
    text = "x" * 4095 + "日" + "y" * 10
    assert stream.feed(text.encode()) + stream.finish() == text


def test_cut_character_at_the_end_is_shown_as_unknown() -> None:
    stream = TextStream()
    assert stream.feed(b"ab\xe6\x97") + stream.finish() == "ab\ufffd\ufffd"


def test_binary_marker_begins_a_line() -> None:
    catcher = Catcher(100, 100)
    catcher.feed("stderr", b"no newline")
    catcher.feed("stdout", b"\0")
    assert catcher.finish()[2].text == "no newline\n[binary output, 1 bytes]\n"
