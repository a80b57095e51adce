from __future__ import annotations

from widget.lanes import MOST_HANGING, PER_LANE, ROOM, Lanes


def with_sound(*names: str) -> Lanes:
    """Return lanes that have taken a message each."""
    lanes = Lanes()
    for name in names:
        sending = lanes.begin(name)
        lanes.note_answer(sending, is_sound=True)
        lanes.end(sending)
    return lanes


def hanging(lanes: Lanes, number: int) -> None:
    """Let a message hang in each of so many lanes."""
    for place in range(number):
        lanes.note_hanging(lanes.begin(f"dead-{place}"))


def test_a_lane_is_sound_once_it_has_taken_a_message() -> None:
    lanes = Lanes()
    sending = lanes.begin("a")
    before = lanes.sound

    lanes.note_answer(sending, is_sound=True)

    assert (set(before), set(lanes.sound)) == (set(), {"a"})


def test_a_lane_in_which_one_fails_or_hangs_is_sound_no_more() -> None:
    lanes = with_sound("fails", "hangs", "stays")

    lanes.note_answer(lanes.begin("fails"), is_sound=False)
    lanes.note_hanging(lanes.begin("hangs"))

    assert lanes.sound == {"stays"}


def test_a_sound_lane_is_busy_with_its_share_and_any_other_with_one() -> None:
    lanes = with_sound("sound")
    lanes.begin("other")
    for _ in range(PER_LANE - 1):
        lanes.begin("sound")
    before = lanes.busy

    lanes.begin("sound")

    assert (set(before), set(lanes.busy)) == ({"other"}, {"other", "sound"})


def test_what_is_begun_together_is_no_lanes_more_than_its_share() -> None:
    lanes = with_sound("quiet", "half", "full")
    nothing = lanes.room_in_each
    for lane, number in {"half": PER_LANE // 2, "full": PER_LANE}.items():
        for _ in range(number):
            lanes.begin(lane)

    assert (nothing, lanes.room_in_each) == (PER_LANE, PER_LANE - PER_LANE // 2)


def test_what_ended_makes_room() -> None:
    lanes = Lanes()
    sending = lanes.begin("a")

    lanes.end(sending)

    assert lanes.busy == frozenset()
    assert lanes.room(for_sound=False) == ROOM


def test_those_that_do_not_answer_take_no_room_from_those_that_do() -> None:
    lanes = with_sound("a")

    for place in range(ROOM):
        lanes.begin(f"new-{place}")

    assert lanes.room(for_sound=False) == 0
    assert lanes.room(for_sound=True) == ROOM


def test_one_that_hangs_leaves_its_place_to_the_next() -> None:
    lanes = Lanes()

    hanging(lanes, ROOM)

    assert lanes.room(for_sound=False) == ROOM


def test_no_more_may_hang_than_the_process_has_connections_for() -> None:
    lanes = with_sound("a")

    hanging(lanes, MOST_HANGING - 1)
    before = lanes.room(for_sound=False)
    hanging(lanes, 1)

    assert (before, lanes.room(for_sound=False)) == (1, 0)
    assert lanes.room(for_sound=True) == ROOM
