from __future__ import annotations

from dataclasses import replace

import pytest

from scorm_embed import AccessError
from scorm_embed.web.tokens import DAY_SECONDS, LaunchClaim, Tokens

NOW = 1_700_000_000
CLAIM = LaunchClaim("default", "s1", "L1", NOW + 60)
DIGEST = "ab" * 32


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def make(*secrets: bytes, clock: Clock | None = None) -> Tokens:
    return Tokens(secrets or (b"a" * 32,), 3_600, clock or Clock())


def code_of(error: pytest.ExceptionInfo[AccessError]) -> str:
    return error.value.code


def test_a_launch_token_gives_back_what_it_was_made_of() -> None:
    tokens = make()
    assert tokens.read_launch_token(tokens.launch_token(CLAIM), "s1") == CLAIM


def test_a_launch_token_ends_at_its_second() -> None:
    clock = Clock()
    tokens = make(clock=clock)
    token = tokens.launch_token(CLAIM)
    clock.now = CLAIM.expires_at - 1
    assert tokens.read_launch_token(token, "s1") == CLAIM
    clock.now = CLAIM.expires_at
    assert tokens.read_launch_token(token, "s1") == replace(CLAIM, is_over=True)


def test_a_token_of_one_session_is_worth_nothing_for_another() -> None:
    tokens = make()
    for token, read in [
        (tokens.launch_token(CLAIM), tokens.read_launch_token),
        (tokens.run_segment("default", "s1", "L1"), tokens.read_run_segment),
        (tokens.content_segment("s1", DIGEST), tokens.read_content_segment),
    ]:
        with pytest.raises(AccessError) as error:
            read(token, "s2")
        assert code_of(error) == "INVALID_TOKEN"


def test_a_token_of_one_purpose_is_worth_nothing_for_another() -> None:
    tokens = make()
    made = {
        "launch": tokens.launch_token(CLAIM),
        "run": tokens.run_segment("default", "s1", "L1"),
        "content": tokens.content_segment("s1", DIGEST),
    }
    readers = {
        "launch": tokens.read_launch_token,
        "run": tokens.read_run_segment,
        "content": tokens.read_content_segment,
    }
    for purpose, token in made.items():
        for other, read in readers.items():
            if other != purpose:
                with pytest.raises(AccessError) as error:
                    read(token, "s1")
                assert code_of(error) == "INVALID_TOKEN"


def test_a_session_id_cannot_be_moved_into_the_purpose() -> None:
    tokens = make()
    with pytest.raises(AccessError):
        tokens.read_launch_token(tokens.launch_token(replace(CLAIM, session_id="run\0s1")), "s1")


@pytest.mark.parametrize("position", [0, 10, -1])
def test_one_changed_character_spoils_a_token(position: int) -> None:
    tokens = make()
    token = tokens.launch_token(CLAIM)
    characters = list(token)
    # The last character of a signature carries spare bits, so it is changed by more than those.
    characters[position] = "A" if characters[position] not in "ABCD" else "w"
    with pytest.raises(AccessError) as error:
        tokens.read_launch_token("".join(characters), "s1")
    assert code_of(error) == "INVALID_TOKEN"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "null", "é.é", "W10.x", "x" * 100_000, "\0", "%00"])
def test_what_is_no_token_is_refused_without_being_quoted(token: str) -> None:
    with pytest.raises(AccessError) as error:
        make().read_launch_token(token, "s1")
    assert code_of(error) == "INVALID_TOKEN"
    assert error.value.__cause__ is None
    assert len(token) < 3 or token not in str(error.value)


def test_an_old_secret_still_verifies_and_a_new_one_signs() -> None:
    before = make(b"o" * 32)
    after = make(b"n" * 32, b"o" * 32)
    assert after.read_launch_token(before.launch_token(CLAIM), "s1") == CLAIM
    assert make(b"n" * 32).read_launch_token(after.launch_token(CLAIM), "s1") == CLAIM
    with pytest.raises(AccessError):
        before.read_launch_token(after.launch_token(CLAIM), "s1")


def test_a_run_segment_ends_for_good_after_the_longest_launch() -> None:
    clock = Clock()
    tokens = make(clock=clock)
    segment = tokens.run_segment("acme", "s1", "L1")
    assert tokens.read_run_segment(segment, "s1") == LaunchClaim("acme", "s1", "L1", NOW + 3_600)
    clock.now += 3_600
    with pytest.raises(AccessError) as error:
        tokens.read_run_segment(segment, "s1")
    assert code_of(error) == "EXPIRED_TOKEN"


def test_a_content_segment_is_the_same_all_day() -> None:
    clock = Clock(NOW - NOW % DAY_SECONDS)
    tokens = make(clock=clock)
    first = tokens.content_segment("s1", DIGEST)
    clock.now += DAY_SECONDS - 3_601
    assert tokens.content_segment("s1", DIGEST) == first
    clock.now += DAY_SECONDS
    assert tokens.content_segment("s1", DIGEST) != first


def test_a_content_segment_outlives_the_launch_and_ends_with_its_day() -> None:
    start = NOW - NOW % DAY_SECONDS
    clock = Clock(start + DAY_SECONDS - 3_600)
    tokens = make(clock=clock)
    segment = tokens.content_segment("s1", DIGEST)
    assert tokens.read_content_segment(segment, "s1") == (DIGEST, 3_600)
    clock.now = start + DAY_SECONDS
    with pytest.raises(AccessError) as error:
        tokens.read_content_segment(segment, "s1")
    assert code_of(error) == "EXPIRED_TOKEN"


@pytest.mark.parametrize("session_id", ["a/b", "日本語", "x" * 255, "%2F", "..;", 'q"'])
def test_any_session_id_can_be_signed_for(session_id: str) -> None:
    tokens = make()
    claim = LaunchClaim("t" * 255, session_id, "L1", NOW + 1)
    token = tokens.launch_token(claim)
    assert tokens.read_launch_token(token, session_id) == claim
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
