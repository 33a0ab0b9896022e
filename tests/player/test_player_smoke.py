"""The player starts, answers the course, and saves."""
import pytest

pytestmark = pytest.mark.browser


def test_a_course_starts_and_saves(wire, player):
    player.open()
    assert player.sco("sco.begin() + sco.set('cmi.location', 'p3') + sco.commit()") == "truetruetrue"
    player.wait(save="saved")
    assert wire.elements == {"cmi.location": "p3"}
    print(wire.requests, player.errors)
