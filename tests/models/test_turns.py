"""Writers' turns: given in the order people came, and never lost by who gave up."""

import threading
import time

from directory.models.turns import Turns, turns_of


def in_line(turns, name, order, seconds=10.0):
    """Start somebody who waits for a turn, and return once they stand in line."""

    def wait():
        if turns.take(seconds):
            order.append(name)
            turns.give()

    before = len(turns._waiting)
    thread = threading.Thread(target=wait)
    thread.start()
    while len(turns._waiting) == before:
        time.sleep(0.001)
    return thread


def test_turns_are_given_in_the_order_people_came():
    turns, order = Turns(), []
    assert turns.take(0)
    threads = [in_line(turns, name, order) for name in range(5)]
    turns.give()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert turns.take(0), "the last one gave it back"


def test_who_gives_up_is_passed_over():
    turns, order = Turns(), []
    assert turns.take(0)
    gone = in_line(turns, "gone", order, 0.01)
    gone.join()
    patient = in_line(turns, "patient", order)
    turns.give()
    patient.join()
    assert order == ["patient"]


def test_a_file_has_one_queue_and_memory_none_in_common():
    assert turns_of("/a/file.sqlite") is turns_of("/a/file.sqlite")
    assert turns_of("/a/file.sqlite") is not turns_of("/another.sqlite")
    assert turns_of(":memory:") is not turns_of(":memory:")
