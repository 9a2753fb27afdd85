"""How fast one device may go."""

from inmost_server.edge.rates import Rate, Rates

RATES = {"messages": Rate(per_second=10, burst=3)}


def test_a_device_may_send_its_burst_and_then_waits_its_turn():
    rates = Rates(RATES)
    assert [rates.wait_ms(b"d", "messages", 1_000) for _ in range(4)] == [0, 0, 0, 100]
    assert rates.wait_ms(b"d", "messages", 1_100) == 0


def test_one_device_slows_no_other():
    rates = Rates(RATES)
    for _ in range(10):
        rates.wait_ms(b"loud", "messages", 1_000)
    assert rates.wait_ms(b"quiet", "messages", 1_000) == 0


def test_a_clock_that_goes_back_gives_nothing_away():
    rates = Rates(RATES)
    for _ in range(3):
        rates.wait_ms(b"d", "messages", 10_000)
    assert rates.wait_ms(b"d", "messages", 5_000) > 0
